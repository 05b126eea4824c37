// A question to the class, and how many chose each answer.

import { el } from "./dom.js";
import { _ } from "./words.js";

/**
 * @typedef {object} Asked
 * @property {number} number
 * @property {string} text
 * @property {string[]} choices
 * @property {boolean} revealed
 * @property {number[]} counts empty: they are not shown
 */

/**
 * The answers, each with a bar once its count is known. choose: makes each a button; mine: the one that was chosen.
 *
 * @param {Asked} asked
 * @param {((choice: number) => void) | null} choose
 */
export function tally({ text, choices, counts }, choose = null, mine = -1) {
  const most = Math.max(1, ...counts);
  const sum = counts.reduce((all, one) => all + one, 0);
  const rows = choices.map((choice, i) => {
    const count = counts[i];
    const known = count !== undefined;
    const words = known ? _("{choice}: {count} of {sum}", { choice, count, sum }) : choice;
    const content = [
      el("span", { class: "gl-tally-word" }, choice),
      el("b", { class: "gl-tally-count", "data-testid": `count-${i}` }, known ? String(count) : ""),
      el("i", { class: "gl-tally-bar", style: `width:${known ? (100 * count) / most : 0}%` }),
    ];
    const more = { class: "gl-tally-row", "data-testid": `choice-${i}` };
    if (!choose) return el("div", { ...more, role: "img", "aria-label": words }, ...content);
    return el("button", { ...more, type: "button", "aria-label": words, "aria-pressed": String(mine === i), onclick: () => choose(i) }, ...content);
  });
  return el("div", { class: "gl-tally", role: "group", "aria-label": text }, el("p", { class: "gl-tally-text" }, text), ...rows);
}
