/** What the server could not read: with sender and reason, so that somebody can mend the sender. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { ApiError, get } from "../api";
import { t } from "../i18n";
import { Age } from "./parts";

interface Row {
  id: number;
  received_at?: string;
  feed?: string;
  instance?: string;
  sender?: string;
  reason?: string;
  excerpt?: string;
  [key: string]: unknown;
}

const EVERY_MS = 15_000;

export function Quarantine(): JSX.Element {
  const rows = useSignal<Row[] | null>(null);
  const failed = useSignal<string | null>(null);
  const load = async (): Promise<void> => {
    try {
      rows.value = (await get<{ quarantine: Row[] }>("/quarantine?limit=100")).quarantine;
      failed.value = null;
    } catch (error) {
      if (!(error instanceof ApiError || error instanceof TypeError)) throw error;
      failed.value = error.message;
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
            <div class="line"><strong>{[row.feed, row.instance].filter(Boolean).join("/")}</strong> <Age iso={row.received_at} short /></div>
            <div class="why">{String(row.reason ?? "?")}</div>
            {row.excerpt && <code>{String(row.excerpt)}</code>}
          </li>
        ))}
      </ul>
    </div>
  );
}
