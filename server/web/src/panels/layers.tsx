/** Which layers the map draws, and what its signs mean. */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { DEVICE, FMS, LOS, MARK, MARK_CALL, PERMISSION, SEVERITY, WATER, type Paint } from "../colours";
import { t, tMaybe, valueName } from "../i18n";
import { drawImage, PIXEL_RATIO } from "../map/icons";
import { LAYERS } from "../map/layers";
import { ownSign } from "../map/layers/objects";
import { palette } from "../map/palette";
import { anything, baseVisible, hiddenLayers, labelsVisible, picture, role } from "../state";
import { theme } from "../theme";
import { OwnLayers } from "./own";

export function Layers(): JSX.Element {
  void anything.value;
  const toggle = (name: string): void => {
    const next = new Set(hiddenLayers.value);
    if (!next.delete(name)) next.add(name);
    hiddenLayers.value = next;
  };
  // A liaison is never sent devices: no switch for what cannot be there.
  const kinds = LAYERS.filter((kind) => kind.name !== "objects" && (role.value !== "liaison" || kind.name !== "devices"));
  return (
    <div class="layers">
      {kinds.map(({ name }) => {
        const shown = !hiddenLayers.value.has(name);
        return (
          <div class="layer" key={name} data-layer={name}>
            <label>
              <input type="checkbox" checked={shown} onChange={() => toggle(name)} /> {tMaybe(`layer.${name}`)}
              <span class="count">{picture.count(name)}</span>
            </label>
            {shown && <Legend layer={name} />}
          </div>
        );
      })}
      <OwnLayers sign={(layer) => <Sign name={ownSign(layer.kind, "")} />} />
      <div class="layer">
        <label><input type="checkbox" checked={baseVisible.value} onChange={() => (baseVisible.value = !baseVisible.value)} /> {t("layers.base")}</label>
        <label><input type="checkbox" checked={labelsVisible.value} onChange={() => (labelsVisible.value = !labelsVisible.value)} /> {t("layers.labels")}</label>
        <ul class="legend">
          <li><Sign name="unit/3/stale" /> {t("legend.stale")}</li>
        </ul>
      </div>
    </div>
  );
}

/** A sign as the map draws it. */
function Sign({ name }: { name: string }): JSX.Element {
  const ref = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const image = drawImage(name);
    const canvas = ref.current;
    if (!image || !canvas) return;
    canvas.width = image.width;
    canvas.height = image.height;
    canvas.style.width = `${image.width / PIXEL_RATIO}px`;
    canvas.getContext("2d")?.putImageData(image, 0, 0);
  }, [name]);
  return <canvas ref={ref} class="sign" aria-hidden="true" />;
}

function Swatch({ paint, text }: { paint: Paint; text: string }): JSX.Element {
  return <span class="swatch" style={{ backgroundColor: paint.fill, color: paint.ink }}>{text}</span>;
}

function Stroke({ kind }: { kind: "track" | "path" | "fence" | "line" | "over" | "warning" | "route" | "route through" }): JSX.Element {
  return <span class={`stroke ${kind}`} aria-hidden="true" />;
}

function Spot({ colour }: { colour: string }): JSX.Element {
  return <span class="spot" style={{ backgroundColor: colour }} aria-hidden="true" />;
}

function Hatch({ colour }: { colour: string }): JSX.Element {
  return <span class="hatched"><Sign name={`hatch/${colour}`} /><Sign name={`hatch/${colour}`} /></span>;
}

function Legend({ layer }: { layer: string }): JSX.Element | null {
  const items = entries(layer);
  return items.length === 0 ? null : <ul class="legend" aria-label={t("layers.legend")}>{items.map((item, i) => <li key={i} class={layer === "crowd" && i === 0 ? "wide" : ""}>{item}</li>)}</ul>;
}

function entries(layer: string): JSX.Element[] {
  const hatch = palette(theme.value).hatch;
  switch (layer) {
    case "missions":
      return ["fire", "technical", "medical", "cbrn"].map((one) => <><Sign name={`mission/${one}/open/fresh`} /> {valueName("category", one)}</>);
    case "units":
      return FMS.map((paint, status) => <><Swatch paint={paint} text={String(status)} /> {valueName("fms_status", status)}</>);
    case "crowd":
      return [
        <><span class="swatches">{Object.entries(LOS).map(([level, paint]) => <Swatch key={level} paint={paint} text={level} />)}</span> {t("legend.los")}</>,
        <><Stroke kind="over" /> {t("legend.over")}</>, <><Hatch colour={hatch} /> {t("legend.blind")}</>, <><Stroke kind="line" /> {t("legend.line")}</>,
      ];
    case "drones":
      return [
        <><Stroke kind="track" /> {t("legend.track")}</>, <><Stroke kind="path" /> {t("legend.path")}</>, <><Stroke kind="fence" /> {t("legend.fence.in")}</>,
        <><Hatch colour="#c01622" /> {t("legend.fence.out")}</>, <><Sign name="image/fresh" /> {t("legend.footprint")}</>,
      ];
    case "buildings":
      return Object.keys(PERMISSION).filter((one) => one !== "REQUEST").map((one) => <><Sign name={`building/${one}/calm/fresh`} /> {valueName("permission", one)}</>);
    case "devices":
      return Object.keys(DEVICE).map((one) => <><Sign name={`device/${one}/fresh`} /> {valueName("state", one)}</>);
    case "routes":
      return [<><Stroke kind="route" /> {t("legend.route")}</>, <><Stroke kind="route through" /> {t("legend.route.through")}</>];
    case "water":
      return [<><Swatch paint={{ fill: WATER, ink: "#ffffff" }} text="" /> {t("legend.water")}</>];
    case "warnings":
      return Object.entries(SEVERITY).map(([severity, paint]) => <><Swatch paint={paint} text="" /> {valueName("severity", severity)}</>);
    case "reports":
      return [<><Sign name="report/citizen/none/fresh" /> {tMaybe("layer.reports")}</>, <><Sign name="report/citizen/confirm/fresh" /> {valueName("verdict", "confirm")}</>, <><Sign name="report/citizen/reject/fresh" /> {valueName("verdict", "reject")}</>];
    case "marks":
      return [<><Spot colour={MARK} /> {t("legend.mark")}</>, <><Spot colour={MARK_CALL} /> {t("legend.call")}</>];
    default:
      return [];
  }
}
