// A panel that is open while its button is pressed, and shows what the server computes on demand.

import { el, pushButton } from "./dom.js";
import { _ } from "./words.js";

/**
 * Returns {button, node, bar, on, ...}; node: a hidden section with `bar`, which ends with the button that closes it.
 *
 * @param {object} given
 * @param {string} given.id of the buttons and of the panel
 * @param {string} given.key that opens and closes it
 * @param {string} given.word on the button
 * @param {string} given.title of the button
 * @param {string} given.label of the panel
 * @param {() => void} given.ask tell the server whether it is open
 * @param {() => void} given.show redraw it
 * @param {() => void} given.opened called when it is opened here
 */
export function askedPanel({ id, key, word, title, label, ask, show, opened }) {
  let on = false;
  let asked = 0; // when this page last switched it on or off
  const tool = (/** @type {string} */ id, /** @type {string} */ title, /** @type {string} */ text) =>
    pushButton({ class: "gl-button", "data-testid": id, title, "aria-label": title.split(":")[0] }, () => toggle(), text);
  const button = tool(id, `${title} (${key})`, word);
  button.setAttribute("aria-pressed", "false");
  const close = tool(`${id}-close`, _("Close the {word}: key {key}", { word: word.toLowerCase(), key }), "×");
  close.classList.add("gl-small");
  const heading = el("h2", { class: "gl-explain-head", "data-testid": `${id}-age` }, "");
  const node = el(
    "section",
    { class: `gl-explain gl-${id}`, "aria-label": label, "data-testid": `${id}-panel`, hidden: "" },
    el("div", { class: "gl-explain-bar" }, heading, el("span", { class: "gl-space" }), close),
  );

  /** @param {boolean} [value] */
  function toggle(value = !on) {
    asked = performance.now();
    set(value);
    ask();
    if (value) opened();
  }

  /** @param {boolean} value */
  function set(value) {
    if (value === on) return;
    on = value;
    button.setAttribute("aria-pressed", String(on));
    node.hidden = !on;
    show();
    if (on && node.closest(".gl-narrow")) node.scrollIntoView?.({ block: "start" });
  }

  return {
    button,
    node,
    heading,
    get on() {
      return on;
    },
    keys: { [key]: () => (toggle(), true) },
    toggle,
    /**
     * Take over the server's state, unless it may be older than this page's last request.
     *
     * @param {boolean} value
     */
    told(value) {
      if (performance.now() - asked > 1000 || value === on) set(value);
    },
  };
}
