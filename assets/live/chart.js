// A canvas of its own for one small chart, drawn anew at each size and for each message.

import { el } from "./dom.js";
import { fit, flood } from "./plot.js";

/** @typedef {(ctx: CanvasRenderingContext2D, look: import("./types.js").Look, width: number, height: number) => void} Draw */

/**
 * draw(ctx, look, width, height) is called on a canvas that is filled with the background.
 *
 * @param {Record<string, string>} attributes of the canvas
 * @param {Draw} draw
 */
export function chart(attributes, draw) {
  const node = el("canvas", { class: "gl-canvas-plain", role: "img", ...attributes });
  let redraw = () => {}; // it has no size yet
  return {
    node,
    redraw: () => redraw(),
    /**
     * @param {number} width
     * @param {number} height
     * @param {import("./types.js").Look} look
     */
    resize(width, height, look) {
      redraw = () => {
        const ctx = fit(node, width, height);
        flood(ctx, look.back);
        draw(ctx, look, width, height);
      };
      redraw();
    },
  };
}
