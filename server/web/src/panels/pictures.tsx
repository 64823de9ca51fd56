/** Pictures of cameras and plans that a home put into its storage: small, with their age; large on a click. While consent holds. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { titleOf } from "../alarms";
import { homePictures, homes, mayAsk, picture as fetchPicture, type HomePicture } from "../homes";
import { t } from "../i18n";
import { picture } from "../state";
import { isTrouble } from "../trouble";
import type { Feature } from "../wire";
import { permissionOf } from "./access";
import { Viewer } from "./own";
import { Age } from "./parts";

const EVERY_MS = 5_000;

export function Pictures({ building }: { building: Feature }): JSX.Element | null {
  const shown = useSignal<HomePicture[]>([]);
  const open = useSignal<HomePicture | null>(null);
  // A building of which only a platform speaks may be open, too; but no home of ours keeps pictures of it.
  const granted = mayAsk.value && homes.value.has(building.id) && permissionOf(building) === "GRANTED";
  useEffect(() => {
    if (!granted) return undefined;
    let over = false;
    const load = async (): Promise<void> => {
      try {
        const found = await homePictures(building.id);
        if (!over) shown.value = found;
      } catch (error) {
        if (!isTrouble(error)) throw error;
        // Consent may just have ended; then there are none, and the building says so itself.
      }
    };
    void load();
    const timer = setInterval(() => void load(), EVERY_MS);
    return () => {
      over = true;
      clearInterval(timer);
      shown.value = [];
      open.value = null;
    };
  }, [building.id, granted]);
  if (!granted || shown.value.length === 0) return null;
  const large = open.value;
  return (
    <>
      <h4>{t("home.pictures")} <span class="mark personal" title={t("detail.personal.note")}>{t("detail.personal")}</span></h4>
      <ul class="home-pictures" data-testid="home-pictures">
        {shown.value.map((one) => <Small key={one.id} one={one} enlarge={() => (open.value = one)} />)}
      </ul>
      {large && <Viewer path={large.url} plan={{ name: nameOf(large), mime: large.media_type, bytes: large.bytes, pages: large.pages }} close={() => (open.value = null)} />}
    </>
  );
}

function nameOf(one: HomePicture): string {
  const device = one.device ? picture.features.get(one.device) : undefined;
  return device ? titleOf(device) : one.name;
}

function Small({ one, enlarge }: { one: HomePicture; enlarge: () => void }): JSX.Element {
  const small = useSignal("");
  const name = nameOf(one);
  useEffect(() => {
    let over = false;
    let url = "";
    fetchPicture(`${one.url}/small`).then(
      (found) => {
        if (over) URL.revokeObjectURL(found);
        else small.value = url = found;
      },
      (error: unknown) => {
        if (!isTrouble(error)) throw error;
        // It has given way to a newer one, or consent has ended: the next list tells.
      },
    );
    return () => {
      over = true;
      if (url) URL.revokeObjectURL(url);
    };
  }, [one.url]);
  return (
    <li data-kind={one.kind}>
      <figure>
        <button type="button" onClick={enlarge} title={t("home.picture.open", { name })}>
          {small.value && <img src={small.value} alt={t("home.picture.open", { name })} />}
        </button>
        <figcaption>
          {one.kind === "plan" && <span class="mark">{t("home.picture.plan")}</span>}
          <span>{name}</span> <Age iso={one.received_at} />
        </figcaption>
      </figure>
    </li>
  );
}
