// The lab of symbols: the view of one run, with the estimators of G's gradient in place of the spectrum.

import { estimatesPanel } from "./estimates.js";
import { mountView } from "./shell.js";
import { single } from "./single.js";

/** @type {(shell: import("./types.js").Shell) => import("./types.js").Renderer} */
function symbols(shell) {
  const view = single(shell);
  // There are no axes to follow and no points that a gradient moves, and still figures are drawn on the canvas.
  const none = { follows: false, sketches: false, explained: undefined, judged: undefined, hosts: undefined };
  return { ...view, ...none, panel: estimatesPanel };
}

/**
 * @param {HTMLElement} root
 * @param {import("./types.js").Settings} settings
 */
export const mount = (root, settings) => mountView(root, settings, symbols);
