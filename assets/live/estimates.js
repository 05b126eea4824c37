// Estimators of G's gradient beside the exact one, at the shown moment: bias, noise and direction of each.

import { askedPanel } from "./asked_panel.js";
import { el, setText } from "./dom.js";
import { helpButton } from "./help.js";
import { steady } from "./plot.js";
import { _ } from "./words.js";

/** @typedef {import("./types.js").Command} Command */
/** @typedef {import("./types.js").EstimatesMessage} EstimatesMessage */
/** @typedef {import("./types.js").EstimateRow} EstimateRow */

const grouped = new Intl.NumberFormat("en-US");
const FIX = "\u00a0"; // a space at which no line breaks
const rounded = (/** @type {number} */ share) => (share < 9.995 ? `${+(100 * share).toPrecision(2)}` : grouped.format(Math.round(100 * share)));

/** @type {[string, string, (row: EstimateRow, exact: number) => string][]} */
const COLUMNS = [
  ["bias", _("bias"), (row, exact) => `${rounded(row.bias / exact)}${FIX}±${FIX}${rounded(row.error / exact)}${FIX}%`],
  ["noise", _("noise"), (row, exact) => `${rounded(Math.sqrt(row.variance) / exact)}${FIX}%`],
  ["cosine", _("cosine"), (row) => (row.cosine === null ? "–" : row.cosine.toFixed(3))],
];

/**
 * send(command) to the server; opened() when the panel is opened here. Returns {button, node, on, ...}.
 *
 * @param {object} given
 * @param {(command: Command) => unknown} given.send
 * @param {() => void} given.opened
 */
export function estimatesPanel({ send, opened }) {
  /** @type {EstimatesMessage | null} */
  let message = null;
  let now = 0; // the iteration of the shown moment
  const panel = askedPanel({
    id: "estimates",
    key: "l",
    word: _("Gradients"),
    title: _("Estimators of G's gradient at this moment: which are biased, which are noisy?"),
    label: _("Estimators of G's gradient"),
    ask: () => send({ cmd: "spectrum", value: panel.on, r1: -1 }),
    show,
    opened,
  });
  const { node, heading } = panel;
  const why = el("p", { class: "gl-spectrum-why", "data-testid": "estimates-why" });
  const exactHelp = helpButton("estimates-exact");
  const exact = el("span", { "data-testid": "estimates-exact" });
  const helps = COLUMNS.map(([name]) => helpButton(`estimates-${name}`));
  const heads = COLUMNS.map(([, words], i) => el("th", {}, words, " ", helps[i].node));
  const rows = el("tbody");
  const table = el("table", { class: "gl-spectrum-table gl-estimates-table" }, el("thead", {}, el("tr", {}, el("th", {}, _("estimator")), ...heads)), rows);
  const foot = el("p", { class: "gl-explain-note", "data-testid": "estimates-foot" });
  node.append(why, el("p", { class: "gl-estimates-exact" }, exact, " ", exactHelp.node), table, foot);

  function show() {
    if (!panel.on) return;
    const found = message?.exact !== null && message !== null;
    setText(why, message?.refused || (found ? _("All are taken at the same G, D and latents. The run's own is bold.") : _("Computing the gradients…")));
    table.hidden = !found;
    exactHelp.set(_("exact gradient"), message?.help.exact);
    helps.forEach((help, i) => help.set(COLUMNS[i][1], message?.help[COLUMNS[i][0]]));
    setText(exact, found ? _("Norm of the exact gradient: {steady}", { steady: steady(message?.exact ?? 0) }) : "");
    exactHelp.node.hidden = !found;
    const norm = message?.exact || Number.NaN;
    rows.replaceChildren(
      ...(message?.rows ?? []).map((row, i) =>
        el(
          "tr",
          { ...(row.own ? { class: "gl-own" } : {}), "data-testid": `estimate-${i}` },
          el("th", { scope: "row" }, row.title),
          ...COLUMNS.map(([, , text]) => el("td", {}, text(row, norm))),
        ),
      ),
    );
    setText(foot, found ? _("{minibatches} minibatches of {batch}; τ = {steady}; {steady2} s of computing.", { minibatches: message?.minibatches, batch: message?.batch, steady: steady(message?.temperature ?? 1), steady2: steady(message?.seconds ?? 0) }) : "");
    tellAge();
  }

  function tellAge() {
    if (!message) return setText(heading, _("G's gradient: computing…"));
    const ago = now - message.iteration;
    setText(heading, _("G's gradient at iteration {iteration}{which}", { iteration: grouped.format(message.iteration), which: ago > 0 ? _(" ({ago} ago)", { ago: grouped.format(ago) }) : "" }));
  }

  return {
    type: "estimates",
    button: panel.button,
    node,
    get on() {
      return panel.on;
    },
    keys: panel.keys,
    resize() {},
    /** @param {import("./types.js").Status} status */
    status(status) {
      now = status.iteration;
      panel.told(Boolean(status.spectrum));
      if (panel.on) tellAge();
    },
    /** @param {EstimatesMessage} received */
    receive(received) {
      message = received;
      show();
    },
    /** Other runs are shown from now on. */
    clear() {
      message = null;
      show();
    },
    toggle: panel.toggle,
  };
}
