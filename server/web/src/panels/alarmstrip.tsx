/** One line under the header with what must not be overlooked. Empty when there is nothing: no lamp that always burns. */
import type { JSX } from "preact";
import { alarms } from "../alarms";
import { lang, t } from "../i18n";
import { selected, watch, watchNow } from "../state";
import { Icon } from "./icon";

const SHOWN = 5;

export function AlarmStrip(): JSX.Element | null {
  const found = alarms(watch, watchNow(), lang.value);
  if (found.length === 0) return null;
  const more = found.length - SHOWN;
  return (
    <section class="alarms" aria-label={t("alarms.title")} data-testid="alarms">
      <h2 class="hidden">{t("alarms.title")}</h2>
      <ul>
        {found.slice(0, SHOWN).map((one) => (
          <li key={one.id}>
            <button type="button" class={one.rank < 3 ? "grave" : "silent"} data-id={one.id} onClick={() => (selected.value = one.id)}>
              <Icon name={one.rank < 3 ? "warning" : "silent"} /> {one.text}
            </button>
          </li>
        ))}
        {more > 0 && <li class="more">{t("alarms.more", { n: more })}</li>}
      </ul>
    </section>
  );
}
