// The view of one run in the plane or on the line.

import { mountView } from "./shell.js";
import { single } from "./single.js";

/**
 * @param {HTMLElement} root
 * @param {import("./types.js").Settings} settings
 */
export const mount = (root, settings) => mountView(root, settings, single);
