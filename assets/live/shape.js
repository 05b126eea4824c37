// The shape that a teacher gives a page: what is locked or hidden there. The address holds it, see ganlab/shape.py.

import { _ } from "./words.js";

const NEVER = new Set(["Tab", "Escape"]); // keys that a locked control leaves alone
const STOPPED = ["click", "pointerdown", "mousedown", "touchstart", "input", "change", "dblclick"];
// By the ids of their elements, the box of a control that is more than one element.
const BOXES = ".gl-knob, .gl-speed, .gl-export, .gl-time";

/** @typedef {"shown" | "locked" | "hidden"} State of a part of the page */
/** @typedef {{hide: string[], lock: string[], show: string[], tools: string[]}} Shaped the names in an address, and those of controls that are no fields */

/**
 * Returns {any, state(name), fixed(name), mark(root), guard(root)}.
 *
 * @param {Shaped | undefined} given
 */
export function shapeOf(given) {
  const { hide, lock, show, tools } = given ?? { hide: [], lock: [], show: [], tools: [] };
  const any = hide.length + lock.length > 0;

  /** @param {string} name */
  function kindOf(name) {
    const kind = name.split("-")[0];
    return ["layer", "curve", "page"].includes(kind) ? kind : tools.includes(name) ? "tool" : "field";
  }

  /** Whether a part is shown, locked or hidden. @param {string} name @returns {State} */
  function state(name) {
    if (show.includes(name)) return "shown";
    for (const one of [name, `${kindOf(name)}-*`]) {
      if (hide.includes(one)) return "hidden";
      if (lock.includes(one)) return "locked";
    }
    return "shown";
  }

  return {
    any,
    state,
    fixed: (/** @type {string} */ name) => any && state(name) !== "shown",
    hidden: (/** @type {string} */ name) => any && state(name) === "hidden",
    /** Hide and lock the controls that are in a view now. @param {HTMLElement} root */
    mark(root) {
      if (!any) return;
      for (const node of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-testid]"))) {
        const id = node.dataset.testid ?? "";
        const knob = id.startsWith("knob-");
        if (!knob && !id.startsWith("layer-") && !tools.includes(id)) continue;
        let now = state(knob ? id.slice(5) : id);
        if (id === "draw-data" && now === "shown") now = state("target");
        if (now === "shown") continue;
        const box = /** @type {HTMLElement} */ (node.closest(BOXES) ?? node);
        box.classList.add(now === "hidden" ? "gl-absent" : "gl-locked");
        box.dataset.locked = box.title = node.title = _("Locked by your teacher.");
        node.setAttribute("aria-disabled", "true");
      }
    },
    /** Let nothing change a locked control. @param {HTMLElement} root */
    guard(root) {
      if (!any) return;
      const fixed = (/** @type {Event} */ event) => event.target instanceof Element && event.target.closest("[data-locked]");
      for (const type of STOPPED) {
        root.addEventListener(type, (event) => {
          if (!fixed(event)) return;
          event.preventDefault();
          event.stopImmediatePropagation();
        }, { capture: true, passive: false });
      }
      root.addEventListener("keydown", (event) => {
        if (!fixed(event) || NEVER.has(event.key)) return;
        event.preventDefault();
        event.stopImmediatePropagation();
      }, { capture: true });
    },
  };
}

/**
 * The fields of an address for a choice: of each kind the shortest way to say it.
 *
 * @param {Record<string, [name: string, state: State][]>} kinds the parts of each kind
 * @returns {string} "" if everything is shown
 */
export function shapeQuery(kinds) {
  /** @type {{hide: string[], lock: string[], show: string[]}} */
  const all = { hide: [], lock: [], show: [] };
  for (const [kind, parts] of Object.entries(kinds)) {
    const names = (/** @type {State} */ state) => parts.filter((part) => part[1] === state).map(([name]) => name);
    const [shown, hide, lock] = [names("shown"), names("hidden"), names("locked")];
    const ways = [
      { hide, lock, show: /** @type {string[]} */ ([]) },
      { hide: [`${kind}-*`], lock, show: shown },
      { hide, lock: [`${kind}-*`], show: shown },
    ];
    const length = (/** @type {typeof all} */ way) => [...way.hide, ...way.lock, ...way.show].join(",").length + (way.show.length ? "&show=".length : 0);
    // A name of a kind that is hidden counts more than one that is locked, and both more than their kind.
    const [way] = ways.sort((a, b) => length(a) - length(b));
    for (const field of /** @type {const} */ (["hide", "lock", "show"])) all[field].push(...way[field]);
  }
  return Object.entries(all).filter(([, names]) => names.length).map(([field, names]) => `${field}=${names.join(",")}`).join("&");
}
