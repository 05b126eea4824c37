// The starting points of trajectories: handles over the phase portrait, by mouse, touch and keyboard.

import { el } from "./dom.js";
import { handle } from "./handles.js";
import { steady } from "./plot.js";
import { _ } from "./words.js";

const MOST = 8;
const DIGITS = 3;

/** @typedef {[number, number]} Point */

const round = (/** @type {number} */ value) => +value.toFixed(DIGITS) || 0;

/**
 * @typedef {import("./handles.js").Places & {
 *   inside?: (x: number, y: number) => Point, words?: (x: number, y: number) => string,
 * }} Ground inside: the nearest point that is allowed; words: a point in words
 */

/**
 * moved(starts, index) is called when a point was added, removed or moved; choose(index) when one is touched;
 * removed(index) instead of moved, if there is one; id: of its handles, for tests. Returns
 * {node, place(starts, places, variables, newest), add(x, y) -> whether there is room, remove(index)}.
 *
 * @param {object} heard
 * @param {(starts: Point[], index: number) => void} heard.moved
 * @param {(index: number) => void} heard.choose
 * @param {(index: number) => void} [heard.removed]
 * @param {string} [heard.id]
 */
export function points({ moved, choose, removed, id = "point" }) {
  const node = el("div", { class: "gl-points" });
  /** @type {Point[]} */
  let starts = [];
  /** @type {ReturnType<typeof handle>[]} */
  const handles = [];
  /** @type {Ground | null} */
  let at = null;
  let names = ["x", "y"];

  /** @param {number} index */
  function put(index) {
    const [x, y] = starts[index];
    const { node: button, put: show } = handles[index];
    show(x, y);
    const where = at?.words ? at.words(x, y) : `${names[0]} = ${steady(x)}, ${names[1]} = ${steady(y)}`;
    button.setAttribute("aria-label", _("Starting point {index}: {where}. Arrow keys move it, Delete removes it", { index: index + 1, where }));
    button.textContent = starts.length > 1 ? String(index + 1) : "";
    button.title = _("Starting point {index}: {where}. Drag it; Delete removes it", { index: index + 1, where });
  }

  function make() {
    const index = handles.length;
    const one = handle({
      id: `${id}-${index}`,
      layer: node,
      places: () => at,
      value: () => starts[index],
      move: (x, y) => {
        const [u, v] = at?.inside ? at.inside(x, y) : [x, y];
        starts[index] = [round(u), round(v)];
        put(index);
        moved(starts, index);
      },
      touch: () => choose(index),
      keys: { Delete: () => remove(index), Backspace: () => remove(index) },
    });
    handles.push(one);
    node.append(one.node);
  }

  /** @param {number} index */
  function remove(index) {
    if (starts.length < 2) return;
    if (removed) return void removed(index);
    starts.splice(index, 1);
    fill();
    choose(Math.min(index, starts.length - 1));
    moved(starts, -1);
  }

  function fill() {
    while (handles.length < starts.length) make();
    while (handles.length > starts.length) handles.pop()?.node.remove();
    starts.forEach((_, index) => put(index));
  }

  return {
    node,
    /**
     * @param {Point[]} newStarts
     * @param {Ground} places
     * @param {string[]} variables
     * @param {boolean} newest whether the answer has all that was moved
     */
    place(newStarts, places, variables, newest) {
      [at, names] = [places, variables];
      // What the user moves is ahead of the answers.
      if (newest && !handles.some((one) => one.held())) starts = newStarts.map(([x, y]) => [x, y]);
      fill();
    },
    /**
     * @param {number} x
     * @param {number} y
     */
    add(x, y) {
      if (starts.length >= MOST) return false;
      starts.push([round(x), round(y)]);
      fill();
      choose(starts.length - 1);
      moved(starts, starts.length - 1);
      return true;
    },
    remove,
  };
}

/**
 * Which starting point's numbers are shown, if there are several.
 *
 * @param {number} chosen
 * @param {number} count
 */
export const ofWhich = (chosen, count) => (count > 1 ? _("The numbers are those of starting point {chosen} of {count}; click another ring to see its own.", { chosen: chosen + 1, count }) : "");
