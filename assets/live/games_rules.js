// The rules that play: the legend of the picture, with each rule's verdict, and a menu to add one.

import { el, pushButton, setText } from "./dom.js";
import { ofWhich } from "./games_points.js";
import { noNoise, short } from "./plot.js";
import { _ } from "./words.js";

/** @type {Record<string, string>} */
const WORDS = { converges: _("converges"), orbits: _("orbits"), diverges: _("diverges") };

const MOST = 4;

/** @typedef {import("./types.js").Game} Game */

const rate = (/** @type {number | null | undefined} */ value) => (typeof value === "number" ? short(noNoise(value)) : "–");

/**
 * add(rule), drop(rule): change the rules; toggle(rule) -> whether it is hidden now. Returns
 * {node, menu, show(game, point, hidden)}.
 *
 * @param {{add: (rule: string) => void, drop: (rule: string) => void, toggle: (rule: string) => boolean}} heard
 */
export function verdicts({ add, drop, toggle }) {
  const list = el("div", { class: "gl-verdicts" });
  const menu = el("select", {
    class: "gl-select gl-add",
    "data-testid": "add-rule",
    "aria-label": _("Add a rule"),
    title: _("Play the same game with another rule beside these, at most four"),
    onchange: () => {
      const rule = menu.value;
      menu.value = "";
      if (rule) add(rule);
    },
  });
  const ofStart = el("p", { class: "gl-quiet", "data-testid": "of-start" });
  const node = el("div", { class: "gl-game-rules gl-scrolls", tabindex: 0, role: "group", "aria-label": _("The rules and their verdicts") }, ofStart, list);
  let drawn = "";
  /** @type {((game: Game, point: number) => void)[]} */
  let fills = [];

  /**
   * @param {Game} game
   * @param {number} index
   * @param {Set<string>} hidden
   */
  function card(game, index, hidden) {
    const { rule, title, doc, role, dash } = game.runs[index];
    const word = el("b", { class: "gl-word", "data-testid": `word-${rule}` });
    const rates = el("span", { class: "gl-rates-of", "data-testid": `rates-${rule}` });
    const why = el("p", { "data-testid": `why-${rule}` });
    const name = pushButton(
      {
        class: "gl-layer",
        "data-testid": `rule-${rule}`,
        "aria-pressed": String(!hidden.has(rule)),
        title: _("{doc} (click: show or hide)", { doc }),
      },
      () => name.setAttribute("aria-pressed", String(!toggle(rule))),
      el("i", { class: "gl-key gl-run", style: `border-top-color: var(--gl-${role}); border-top-style: ${dash === "solid" ? "solid" : dash === "dot" ? "dotted" : "dashed"}` }),
      title,
    );
    const away = el("button", {
      class: "gl-button gl-small gl-away",
      type: "button",
      "data-testid": `drop-${rule}`,
      "aria-label": _("Remove the rule {title}", { title }),
      title: _("Remove this rule"),
      onclick: () => drop(rule),
    }, "×");
    fills.push((now, point) => {
      const run = now.runs[index];
      const verdict = run.verdicts?.[point];
      setText(word, run.refused ? _("cannot play") : (WORDS[verdict?.word ?? ""] ?? ""));
      word.dataset.word = run.refused ? "refused" : (verdict?.word ?? "");
      setText(why, run.refused || verdict?.why || "");
      setText(rates, run.refused ? "" : _("log-distance per update: predicted {rate}, measured {rate2}", { rate: rate(run.predicted), rate2: rate(verdict?.measured) }));
      away.disabled = now.runs.length < 2;
    });
    return el("section", { class: "gl-verdict" }, el("div", { class: "gl-verdict-head" }, name, word, rates, away), why);
  }

  return {
    node,
    menu,
    /**
     * @param {Game} game
     * @param {number} point
     * @param {Set<string>} hidden
     */
    show(game, point, hidden) {
      const rules = JSON.stringify(game.rules);
      if (rules !== drawn) {
        drawn = rules;
        fills = [];
        list.replaceChildren(...game.runs.map((_, i) => card(game, i, hidden)));
        menu.replaceChildren(
          el("option", { value: "" }, _("add a rule…")),
          ...game.choices.filter(([name]) => !game.rules.includes(name)).map(([name, title]) => el("option", { value: name }, title)),
        );
        menu.hidden = game.rules.length >= MOST;
      }
      setText(ofStart, ofWhich(point, game.starts.length));
      ofStart.hidden = game.starts.length < 2;
      for (const fill of fills) fill(game, point);
    },
  };
}
