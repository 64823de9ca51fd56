import "./styles/fonts.css";
import "maplibre-gl/dist/maplibre-gl.css";
import "./styles/base.css";
import "./styles/screen.css";
import "./styles/lists.css";
import "./styles/detail.css";
import { render } from "preact";
import { App } from "./app";
import { start } from "./desk";
import { keepHomes } from "./homes";
import { installHook } from "./hook";
import { startTheme } from "./theme";

startTheme();
installHook();
keepHomes();
const root = document.getElementById("app");
if (!root) throw new Error("the page has no #app");
// The signs of the map are drawn with our typeface: it must be there before the first of them.
const fonts = Promise.all(["400", "600", "700"].map((weight) => document.fonts.load(`${weight} 15px "IBM Plex Sans"`, "Äß0?")));
render(<App />, root);
await Promise.allSettled([fonts]);
await start();
