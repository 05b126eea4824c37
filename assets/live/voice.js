// The state of a run for those who hear the page: at each change, and now and then while it plays.

import { el, setText } from "./dom.js";
import { short } from "./plot.js";
import { _ } from "./words.js";

const LEAST = 3000; // ms between two sentences
const EVERY = 15000; // ms between two sentences about a run that plays
const grouped = new Intl.NumberFormat("en-US");

/** @type {() => Record<string, string>} */
const states = () => ({ playing: _("playing"), paused: _("paused"), diverged: _("diverged"), waiting: _("waiting") });

/** @param {import("./types.js").Status} message */
export function sentence(message) {
  const measures = Object.entries(message.metrics ?? {}).filter(([name, value]) => /^jsd(\.\d)?$/.test(name) && Number.isFinite(value));
  const letter = (/** @type {string} */ name) => "ABCD"[Number(name.split(".")[1])] ?? "";
  const jsd = measures.map(([name, value]) => `JSD ${letter(name)} ${short(Number(value))}`.replace("  ", " "));
  return [_("{state}, iteration {iteration}", { state: states()[message.state] ?? message.state, iteration: grouped.format(message.iteration) }), ...jsd].join(", ");
}

/** Returns {node, tell(message), say(text)}. */
export function voice() {
  const node = el("span", { class: "gl-spoken", role: "status", "aria-live": "polite", "data-testid": "voice" });
  let state = "";
  let at = -Infinity;
  let timer = 0;
  let next = "";
  const speak = () => {
    timer = 0;
    at = performance.now();
    setText(node, next);
  };
  return {
    node,
    /** Say at once what is urgent. @param {string} text */
    say(text) {
      if (!text) return;
      next = text;
      speak();
    },
    /** @param {import("./types.js").Status} message */
    tell(message) {
      const since = performance.now() - at;
      const changed = message.state !== state;
      const text = sentence(message);
      if (text === next || (!changed && message.state === "playing" && since < EVERY)) return;
      state = message.state;
      next = text;
      if (timer) return;
      if (since >= LEAST) speak();
      else timer = window.setTimeout(speak, LEAST - since);
    },
  };
}
