// Slow motion: the parts of one iteration in turn, each with its caption and its terms of the equation.
// The server makes an iteration after its last part was shown; in between the run is paused.

import { el, pushButton, setText } from "./dom.js";
import { _ } from "./words.js";

/** @typedef {import("./types.js").Command} Command */
/** @typedef {import("./types.js").Parts} Parts */

// ms of a part's movement, by kind
const LASTS = { data: 1200, make: 1700, judge: 1400, d: 3000, d_again: 2600, g_make: 1700, ahead: 3000, slope: 1400, g: 2200, g_again: 2600 };
const READING = 28; // ms per character of a caption, beside the movement
const AGAIN = 0.35; // the share of this time from the second iteration on

const still = () => window.matchMedia?.("(prefers-reduced-motion: reduce)").matches ?? false;

/**
 * send(command) to the server, show(parts, index, progress) draws, changed() after each change of what is said about the
 * run, playing(): whether the run plays. Returns {button, node, on, ...}: node is placed by `place`.
 *
 * @param {object} given
 * @param {(command: Command) => unknown} given.send
 * @param {(parts: Parts | null, index: number, progress: number) => void} given.show
 * @param {() => void} given.changed
 * @param {() => boolean} given.playing
 */
export function explainer({ send, show, changed, playing }) {
  /** @type {Parts | null} */
  let parts = null;
  let on = false;
  let asked = 0; // when this page last switched it on or off
  let before = false; // whether the run played before
  let running = false; // whether one part follows the other by itself
  let over = false; // whether the run has diverged
  let waiting = false; // for the parts of the next iteration
  let at = 0;
  let progress = 0;
  let seen = 0; // iterations explained so far
  let held = 0; // ms that the shown part has been complete
  let raf = 0;
  let last = 0;
  let built = "";

  const tool = (/** @type {string} */ id, /** @type {string} */ title, /** @type {() => void} */ act, /** @type {string[]} */ ...content) =>
    pushButton({ class: "gl-button gl-small", "data-testid": id, title, "aria-label": title.split(":")[0] }, act, ...content);
  const button = tool("explain", _("Explain one iteration in its parts: slow motion (e)"), () => toggle(), _("Explain"));
  button.classList.remove("gl-small");
  button.setAttribute("aria-pressed", "false");
  const heading = el("h2", { class: "gl-explain-head" }, "");
  const title = el("h3", { class: "gl-explain-title", "data-testid": "part-title" });
  const says = el("p", { class: "gl-explain-says", "data-testid": "part-says" });
  const list = el("ol", { class: "gl-explain-list" });
  const equation = el("div", { class: "gl-equation", "data-testid": "equation" });
  const beside = el("p", { class: "gl-explain-note" });
  const rule = el("p", { class: "gl-explain-note" });
  const previous = tool("part-before", _("Previous part: key ←"), () => go(-1), _("‹ Previous"));
  const next = tool("part-after", _("Next part: key →"), () => go(1), _("Next ›"));
  const node = el(
    "section",
    { class: "gl-explain", "aria-label": _("One iteration in its parts"), "data-testid": "explained", hidden: "" },
    el("div", { class: "gl-explain-bar" }, heading, el("span", { class: "gl-space" }), tool("explain-close", _("Stop explaining: key e"), () => toggle(false), "×")),
    el("div", { class: "gl-explain-words", "aria-live": "polite" }, title, says),
    el("div", { class: "gl-explain-bar" }, previous, next, el("span", { class: "gl-explain-keys" }, _("keys ← →, space: by itself"))),
    equation,
    list,
    beside,
    rule,
  );

  /** @param {boolean} [value] */
  function toggle(value = !on) {
    asked = performance.now();
    if (value) before = playing();
    send({ cmd: "explain", value });
    if (!value && before) send({ cmd: "play" });
    running = value && !still();
    seen = 0;
    set(value);
  }

  /** @param {boolean} value */
  function set(value) {
    if (value === on) return;
    on = value;
    button.setAttribute("aria-pressed", String(on));
    node.hidden = !on;
    if (!on) {
      clear();
      running = false;
    }
    tell();
    changed();
    if (on && node.closest(".gl-narrow")) node.scrollIntoView?.({ block: "start" });
  }

  function clear() {
    parts = null;
    waiting = false;
    if (raf) cancelAnimationFrame(raf);
    raf = 0;
    show(null, 0, 0);
  }

  /** @param {number} step */
  function go(step) {
    if (!parts || waiting) return true;
    if (at + step < 0) return true;
    if (step < 0) halt();
    if (at + step < parts.parts.length) begin(at + step);
    else {
      waiting = true;
      send({ cmd: "step" });
      tell();
    }
    return true;
  }

  function halt() {
    if (!running) return;
    running = false;
    changed();
  }

  /** @param {number} index */
  function begin(index) {
    at = index;
    held = 0;
    progress = still() ? 1 : 0;
    tell();
    schedule();
  }

  function schedule() {
    last = performance.now();
    if (!raf) raf = requestAnimationFrame(tick);
  }

  /** @param {number} now */
  function tick(now) {
    raf = 0;
    const part = parts?.parts[at];
    if (!on || !parts || !part) return;
    const passed = Math.min(100, Math.max(0, now - last));
    last = now;
    if (progress < 1) progress = Math.min(1, progress + passed / (LASTS[part.kind] ?? 1500));
    else held += passed;
    show(parts, at, progress);
    if (progress === 1 && running && !waiting && held > READING * part.says.length * (seen > 1 ? AGAIN : 1)) go(1);
    if (progress < 1 || (running && !waiting)) raf ||= requestAnimationFrame(tick);
  }

  /** Show the current part's words, its terms, and which parts there are. */
  function tell() {
    const part = parts?.parts[at];
    build();
    const count = parts?.parts.length ?? 0;
    const where = parts ? _("Iteration {iteration} in its parts", { iteration: parts.iteration + 1 }) : _("One iteration in its parts");
    setText(heading, where);
    const none = over ? _("The run has diverged: there is no next iteration.") : _("Computing the next iteration…");
    const said = part ? part.title : on ? none : "";
    setText(title, waiting ? _("Making the iteration…") : said);
    const some = part && ["data", "make", "g_make"].includes(part.kind) && parts && parts.shown < parts.batch;
    setText(says, part && !waiting ? `${part.says}${some ? _(" The first {shown} are drawn.", { shown: parts?.shown }) : ""}` : "");
    node.dataset.player = part?.player ?? "";
    [...list.children].forEach((item, i) => {
      if (i === at && part) item.setAttribute("aria-current", "step");
      else item.removeAttribute("aria-current");
    });
    if (part) list.children[at]?.scrollIntoView?.({ block: "nearest" });
    for (const term of terms) {
      const lit = !part || term.id === "whole" || part.lit.includes(term.id);
      term.node.classList.toggle("gl-lit", Boolean(part) && lit);
      term.node.classList.toggle("gl-dimmed", !lit);
    }
    previous.disabled = !parts || at === 0;
    next.disabled = !parts || waiting;
    setText(next, parts && at === count - 1 ? _("Next iteration ›") : _("Next ›"));
  }

  /** @type {{id: string, node: HTMLElement}[]} */
  let terms = [];

  /** Build the list and the equation, if they have changed. */
  function build() {
    if (!parts) return;
    const text = JSON.stringify([parts.equation, parts.parts.map((part) => [part.title, part.player]), parts.beside, parts.note]);
    if (text === built) return;
    built = text;
    list.replaceChildren(
      ...parts.parts.map((part, i) =>
        el("li", { "data-role": part.player }, el("button", { type: "button", class: "gl-explain-item", onclick: () => (halt(), begin(i)) }, part.title)),
      ),
    );
    terms = [];
    equation.replaceChildren(
      ...parts.equation.map((row) =>
        el(
          "div",
          {},
          ...row.map(([id, math]) => {
            const node = el("span", { class: "gl-term", "data-term": id });
            node.innerHTML = math; // MathML of the server's own registry
            terms.push({ id, node });
            return node;
          }),
        ),
      ),
    );
    setText(beside, parts.beside);
    setText(rule, parts.note);
  }

  return {
    button,
    node,
    get on() {
      return on;
    },
    keys: { e: () => (toggle(), true) },
    /**
     * Handle a key of the parts; returns whether it was used.
     *
     * @param {KeyboardEvent} event
     */
    key(event) {
      const target = /** @type {HTMLElement} */ (event.target);
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!on || !step || target.closest?.('input,select,textarea,[role="slider"],[role="menu"],[role="dialog"]')) return false;
      return go(step);
    },
    /**
     * Whether a command is for the parts, not for the server.
     *
     * @param {Command} command
     */
    takes({ cmd }) {
      if (!on || (cmd !== "play" && cmd !== "pause")) return false;
      if (cmd === "play" && still()) return go(1);
      running = cmd === "play";
      if (running) schedule();
      changed();
      return true;
    },
    /**
     * A status as the toolbar shows it: an explanation that runs by itself plays.
     *
     * @param {import("./types.js").Status} message
     */
    told: (message) => (on && message.state === "paused" && running ? { ...message, state: "playing", backend: undefined } : message),
    /** @param {import("./types.js").Status} message */
    status(message) {
      if (performance.now() - asked > 1000 || Boolean(message.explains) === on) set(Boolean(message.explains));
      const ended = message.state === "diverged";
      if (ended === over) return;
      over = ended;
      if (over) clear();
      tell();
    },
    /** @param {Parts} message */
    receive(message) {
      if (!on) return;
      // The same iteration by another program, which has been compiled meanwhile: hardly a digit differs.
      const same = parts?.iteration === message.iteration && parts.parts.length === message.parts.length && !waiting;
      parts = message;
      if (same) return begin(at);
      waiting = false;
      seen += 1;
      begin(0);
    },
    clear,
    draw: () => parts && show(parts, at, progress),
    close: () => cancelAnimationFrame(raf),
    toggle,
    /** Stop explaining, without playing. */
    stop() {
      before = false;
      toggle(false);
    },
  };
}
