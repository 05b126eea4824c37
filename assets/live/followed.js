// The class that this tab follows, and the way back to it from one's own run.

import { el, pushButton } from "./dom.js";
import { _ } from "./words.js";

const KEY = "ganlab.follows"; // the code of the class, in the session storage

/** The code of the class that this tab has followed, or "". */
export function followed() {
  try {
    return sessionStorage.getItem(KEY) ?? "";
  } catch {
    return ""; // the browser may refuse storage
  }
}

/**
 * Remember the class; "": none.
 *
 * @param {string} code
 */
export function follows(code) {
  try {
    if (code) sessionStorage.setItem(KEY, code);
    else sessionStorage.removeItem(KEY);
  } catch {
    // The address has the code, too.
  }
}

/**
 * A row with the way back to the class; nothing if this tab has followed none.
 *
 * @param {(what: import("./types.js").Act) => void} act
 */
export function backToClass(act) {
  const code = followed();
  if (!code) return [];
  const back = pushButton({ class: "gl-button gl-small", "data-testid": "back-to-class" }, () => act({ act: "class" }), _("‹ Back to class {code}", { code }));
  const stay = pushButton({ class: "gl-button gl-small", "aria-label": _("Stay here and forget the class"), title: _("Stay here and forget the class") }, () => (follows(""), node.remove()), "×");
  const node = el("div", { class: "gl-back-to" }, back, el("span", {}, _("This run is yours: nobody else sees it.")), stay);
  return [node];
}
