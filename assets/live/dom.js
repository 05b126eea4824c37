// Helpers to create elements.

/**
 * el("button", {class: "gl-x", title: "…", onclick: f}, ...children)
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any>} attributes
 * @param {...(Node | string)} children
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

const PATHS = {
  cast: "M1 3h14v10H9.4v-1.5h4.1v-7h-11V6H1zM1 7.5A5.5 5.5 0 0 1 6.5 13H5a4 4 0 0 0-4-4zM1 10.5A2.5 2.5 0 0 1 3.5 13H1z",
  play: "M4 2.5v11l9-5.5z",
  pause: "M3.5 2.5h3v11h-3zM9.5 2.5h3v11h-3z",
  save: "M7.2 1h1.6v6.6l2.4-2.4 1.1 1.1L8 10.6 3.7 6.3l1.1-1.1 2.4 2.4zM2 11h1.6v2.4h8.8V11H14v4H2z",
  done: "M6.4 12.6 2 8.2l1.2-1.2 3.2 3.2L12.8 3.8 14 5z",
  restart: "M8 2.5a5.5 5.5 0 1 0 5.3 4h-1.7A4 4 0 1 1 8 4v2.2l3.6-2.9L8 .4z",
  screen: "M1 2h14v9.5H9.2V13H12v1.4H4V13h2.8v-1.5H1zM2.5 3.5V10h11V3.5z",
  seed: "M2.5 2.5h11v11h-11zM4 4v8h8V4zM5 5h2v2H5zM9 9h2v2H9zM7 7h2v2H7z",
};

/** @param {keyof typeof PATHS} name */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "gl-icon");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name]);
  path.setAttribute("fill-rule", "evenodd");
  svg.append(path);
  return svg;
}

/**
 * Set text only if it has changed, to avoid a needless layout.
 *
 * @param {Node} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * Show how far a range input is filled (its track is drawn from --gl-p).
 *
 * @param {HTMLInputElement} input
 */
export function fillTrack(input) {
  const [value, low, high] = [Number(input.value), Number(input.min), Number(input.max)];
  const part = (value - low) / (high - low || 1);
  input.style.setProperty("--gl-p", `${100 * part}%`);
}

/**
 * Fill an input with what it edits, but not while it is edited, nor while it has a value that was refused.
 *
 * @param {HTMLInputElement | HTMLTextAreaElement} input
 * @param {string} value
 */
export function fill(input, value) {
  const free = document.activeElement !== input && input.getAttribute("aria-invalid") !== "true";
  if (free && input.value !== value) input.value = value;
}

/**
 * A button that loses the focus after a mouse click, so that the space key plays and pauses again.
 *
 * @param {Record<string, any>} attributes
 * @param {() => void} act
 * @param {...(Node | string)} content
 */
export function pushButton(attributes, act, ...content) {
  const node = el("button", { type: "button", ...attributes }, ...content);
  node.addEventListener("click", (event) => {
    if (event.detail > 0) node.blur(); // 0: a click by key
    act();
  });
  return node;
}
