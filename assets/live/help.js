// The "?" beside a curve or a number: what it is, in a sentence, by mouse, touch or keyboard.

import { el, setText } from "./dom.js";

const GAP = 6; // px between a "?" and its words
const EDGE = 8; // px that the words keep from the window's edges
const LINGER = 180; // ms in which the mouse may move from the "?" to its words

let count = 0;
let box = null; // the words that are shown: one at a time
let owner = null;
let leaving = 0;

function hide() {
  clearTimeout(leaving);
  if (!owner) return;
  owner.setAttribute("aria-expanded", "false");
  owner = null;
  box.remove();
}

function show(button, lines) {
  clearTimeout(leaving);
  if (owner === button || !lines.length) return;
  hide();
  box ??= el("div", {
    class: "gl-help-words",
    "aria-hidden": "true", // the button's description says it already
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
  button.closest(".gl-root").append(box);
  const at = button.getBoundingClientRect();
  const { width, height } = box.getBoundingClientRect();
  const left = Math.min(Math.max(EDGE, at.left + at.width / 2 - 40), window.innerWidth - width - EDGE);
  const below = at.bottom + GAP + height < window.innerHeight;
  box.style.left = `${Math.max(EDGE, left)}px`;
  box.style.top = `${below ? at.bottom + GAP : Math.max(EDGE, at.top - GAP - height)}px`;
}

const later = () => {
  clearTimeout(leaving);
  leaving = setTimeout(hide, LINGER);
};

addEventListener("keydown", (event) => event.key === "Escape" && hide(), { capture: true });
addEventListener("scroll", hide, { capture: true, passive: true });
addEventListener("pointerdown", (event) => {
  if (owner && !owner.contains(event.target) && !box.contains(event.target)) hide();
});

/** {node, set(what, lines)}: a "?" about `what`; lines are [title, sentence, unit]. Hidden without any. */
export function helpButton(testid) {
  const id = `gl-help-${(count += 1)}`;
  const spoken = el("span", { id, class: "gl-spoken" });
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
      onpointerenter: (event) => event.pointerType === "mouse" && show(button, lines),
      onpointerleave: (event) => event.pointerType === "mouse" && later(),
      onpointerdown: () => (touched = performance.now()),
      onfocus: () => performance.now() - touched > 500 && show(button, lines),
      onblur: hide,
      onclick: (event) => {
        if (event.detail > 0 && event.pointerType !== "mouse" && owner === button) hide();
        else show(button, lines);
      },
    },
    "?",
  );
  const node = el("span", { class: "gl-help-box", hidden: "" }, button, spoken);
  return {
    node,
    set(what, newLines) {
      lines = newLines || [];
      node.hidden = !lines.length;
      button.setAttribute("aria-label", `What is ${what}?`);
      setText(spoken, lines.map(([title, says, unit]) => `${title}: ${says}${unit ? ` Unit: ${unit}.` : ""}`).join(" "));
    },
  };
}

const layers = new WeakMap(); // by canvas

/** Put a "?" over a canvas for each of `places`: {id, what, lines, x, y}, its centre in pixels of the canvas. */
export function placeHelp(canvas, places) {
  const parent = canvas.parentElement;
  if (!parent) return;
  if (!layers.has(canvas)) layers.set(canvas, { node: el("div", { class: "gl-helps" }), made: new Map() });
  const { node: layer, made } = layers.get(canvas);
  if (layer.parentElement !== parent) parent.append(layer);
  [layer.style.left, layer.style.top] = [`${canvas.offsetLeft}px`, `${canvas.offsetTop}px`];
  const nodes = places.map(({ id, what, lines, x, y }) => {
    if (!made.has(id)) made.set(id, helpButton(id));
    const one = made.get(id);
    one.set(what, lines);
    [one.node.style.left, one.node.style.top] = [`${x}px`, `${y}px`];
    return one.node;
  });
  const same = nodes.length === layer.children.length && nodes.every((node, i) => layer.children[i] === node);
  if (!same) layer.replaceChildren(...nodes);
}
