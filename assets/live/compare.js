// A comparison: a cell with a canvas for each run, and one canvas for the curves of all runs.

import { cell, legendEntry } from "./cell.js";
import { el } from "./dom.js";
import { planeWidth } from "./layout.js";
import { mountView } from "./shell.js";
import { _ } from "./words.js";

const GAP = 14; // px between two pictures, at text scale 1
const WIDEST = 0.7; // of the width, for a row of squares
const HEAD = 28; // px of a cell's heading

/** @type {(shell: import("./types.js").Shell) => import("./types.js").Renderer} */
function sideBySide({ hidden, act, settings }) {
  const grid = el("div", { class: "gl-cells" });
  const names = el("div", { class: "gl-runs" }); // the curves' legend
  /** @type {import("./types.js").Scene} */
  let scene;
  /** @type {ReturnType<typeof cell>[]} */
  let cells = [];
  /** @type {ReturnType<typeof legendEntry>[]} */
  let entries = [];
  /** @type {(number | null)[]} */
  let ends = []; // of the runs' curves of the JSD
  let past = false; // whether an earlier moment is shown

  const columns = () => (cells.length > 1 ? 2 : 1);
  const rows = () => Math.ceil(cells.length / columns());

  return {
    nodes: [grid],
    aboveCurves: names,
    curvesLabel: _("Curves of all runs over iterations"),
    classes: ["gl-compare"],
    hasLayers: true,
    whole: true,
    records: true,
    hosts: () => Object.fromEntries(cells.map(({ host }, i) => [`picture${i}`, host])),
    size: () => cells[0].size(),
    stays: (message) => message.runs.length === cells.length,
    scene(message) {
      scene = message;
      ends = [];
      const { runs } = scene;
      const acts = (/** @type {number} */ run) => (settings.stored ? null : (/** @type {string} */ what) => act({ act: what, run }));
      cells = runs.map((_, i) => cell(scene, i, acts(i)));
      entries = runs.map((run, i) => legendEntry(i, run.label));
      names.replaceChildren(...entries.map(({ node }) => node));
    },
    // The old cells stay on the page until the first frame of the new runs arrives.
    reveal() {
      grid.style.gridTemplate = `repeat(${rows()}, minmax(0, 1fr)) / repeat(${columns()}, minmax(0, 1fr))`;
      grid.replaceChildren(...cells.map(({ node }) => node));
    },
    need(height, u) {
      const side = (height - (rows() - 1) * 8 * u) / rows() - HEAD * u;
      return Math.round(columns() * planeWidth(scene.box, side, u) + (columns() - 1) * GAP * u);
    },
    // Two squares side by side are small, so they get more of the width.
    share: () => (scene.dim === 2 && rows() === 1 ? WIDEST : undefined),
    resize(_width, _height, theme) {
      for (const one of cells) one.resize(theme, hidden);
    },
    draw(frame) {
      for (const one of cells) one.draw(frame);
    },
    // The heading of a run shows the value at the end of its curve, not one of another moment.
    curves(message) {
      ends = cells.map((_cell, i) => [...(message.a[`jsd.${i}`] ?? [])].reverse().find(Number.isFinite) ?? null);
      if (!past) cells.forEach((one, i) => one.score(ends[i]));
      return false;
    },
    status(message) {
      past = message.timeline?.past ?? false;
      message.runs.forEach((run, i) => {
        cells[i]?.status(run);
        cells[i]?.score(past ? run.jsd : (ends[i] ?? run.jsd));
        entries[i]?.say(run.label);
      });
    },
  };
}

/**
 * @param {HTMLElement} root
 * @param {import("./types.js").Settings} settings
 */
export const mount = (root, settings) => mountView(root, settings, sideBySide);
