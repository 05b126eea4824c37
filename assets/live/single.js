// The renderer of one run: one canvas for the picture, one for the curves.

import { el } from "./dom.js";
import { lineParts } from "./explain_line.js";
import { planeParts } from "./explain_plane.js";
import { judged } from "./judged.js";
import { pictureOf } from "./pictures.js";
import { fit, opaque, over } from "./plot.js";
import { _ } from "./words.js";

/** @type {(shell: import("./types.js").Shell) => import("./types.js").Renderer} */
export function single({ hidden }) {
  const canvas = el("canvas", { class: "gl-canvas", role: "img", "aria-label": _("Data, generator and discriminator") });
  const overlay = el("canvas", { class: "gl-overlaid", "aria-hidden": "true" });
  const host = el("div", { class: "gl-still" });
  /** @type {import("./types.js").Picture} */
  let picture;
  /** @type {import("./types.js").PartsPicture | null} */
  let parts = null;
  /** @type {import("./types.js").Scene} */
  let now;
  return {
    nodes: [canvas, host],
    curvesLabel: _("Curves over iterations"),
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
      picture = pictureOf(scene);
      parts = scene.dim === 1 ? lineParts(scene) : scene.dim === 2 ? planeParts(scene) : null;
    },
    resize(width, height, theme) {
      fit(canvas, width, height);
      picture.resize(width, height, theme, hidden);
      parts?.resize(width, height, theme);
    },
    explained(message, index, progress) {
      if (!message) return overlay.remove();
      if (!overlay.isConnected) canvas.after(overlay);
      parts?.draw(over(overlay), message, index, progress);
    },
    draw: (frame) => picture.draw(opaque(canvas), frame),
  };
}
