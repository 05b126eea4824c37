// Lights up the controls, layers and curves that a lesson's step is about.

import { el } from "./dom.js";

const MARK = "gl-lighted";

/**
 * where(id): the place of a panel of curves. Returns {show(ids), again()}: ids as in a step's `light`.
 *
 * @param {HTMLElement} root
 * @param {(id: string) => {x: number, y: number, width: number, height: number} | null} where
 */
export function spotlight(root, where) {
  /** @type {string[]} */
  let ids = [];
  /** @type {HTMLElement[]} */
  let frames = [];

  function mark() {
    const on = new Set(ids.map((id) => root.querySelector(`[data-testid="${id}"]`)).map((found) => found?.closest(".gl-knob, .gl-speed") ?? found));
    for (const node of root.querySelectorAll(`.${MARK}`)) if (!on.has(node)) node.classList.remove(MARK);
    for (const node of on) node?.classList.add(MARK);
  }

  function again() {
    mark();
    const box = root.querySelector(".gl-overlay") ?? root.querySelector(".gl-curves"); // of the curves' canvas
    for (const frame of frames) frame.remove();
    const places = ids.filter((id) => id.startsWith("curve-")).map((id) => where(id.slice(6)));
    frames = places.flatMap((at) => {
      if (!at) return [];
      const frame = el("div", { class: "gl-lit-panel", "aria-hidden": "true" });
      Object.assign(frame.style, { left: `${at.x}px`, top: `${at.y}px`, width: `${at.width}px`, height: `${at.height}px` });
      return [frame];
    });
    box?.append(...frames);
  }

  return {
    /** @param {string[]} wanted */
    show(wanted) {
      ids = wanted;
      again();
    },
    /** Place the frames anew: the curves have another size, or knobs and layers are new. */
    again,
  };
}
