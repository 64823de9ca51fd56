/** What the server could not read: with sender and reason, so that somebody can mend the sender. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { get } from "../api";
import { formatMoment } from "../age";
import { lang, t } from "../i18n";
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
  reason: string;
  excerpt: string;
}

const nameOf = (id: string): string => situations.value.find((one) => one.id === id)?.title ?? id;

const EVERY_MS = 15_000;

export function Quarantine(): JSX.Element {
  const rows = useSignal<Row[] | null>(null);
  const failed = useSignal<string | null>(null);
  const load = async (): Promise<void> => {
    try {
      rows.value = (await get<{ quarantine: Row[] }>("/quarantine?limit=100")).quarantine;
      failed.value = null;
    } catch (error) {
      if (!isTrouble(error)) throw error;
      failed.value = troubleText(error);
    }
  };
  useEffect(() => {
    void load();
    const timer = setInterval(() => void load(), EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <div class="quarantine" data-testid="quarantine">
      <p class="hint">{t("quarantine.note")} <button type="button" class="quiet" onClick={() => void load()}>{t("quarantine.refresh")}</button></p>
      {failed.value && <p class="said bad" role="alert">{t("quarantine.failed", { reason: failed.value })}</p>}
      {rows.value?.length === 0 && <p class="empty">{t("quarantine.none")}</p>}
      <ul>
        {(rows.value ?? []).map((row) => (
          <li key={row.id} class="row">
            <div class="line"><strong>{row.feed}/{row.instance}</strong> <time class="age" dateTime={row.at}>{formatMoment(row.at, Date.now(), lang.value)}</time></div>
            <div class="why">{row.reason}</div>
            <small>{row.sender} · {nameOf(row.situation)}</small>
            <code>{row.excerpt}</code>
          </li>
        ))}
      </ul>
    </div>
  );
}
