// The view of one run: one canvas for the picture, one for the curves.

import { picture1d } from "./draw1d.js";
import { picture2d } from "./draw2d.js";
import { el } from "./dom.js";
import { lineParts } from "./explain_line.js";
import { planeParts } from "./explain_plane.js";
import { judged } from "./judged.js";
import { fit, opaque, over } from "./plot.js";
import { mountView } from "./shell.js";

/** @type {(shell: import("./types.js").Shell) => import("./types.js").Renderer} */
function single({ hidden }) {
  const canvas = el("canvas", { class: "gl-canvas", role: "img", "aria-label": "Data, generator and discriminator" });
  const overlay = el("canvas", { class: "gl-overlaid", "aria-hidden": "true" });
  const host = el("div", { class: "gl-still" });
  /** @type {import("./types.js").Picture} */
  let picture;
  /** @type {import("./types.js").PartsPicture} */
  let parts;
  /** @type {import("./types.js").Scene} */
  let now;
  return {
    nodes: [canvas, host],
    curvesLabel: "Curves over iterations",
    hasLayers: true,
    follows: true,
    records: true,
    forks: true,
    sketches: true,
    hosts: () => ({ picture: host }),
    size: () => ({ width: host.clientWidth, height: host.clientHeight }),
    judged: (frame) => judged(now, frame),
    scene(scene) {
      now = scene;
      picture = scene.dim === 1 ? picture1d(scene) : picture2d(scene);
      parts = scene.dim === 1 ? lineParts(scene) : planeParts(scene);
    },
    resize(width, height, theme) {
      fit(canvas, width, height);
      picture.resize(width, height, theme, hidden);
      parts.resize(width, height, theme);
    },
    explained(message, index, progress) {
      if (!message) return overlay.remove();
      if (!overlay.isConnected) canvas.after(overlay);
      parts.draw(over(overlay), message, index, progress);
    },
    draw: (frame) => picture.draw(opaque(canvas), frame),
  };
}

/**
 * @param {HTMLElement} root
 * @param {import("./types.js").Settings} settings
 */
export const mount = (root, settings) => mountView(root, settings, single);
