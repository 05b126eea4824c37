// The "?" beside a curve or a number, which explains it by mouse, touch or keyboard.

import { el, setText } from "./dom.js";
import { _ } from "./words.js";

const GAP = 6; // px between a "?" and its text
const EDGE = 8; // px between the text and the window's edges
const LINGER = 180; // ms for the mouse to move from the "?" to its text

/** @typedef {import("./types.js").HelpLine} HelpLine */

let count = 0;
/** @type {HTMLDivElement | null} */
let box = null; // the text that is shown: one at a time
/** @type {HTMLButtonElement | null} */
let owner = null;
let leaving = 0;

function hide() {
  clearTimeout(leaving);
  if (!owner) return;
  owner.setAttribute("aria-expanded", "false");
  owner = null;
  box?.remove();
}

/**
 * @param {HTMLButtonElement} button
 * @param {HelpLine[]} lines
 */
function show(button, lines) {
  clearTimeout(leaving);
  if (owner === button || !lines.length) return;
  hide();
  box ??= el("div", {
    class: "gl-help-words",
    "aria-hidden": "true", // the button's description has the same text
    "data-testid": "help-words",
    onpointerenter: () => clearTimeout(leaving),
    onpointerleave: () => later(),
  });
  owner = button;
  button.setAttribute("aria-expanded", "true");
  box.replaceChildren(
    ...lines.map(([title, says, unit]) =>
      el("p", {}, el("b", {}, title), ` ${says}`, ...(unit ? [el("i", {}, ` ${unit}`)] : [])),
    ),
  );
  button.closest(".gl-root")?.append(box);
  const at = button.getBoundingClientRect();
  const { width, height } = box.getBoundingClientRect();
  const left = Math.min(Math.max(EDGE, at.left + at.width / 2 - 40), window.innerWidth - width - EDGE);
  const below = at.bottom + GAP + height < window.innerHeight;
  box.style.left = `${Math.max(EDGE, left)}px`;
  box.style.top = `${below ? at.bottom + GAP : Math.max(EDGE, at.top - GAP - height)}px`;
}

const later = () => {
  clearTimeout(leaving);
  leaving = window.setTimeout(hide, LINGER);
};

addEventListener("keydown", (event) => event.key === "Escape" && hide(), { capture: true });
addEventListener("scroll", hide, { capture: true, passive: true });
addEventListener("pointerdown", (event) => {
  const { target } = event;
  if (target instanceof Node && !owner?.contains(target) && !box?.contains(target)) hide();
});

/**
 * {node, set(what, lines)}: a "?" about `what`, which is hidden if there are no lines.
 *
 * @param {string} testid
 */
export function helpButton(testid) {
  const id = `gl-help-${(count += 1)}`;
  const spoken = el("span", { id, class: "gl-spoken" });
  /** @type {HelpLine[]} */
  let lines = [];
  let touched = 0;
  const button = el(
    "button",
    {
      class: "gl-help",
      type: "button",
      "data-testid": `help-${testid}`,
      "aria-expanded": "false",
      "aria-describedby": id,
      onpointerenter: (/** @type {PointerEvent} */ event) => event.pointerType === "mouse" && show(button, lines),
      onpointerleave: (/** @type {PointerEvent} */ event) => event.pointerType === "mouse" && later(),
      onpointerdown: () => (touched = performance.now()),
      onfocus: () => performance.now() - touched > 500 && show(button, lines),
      onblur: hide,
      onclick: (/** @type {PointerEvent} */ event) => {
        if (event.detail > 0 && event.pointerType !== "mouse" && owner === button) hide();
        else show(button, lines);
      },
    },
    "?",
  );
  const node = el("span", { class: "gl-help-box", hidden: "" }, button, spoken);
  return {
    node,
    /**
     * @param {string} what
     * @param {HelpLine[] | undefined} newLines
     */
    set(what, newLines) {
      lines = newLines || [];
      node.hidden = !lines.length;
      button.setAttribute("aria-label", _("What is {what}?", { what }));
      setText(spoken, lines.map(([title, says, unit]) => `${title}: ${says}${unit ? _(" Unit: {unit}.", { unit }) : ""}`).join(" "));
    },
  };
}

/** @type {WeakMap<HTMLCanvasElement, {node: HTMLElement, made: Map<string, ReturnType<typeof helpButton>>}>} */
const layers = new WeakMap();

/**
 * Put a "?" over a canvas for each of `places`, which give its centre in canvas pixels.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {{id: string, what: string, lines: HelpLine[] | undefined, x: number, y: number}[]} places
 */
export function placeHelp(canvas, places) {
  const parent = canvas.parentElement;
  if (!parent) return;
  const known = layers.get(canvas) ?? { node: el("div", { class: "gl-helps" }), made: new Map() };
  layers.set(canvas, known);
  const { node: layer, made } = known;
  if (layer.parentElement !== parent) parent.append(layer);
  [layer.style.left, layer.style.top] = [`${canvas.offsetLeft}px`, `${canvas.offsetTop}px`];
  const nodes = places.map(({ id, what, lines, x, y }) => {
    const one = made.get(id) ?? helpButton(id);
    made.set(id, one);
    one.set(what, lines);
    [one.node.style.left, one.node.style.top] = [`${x}px`, `${y}px`];
    return one.node;
  });
  const same = nodes.length === layer.children.length && nodes.every((node, i) => layer.children[i] === node);
  if (!same) layer.replaceChildren(...nodes);
}
