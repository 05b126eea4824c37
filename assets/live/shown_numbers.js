// The numbers of a figure, each beside the same quantity computed in another way, and its table.

import { el, setText } from "./dom.js";
import { _ } from "./words.js";

/** @typedef {import("./types.js").Theory} Theory */

/** {node, build(shown): make the cards, show(shown, frame): put the numbers in}. */
export function numberCards() {
  const node = el("div", { class: "gl-cards" });
  let built = "";
  /** @type {{value: HTMLElement, other: HTMLElement}[]} */
  let cards = [];

  /**
   * @param {import("./types.js").ShownNumber} about
   * @param {number} index
   */
  function card({ label, unit, by, how, others }, index) {
    const value = el("output", { class: "gl-number", "data-testid": `number-${index}` });
    const other = el("output", { class: "gl-number", "data-testid": `other-${index}` });
    cards.push({ value, other });
    const line = (/** @type {HTMLElement} */ of, /** @type {string} */ words) => el("div", { class: "gl-way" }, of, el("span", {}, words));
    return el(
      "section",
      { class: "gl-card", "data-label": label },
      el("b", {}, label, ...(unit ? [el("i", {}, ` ${unit}`)] : [])),
      line(value, by),
      ...(others ? [line(other, how)] : []),
    );
  }

  return {
    node,
    /** @param {Theory} shown */
    build(shown) {
      const kinds = JSON.stringify(shown.numbers.map(({ label, unit, by, how, others }) => [label, unit, by, how, Boolean(others)]));
      if (kinds === built) return;
      built = kinds;
      cards = [];
      node.replaceChildren(...shown.numbers.map(card));
    },
    /**
     * @param {Theory} shown
     * @param {number} frame
     */
    show(shown, frame) {
      shown.numbers.forEach(({ values, others }, i) => {
        setText(cards[i].value, values[Math.min(frame, values.length - 1)]);
        if (others) setText(cards[i].other, others[Math.min(frame, others.length - 1)]);
      });
    },
  };
}

/** {node, show(table)}: a table whose cells may be formulas. */
export function shownTable() {
  const node = el("div", { class: "gl-table-box", tabindex: 0, role: "region", "aria-label": _("Table"), hidden: "" });
  let built = "";
  return {
    node,
    /** @param {Theory["table"]} table */
    show(table) {
      const state = JSON.stringify(table);
      if (state === built) return;
      built = state;
      node.hidden = !table;
      if (!table) return;
      const cell = (/** @type {{text?: string, math?: string}} */ { text, math }, /** @type {number} */ column) => {
        const one = el(column ? "td" : "th", column ? { "data-column": table.columns[column] } : { scope: "row" }, text ?? "");
        if (math) one.innerHTML = math; // MathML that the server made
        return one;
      };
      node.replaceChildren(
        el(
          "table",
          { class: "gl-table", "data-testid": "table" },
          el("thead", {}, el("tr", {}, ...table.columns.map((text) => el("th", { scope: "col" }, text)))),
          el("tbody", {}, ...table.rows.map((row, i) => el("tr", i === table.chosen ? { "aria-current": "true" } : {}, ...row.map(cell)))),
        ),
      );
    },
  };
}
