/** What the server could not read: with sender and reason, so that somebody can mend the sender. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { get, post } from "../api";
import { formatMoment } from "../age";
import { lang, t, whyText, type Why } from "../i18n";
import { situations } from "../state";
import { isTrouble, troubleText } from "../trouble";

interface Row {
  id: number;
  /** When it came, on the clock of its situation. */
  at: string;
  situation: string;
  feed: string;
  instance: string;
  sender: string;
  /** In English, for whoever mends the sender. */
  reason: string;
  why: Why;
  excerpt: string;
  /** The whole message is there and can be read again. */
  kept: boolean;
  /** What became of it when it was read again. */
  outcome: "ok" | "refused" | null;
  retried_at: string | null;
  retry_reason: string | null;
  retry_why: Why | null;
}

interface Answer {
  quarantine: Row[];
}

interface Summary {
  ok: number;
  refused: number;
  left: number;
  taken: number;
}

const nameOf = (id: string): string => situations.value.find((one) => one.id === id)?.title ?? id;

/** "wache1 (40f28030) von 10.0.0.7": the address behind a name is told in the language of the screen. */
const senderText = (sender: string): string => sender.replace(/ from (\S+)$/, (_, address: string) => ` ${t("quarantine.from")} ${address}`);

const isOpen = (row: Row): boolean => row.kept && row.outcome !== "ok";

const EVERY_MS = 15_000;

export function Quarantine(): JSX.Element {
  const rows = useSignal<Row[] | null>(null);
  const failed = useSignal<string | null>(null);
  const said = useSignal<string | null>(null);
  const busy = useSignal(false);
  const load = async (): Promise<void> => {
    try {
      const answer = await get<Answer>("/quarantine?limit=100");
      rows.value = answer.quarantine;
      failed.value = null;
    } catch (error) {
      if (!isTrouble(error)) throw error;
      failed.value = troubleText(error);
    }
  };
  const again = async (wish: { ids?: number[] }): Promise<void> => {
    busy.value = true;
    try {
      const { ok, refused, left, taken } = await post<Summary>("/quarantine/retry", wish);
      said.value = t("quarantine.retried", { ok: String(ok), refused: String(refused), left: String(left), taken: String(taken) });
      await load();
    } catch (error) {
      if (!isTrouble(error)) throw error;
      said.value = null;
      failed.value = troubleText(error);
    } finally {
      busy.value = false;
    }
  };
  useEffect(() => {
    void load();
    const timer = setInterval(() => void load(), EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <div class="quarantine" data-testid="quarantine">
      <p class="hint">{t("quarantine.note")} <button type="button" class="quiet" onClick={() => void load()}>{t("quarantine.refresh")}</button>{" "}
        <button type="button" class="quiet" title={t("quarantine.retry.note")} disabled={busy.value || !(rows.value ?? []).some(isOpen)} onClick={() => void again({})}>{t("quarantine.retryall")}</button>
      </p>
      <p class={said.value ? "said good" : "said"} role="status">{said.value ?? ""}</p>
      {failed.value && <p class="said bad" role="alert">{t("quarantine.failed", { reason: failed.value })}</p>}
      {rows.value?.length === 0 && <p class="empty">{t("quarantine.none")}</p>}
      <ul>
        {(rows.value ?? []).map((row) => (
          <li key={row.id} class="row">
            <div class="line"><strong>{row.feed}/{row.instance}</strong> <time class="age" dateTime={row.at}>{formatMoment(row.at, Date.now(), lang.value)}</time></div>
            <div class="why">{whyText(row.why)}</div>
            <small>{senderText(row.sender)} · {nameOf(row.situation)}</small>
            <code>{row.excerpt}</code>
            <details><summary>{t("quarantine.technical")}</summary><span lang="en">{row.reason}</span></details>
            <Fate row={row} busy={busy.value} again={() => void again({ ids: [row.id] })} />
          </li>
        ))}
      </ul>
    </div>
  );
}

/** What became of it when it was read again, and the way to do so. */
function Fate({ row, busy, again }: { row: Row; busy: boolean; again: () => void }): JSX.Element {
  return (
    <div class="fate" data-outcome={row.outcome ?? "none"}>
      {row.outcome && <span class={row.outcome === "ok" ? "mark fresh-mark" : "mark stale-mark"}>{t(`quarantine.outcome.${row.outcome}`)}</span>}
      {row.outcome && row.retried_at && <time class="age" dateTime={row.retried_at}>{formatMoment(row.retried_at, Date.now(), lang.value)}</time>}
      {row.outcome === "refused" && row.retry_reason !== row.reason && row.retry_why && <span class="why">{whyText(row.retry_why)}</span>}
      {isOpen(row) && <button type="button" class="quiet" disabled={busy} onClick={again}>{t("quarantine.retry")}</button>}
      {!row.kept && row.outcome !== "ok" && <small>{t("quarantine.notkept")}</small>}
    </div>
  );
}
