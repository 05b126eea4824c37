// A canvas for one small chart, which is redrawn at each size and for each message.

import { el } from "./dom.js";
import { fit, flood } from "./plot.js";

/** @typedef {(ctx: CanvasRenderingContext2D, theme: import("./types.js").Theme, width: number, height: number) => void} Draw */

/**
 * draw(ctx, theme, width, height) is called on a canvas that is filled with the background.
 *
 * @param {Record<string, string>} attributes of the canvas
 * @param {Draw} draw
 */
export function chart(attributes, draw) {
  const node = el("canvas", { class: "gl-canvas-plain", role: "img", ...attributes });
  let redraw = () => {}; // until it has a size
  return {
    node,
    redraw: () => redraw(),
    /**
     * @param {number} width
     * @param {number} height
     * @param {import("./types.js").Theme} theme
     */
    resize(width, height, theme) {
      redraw = () => {
        const ctx = fit(node, width, height);
        flood(ctx, theme.back);
        draw(ctx, theme, width, height);
      };
      redraw();
    },
  };
}
