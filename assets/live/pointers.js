// What points at a place of the picture: a spotlight, which dims everything else, and a laser pointer.

import { el } from "./dom.js";

const STEP = 0.03; // of the window's width, for an arrow key
const [LEAST, MOST] = [0.04, 0.6]; // radii of the spotlight, in widths

/**
 * Both follow the pointer over `root`. Returns {node, turn(which), move(key) -> whether it moved, off()}.
 *
 * @param {HTMLElement} root
 */
export function pointers(root) {
  const node = el("div", { class: "gl-pointer", "aria-hidden": "true", "data-testid": "pointer", hidden: "" });
  let x = window.innerWidth / 2;
  let y = window.innerHeight / 2;
  let radius = 0.11;
  let heard = new AbortController();

  function place() {
    node.style.setProperty("--x", `${Math.round(x)}px`);
    node.style.setProperty("--y", `${Math.round(y)}px`);
    node.style.setProperty("--r", `${Math.round(radius * window.innerWidth)}px`);
  }

  /** @param {PointerEvent} event */
  function moved(event) {
    [x, y] = [event.clientX, event.clientY];
    place();
  }

  /** @param {WheelEvent} event */
  function scaled(event) {
    if (node.dataset.kind !== "spot") return;
    event.preventDefault();
    radius = Math.min(MOST, Math.max(LEAST, radius * (event.deltaY > 0 ? 0.92 : 1.08)));
    place();
  }

  function off() {
    heard.abort();
    node.hidden = true;
    root.classList.remove("gl-pointed");
    delete node.dataset.kind;
  }

  return {
    node,
    off,
    /** Turn one on in place of the other, or off. @param {"spot" | "laser"} which */
    turn(which) {
      const was = node.dataset.kind;
      off();
      if (was === which) return;
      heard = new AbortController();
      window.addEventListener("pointermove", moved, { signal: heard.signal });
      root.addEventListener("wheel", scaled, { signal: heard.signal, passive: false });
      node.dataset.kind = which;
      node.hidden = false;
      root.classList.toggle("gl-pointed", which === "laser"); // the dot takes the place of the cursor
      place();
    },
    /** @param {string} key */
    move(key) {
      /** @type {Record<string, [number, number]>} */
      const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      const way = ways[key];
      if (node.hidden || !way) return false;
      const step = STEP * window.innerWidth;
      x = Math.min(window.innerWidth, Math.max(0, x + way[0] * step));
      y = Math.min(window.innerHeight, Math.max(0, y + way[1] * step));
      place();
      return true;
    },
  };
}
