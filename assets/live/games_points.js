// The starting points of trajectories: handles over the phase portrait, by mouse, touch and keyboard.

import { el } from "./dom.js";
import { handle } from "./handles.js";
import { steady } from "./plot.js";

const MOST = 8;
const DIGITS = 3;

/** @typedef {[number, number]} Point */

const round = (/** @type {number} */ value) => +value.toFixed(DIGITS) || 0;

/**
 * moved(starts) is called when a point was added, removed or moved; choose(index) when one is touched. Returns
 * {node, place(starts, places, variables, newest), add(x, y) -> whether there is room, remove(index)}.
 *
 * @param {{moved: (starts: Point[]) => void, choose: (index: number) => void}} heard
 */
export function points({ moved, choose }) {
  const node = el("div", { class: "gl-points" });
  /** @type {Point[]} */
  let starts = [];
  /** @type {ReturnType<typeof handle>[]} */
  const handles = [];
  /** @type {import("./handles.js").Places | null} */
  let at = null;
  let names = ["x", "y"];

  /** @param {number} index */
  function put(index) {
    const [x, y] = starts[index];
    const { node: button, put: show } = handles[index];
    show(x, y);
    const where = `${names[0]} = ${steady(x)}, ${names[1]} = ${steady(y)}`;
    button.setAttribute("aria-label", `Starting point ${index + 1}: ${where}. Arrow keys move it, Delete removes it`);
    button.title = `Starting point ${index + 1}: ${where}. Drag it; Delete removes it`;
  }

  function make() {
    const index = handles.length;
    const one = handle({
      id: `point-${index}`,
      layer: node,
      places: () => at,
      value: () => starts[index],
      move: (x, y) => {
        starts[index] = [round(x), round(y)];
        put(index);
        moved(starts);
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
    starts.splice(index, 1);
    fill();
    choose(Math.min(index, starts.length - 1));
    moved(starts);
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
     * @param {import("./handles.js").Places} places
     * @param {string[]} variables
     * @param {boolean} newest whether the answer has all that was moved
     */
    place(newStarts, places, variables, newest) {
      [at, names] = [places, variables];
      // What is moved is ahead of the answers.
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
      moved(starts);
      return true;
    },
    remove,
  };
}
