// The picture of a scene: on the line, in the plane, or of symbols.

import { picture1d } from "./draw1d.js";
import { picture2d } from "./draw2d.js";
import { pictureSymbols } from "./draw_symbols.js";

/**
 * @param {import("./types.js").Scene} scene
 * @returns {import("./types.js").Picture}
 */
export function pictureOf(scene) {
  if (scene.dim === 0) return pictureSymbols(scene);
  return scene.dim === 1 ? picture1d(scene) : picture2d(scene);
}
