// A handle: a button over a picture that mouse, touch and arrow keys move.

import { el } from "./dom.js";

const STEP = 0.01; // of the axes, for a key

/**
 * Places of a picture in pixels: the plot rectangle, and both directions of its axes.
 *
 * @typedef {object} Places
 * @property {{left: number, top: number, w: number, bottom: number}} g
 * @property {(v: number) => number} px
 * @property {(v: number) => number} py
 * @property {(p: number) => number} x
 * @property {(p: number) => number} y
 */

/**
 * Returns {node, put(x, y), held()}: put shows it at a place of the axes; held: whether it is being dragged.
 *
 * @param {object} of
 * @param {string} of.id its name for tests
 * @param {HTMLElement} of.layer the element over the picture
 * @param {() => Places | null} of.places
 * @param {() => [number, number]} of.value where it is
 * @param {(x: number, y: number) => void} of.move it was moved to here
 * @param {() => void} [of.touch] it was touched or focused
 * @param {Record<string, () => void>} [of.keys] other keys
 */
export function handle({ id, layer, places, value, move, touch = () => {}, keys = {} }) {
  let held = false;
  const node = el("button", {
    class: "gl-point",
    type: "button",
    "data-testid": id,
    onfocus: touch,
    onpointerdown: (/** @type {PointerEvent} */ event) => {
      held = true;
      node.setPointerCapture(event.pointerId);
      touch();
    },
    onpointermove: (/** @type {PointerEvent} */ event) => {
      const at = places();
      if (!held || !at) return;
      const box = layer.getBoundingClientRect();
      const { g } = at;
      const px = Math.min(g.left + g.w, Math.max(g.left, event.clientX - box.left));
      const py = Math.min(g.bottom, Math.max(g.top, event.clientY - box.top));
      move(at.x(px), at.y(py));
    },
    onpointerup: () => (held = false),
    onpointercancel: () => (held = false),
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      const at = places();
      if (!at) return;
      const [x, y] = value();
      const far = event.shiftKey ? 10 * STEP : STEP;
      const across = (/** @type {number} */ share) => move(at.x(at.px(x) + share * at.g.w), y);
      const up = (/** @type {number} */ share) => move(x, at.y(at.py(y) - share * (at.g.bottom - at.g.top)));
      /** @type {Record<string, () => void>} */
      const all = {
        ArrowLeft: () => across(-far),
        ArrowRight: () => across(far),
        ArrowUp: () => up(far),
        ArrowDown: () => up(-far),
        ...keys,
      };
      const act = all[event.key];
      if (!act) return;
      event.preventDefault();
      event.stopPropagation();
      act();
    },
  });
  return {
    node,
    held: () => held,
    /**
     * @param {number} x
     * @param {number} y
     */
    put(x, y) {
      const at = places();
      if (!at) return;
      node.style.left = `${at.px(x)}px`;
      node.style.top = `${at.py(y)}px`;
    },
  };
}
