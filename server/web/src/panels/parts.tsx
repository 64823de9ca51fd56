/** Small pieces that every panel uses. */
import { Component, type ComponentChildren, type JSX } from "preact";
import { useRef } from "preact/hooks";
import { ageSeconds, formatAge, formatMoment, isStale, shortAge } from "../age";
import { fmsPaint, losPaint, type Paint } from "../colours";
import { dative, lang, t, valueName } from "../i18n";
import { watchNow } from "../state";
import type { Feature } from "../wire";

/** One panel that fails must not take the others along: it says so and can be built again. */
export class Guard extends Component<{ name: string; children: ComponentChildren }, { failed: boolean }> {
  override state = { failed: false };

  override componentDidCatch(error: unknown): void {
    console.warn(`panel ${this.props.name} failed`, error);
    this.setState({ failed: true });
  }

  override render(): JSX.Element | ComponentChildren {
    if (!this.state.failed) return this.props.children;
    return (
      <div class="broken" role="alert">
        <p>{t("error.title")}</p>
        <button type="button" onClick={() => this.setState({ failed: false })}>{t("error.retry")}</button>
      </div>
    );
  }
}

/** How long ago, counting by itself; the exact time in the title. */
export function Age({ iso, short = false, long = false, stale = false }: { iso: string | null | undefined; short?: boolean; long?: boolean; stale?: boolean }): JSX.Element {
  const now = watchNow();
  const seconds = ageSeconds(iso, now);
  const age = short ? shortAge(seconds, lang.value) : formatAge(seconds, lang.value);
  const text = long && seconds !== null ? (seconds < 0 ? t("detail.ahead", { age: formatAge(-seconds, lang.value) }) : t("detail.age", { age: dative(age) })) : age;
  return (
    <time class={stale ? "age stale" : "age"} dateTime={iso ?? undefined} title={formatMoment(iso, now, lang.value)}>
      {text}
    </time>
  );
}

const colours = ({ fill, ink }: Paint): { backgroundColor: string; color: string } => ({ backgroundColor: fill, color: ink });

/** The FMS digit on its colour, with the state in words for those who do not see the colour. */
export function Fms({ status, stale = false }: { status: unknown; stale?: boolean }): JSX.Element {
  const known = typeof status === "number";
  const words = known ? valueName("fms_status", status) : t("state.unknown");
  return (
    <span class={stale ? "fms worn" : "fms"} style={stale ? undefined : colours(fmsPaint(status))} data-fms={known ? status : "x"} title={words}>
      <span aria-hidden="true">{known ? status : "?"}</span>
      <span class="hidden">{`FMS ${known ? status : "?"}, ${words}`}</span>
    </span>
  );
}

export function Los({ level }: { level: unknown }): JSX.Element {
  const known = typeof level === "string";
  return <span class="los" style={colours(losPaint(level))} title={known ? valueName("level_of_service", level) : t("state.unknown")}>{known ? level : "?"}</span>;
}

/** "stale" in words, where it is. */
export function StaleMark({ feature }: { feature: Feature }): JSX.Element | null {
  return isStale(feature, watchNow()) ? <span class="mark stale-mark">{t("state.stale")}</span> : null;
}

/** Arrow keys, Home and End move between the rows of a list; the row's own click is Enter and Space. */
export function useRows(selector: string): { ref: { current: HTMLElement | null }; onKeyDown: (event: KeyboardEvent) => void } {
  const ref = useRef<HTMLElement | null>(null);
  const onKeyDown = (event: KeyboardEvent): void => {
    const rows = [...(ref.current?.querySelectorAll<HTMLElement>(selector) ?? [])];
    const at = rows.findIndex((row) => row === document.activeElement);
    const goal = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (at < 0) return;
    if (goal !== undefined) {
      event.preventDefault();
      rows[Math.max(0, Math.min(rows.length - 1, goal))]?.focus();
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      rows[at]?.click();
    }
  };
  return { ref, onKeyDown };
}
