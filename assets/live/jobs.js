// Long jobs: a button for each, which shows its progress and stops it.

import { el, setText } from "./dom.js";

/** A box of jobs: {node, show(id, text, share, title, stop), hide(id)}. */
export function jobs() {
  const node = el("div", { class: "gl-jobs" });
  /** @type {Map<string, HTMLButtonElement>} */
  const shown = new Map();
  return {
    node,
    /**
     * @param {string} id
     * @param {string} text
     * @param {number} share that is done
     * @param {string} title
     * @param {() => void} stop
     */
    show(id, text, share, title, stop) {
      let button = shown.get(id);
      if (!button) {
        button = el("button", { class: "gl-button gl-going", type: "button", "data-testid": id, title });
        shown.set(id, button);
        node.append(button);
      }
      button.onclick = stop;
      button.style.setProperty("--gl-p", `${100 * share}%`);
      setText(button, `■ ${text}`);
    },
    /** @param {string} id */
    hide(id) {
      shown.get(id)?.remove();
      shown.delete(id);
    },
  };
}
