/** Messages of the situation, the newest first: log book, crews, control room. */
import type { JSX } from "preact";
import { noteText, titleOf } from "../alarms";
import { shortened } from "../facts";
import { t, valueName } from "../i18n";
import { mayReport, picture, selected, watch } from "../state";
import type { Feature } from "../wire";
import { NoteForm } from "./actions";
import { Age, useRows } from "./parts";

const SHOWN = 200;

/** Receiver of entries that are only kept, as the INSPIRE data model names it. */
const LOG_BOOK = "Logbook";

const at = (note: Feature): string => String(note.properties["issued_at"] ?? note.properties.observed_at ?? "");

export function Notes(): JSX.Element {
  const notes = watch("notes").sort((a, b) => at(b).localeCompare(at(a))).slice(0, SHOWN);
  const rows = useRows("[role=option]");
  return (
    <div class="notes">
      {mayReport.value && <NoteForm about={null} />}
      {notes.length === 0 ? (
        <p class="empty">{t("notes.none")}</p>
      ) : (
        <ul role="listbox" aria-label={t("tab.notes")} ref={rows.ref as never} onKeyDown={rows.onKeyDown} data-testid="notes">
          {notes.map((note, i) => <Row key={note.id} note={note} focusable={i === 0} />)}
        </ul>
      )}
    </div>
  );
}

function Row({ note, focusable }: { note: Feature; focusable: boolean }): JSX.Element {
  const p = note.properties;
  // Every entry of dispatch is meant for the log book: that tells nobody anything.
  const named = typeof p["receiver"] === "string" && p["receiver"] !== LOG_BOOK ? p["receiver"] : null;
  const receiver = named ?? (typeof p["mission"] === "string" ? p["mission"] : null);
  const other = receiver ? picture.features.get(receiver) : undefined;
  const origin = typeof p["origin"] === "string" ? valueName("origin", p["origin"]) : "";
  return (
    <li role="option" class="row note" tabIndex={focusable ? 0 : -1} aria-selected={selected.value === note.id} data-id={note.id} onClick={() => (selected.value = note.id)}>
      <div class="line">
        <span class="from">{typeof p["sender_name"] === "string" ? p["sender_name"] : origin}{receiver && <> → {other ? titleOf(other) : shortened(receiver)}</>}</span>
        <Age iso={at(note)} short />
      </div>
      <div class="text">{noteText(note)}</div>
    </li>
  );
}
