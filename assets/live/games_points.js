// The starting points of trajectories: handles over the phase portrait, by mouse, touch and keyboard.

import { el } from "./dom.js";
import { steady } from "./plot.js";

const MOST = 8;
const STEP = 0.01; // of the axes, for a key
const DIGITS = 3;

/** @typedef {[number, number]} Point */

const round = (/** @type {number} */ value) => +value.toFixed(DIGITS) || 0;

/**
 * moved(starts) is called when a point was added, removed or moved; choose(index) when one is touched. Returns
 * {node, place(starts, places, variables), add(x, y) -> whether there is room, remove(index)}.
 *
 * @param {{moved: (starts: Point[]) => void, choose: (index: number) => void}} heard
 */
export function points({ moved, choose }) {
  const node = el("div", { class: "gl-points" });
  /** @type {Point[]} */
  let starts = [];
  /** @type {HTMLButtonElement[]} */
  const handles = [];
  /** @type {import("./games_plane.js").Places | null} */
  let at = null;
  let names = ["x", "y"];
  let held = -1; // the handle that is dragged, which answers do not move

  /** @param {number} index */
  function put(index) {
    if (!at) return;
    const [x, y] = starts[index];
    const handle = handles[index];
    handle.style.left = `${at.px(x)}px`;
    handle.style.top = `${at.py(y)}px`;
    const where = `${names[0]} = ${steady(x)}, ${names[1]} = ${steady(y)}`;
    handle.setAttribute("aria-label", `Starting point ${index + 1}: ${where}. Arrow keys move it, Delete removes it`);
    handle.title = `Starting point ${index + 1}: ${where}. Drag it; Delete removes it`;
  }

  /**
   * @param {number} index
   * @param {number} x
   * @param {number} y
   */
  function move(index, x, y) {
    starts[index] = [round(x), round(y)];
    put(index);
    moved(starts);
  }

  function make() {
    const index = handles.length;
    const handle = el("button", {
      class: "gl-point",
      type: "button",
      "data-testid": `point-${index}`,
      onfocus: () => choose(index),
      onpointerdown: (/** @type {PointerEvent} */ event) => {
        held = index;
        handle.setPointerCapture(event.pointerId);
        choose(index);
      },
      onpointermove: (/** @type {PointerEvent} */ event) => {
        if (held !== index || !at) return;
        const box = node.getBoundingClientRect();
        const { g } = at;
        const px = Math.min(g.left + g.w, Math.max(g.left, event.clientX - box.left));
        const py = Math.min(g.bottom, Math.max(g.top, event.clientY - box.top));
        move(index, at.x(px), at.y(py));
      },
      onpointerup: () => (held = -1),
      onpointercancel: () => (held = -1),
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        if (!at) return;
        const by = ((event.shiftKey ? 10 : 1) * STEP * at.g.w) / at.g.scale;
        const [x, y] = starts[index];
        /** @type {Record<string, () => void>} */
        const keys = {
          ArrowLeft: () => move(index, x - by, y),
          ArrowRight: () => move(index, x + by, y),
          ArrowUp: () => move(index, x, y + by),
          ArrowDown: () => move(index, x, y - by),
          Delete: () => remove(index),
          Backspace: () => remove(index),
        };
        const act = keys[event.key];
        if (!act) return;
        event.preventDefault();
        event.stopPropagation();
        act();
      },
    });
    handles.push(handle);
    node.append(handle);
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
    while (handles.length > starts.length) handles.pop()?.remove();
    starts.forEach((_, index) => put(index));
  }

  return {
    node,
    /**
     * @param {Point[]} newStarts
     * @param {import("./games_plane.js").Places} places
     * @param {string[]} variables
     */
    place(newStarts, places, variables) {
      [at, names] = [places, variables];
      if (held < 0) starts = newStarts.map(([x, y]) => [x, y]);
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
