// A page without a server: it plays the recording that stands in it (ganlab/standalone/document.py).

import { mount as compare } from "./compare.js";
import { el, setText } from "./dom.js";
import { mount as lab } from "./live.js";
import { headline } from "./panels.js";
import { lastBy } from "./places.js";
import { player } from "./player.js";
import { tapeOf, unpack } from "./tape.js";
import { THEMES } from "./tokens.js";
import { _ } from "./words.js";

const EVERY = 200; // ms between two changes of the table while it plays
const grouped = new Intl.NumberFormat("en-US");

/** @param {number | undefined} value */
const exact = (value) => (value === undefined || Number.isNaN(value) ? "–" : String(Number(value.toPrecision(6))));

/**
 * The table of all numbers at the shown moment: its function show(i).
 *
 * @param {HTMLElement} table
 * @param {import("./types.js").Tape} tape
 */
function numbers(table, tape) {
  const { a } = tape.curves;
  const steps = Array.from(a.iteration);
  const cells = new Map();
  const row = (/** @type {string} */ key, /** @type {string} */ title) => {
    const cell = el("td", { "data-number": key });
    cells.set(key, cell);
    return el("tr", {}, el("th", { scope: "row" }, title), cell);
  };
  const letter = (/** @type {string} */ key) => (key.includes(".") ? _("run {value}, ", { value: "ABCD"[Number(key.split(".")[1])] }) : "");
  const own = tape.scene.panels.flatMap(({ title, series, unit }) =>
    series.filter(({ key }) => a[key]?.some(Number.isFinite)).map(({ key, title: name }) => {
      const words = series.length > 1 ? `${headline(title)}: ${name}` : headline(title);
      return row(key, `${letter(key)}${words}${unit ? `, ${unit}` : ""}`);
    }),
  );
  table.append(el("tbody", {}, row("iteration", "iterations"), row("d_updates", _("updates of D")), row("g_updates", _("updates of G")), ...own));
  let wanted = 0;
  let timer = 0;
  const put = (/** @type {string} */ key, /** @type {string} */ text) => setText(cells.get(key), text);
  function now() {
    timer = 0;
    const frame = tape.frame(wanted);
    for (const key of /** @type {const} */ (["iteration", "d_updates", "g_updates"])) put(key, grouped.format(frame[key] ?? 0));
    const at = lastBy(steps, frame.iteration);
    for (const key of cells.keys()) if (a[key] && key !== "iteration") put(key, exact(a[key][at]));
  }
  return (/** @type {number} */ i) => {
    wanted = i;
    timer ||= window.setTimeout(now, EVERY);
  };
}

/**
 * Show the browser's theme, or the one chosen by the button; update() is called after a change.
 *
 * @param {HTMLElement} root
 * @param {HTMLElement} button
 * @param {() => void} update
 */
function themes(root, button, update) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  /** @type {boolean | null} */
  let chosen = null;
  function show() {
    const now = chosen ?? dark.matches;
    const theme = now ? THEMES.dark : THEMES.light;
    document.documentElement.style.colorScheme = theme.name;
    root.style.setProperty("--st-background-color", theme.background);
    root.style.setProperty("--st-text-color", theme.text);
    root.style.setProperty("--st-secondary-background-color", theme.second);
    setText(button, now ? _("Light theme") : _("Dark theme"));
    update();
  }
  dark.addEventListener("change", show);
  button.addEventListener("click", () => {
    chosen = !(chosen ?? dark.matches);
    show();
  });
  show();
}

/** Play the recording in this document. */
export async function start() {
  const get = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
  const root = get("view");
  try {
    const tape = tapeOf(await unpack(get("tape").textContent ?? ""));
    const mount = tape.scene.runs ? compare : lab;
    /** @type {{update: () => void} | null} */
    let view = null;
    themes(root, get("theme"), () => view?.update());
    const settings = { socket: "", plotly: "", labs: [], others: [], stored: true };
    const moves = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    view = mount(root, { ...settings, connect: player(tape, { moves, moment: numbers(get("numbers"), tape) }) });
  } catch (error) {
    root.replaceChildren(el("p", { role: "alert" }, _("This recording cannot be shown: the browser is too old, or the file is incomplete.")));
    throw error;
  }
}
