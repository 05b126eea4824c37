// The presenter mode: the view alone on the whole screen, in type for the back row, with what a lecture needs.

import { el, icon, pushButton, setText } from "./dom.js";
import { pointers } from "./pointers.js";
import { _ } from "./words.js";

const FIELD = "present"; // of the page's address
const TOLD = 3000; // ms that words about a key stay
/** Knobs that a key turns between two values. @type {Record<string, [field: string, off: number, on: number]>} */
const TURNS = { k: ["k", 1, 5], m: ["minibatch_discrimination", 0, 16], u: ["unroll", 0, 5] };
const LOSS = "loss";

/** The keys and what they do, for the list of keys. @type {[keys: string, says: string][]} */
const KEYS = [
  [_("space"), _("play or pause")],
  ["s", _("one iteration")],
  ["d, g", _("one update of D, or of G")],
  ["+, −", _("faster, slower")],
  ["r, n", _("restart with the same seed, with a new one")],
  ["k", _("k: 1 or 5")],
  ["l, L", _("the next loss, the previous one")],
  ["m", _("minibatch discrimination: off or on")],
  ["u", _("unrolled D: off or 5 steps")],
  ["c", _("the curves: hide or show")],
  ["t", _("the text of a lesson: hide or show")],
  ["o", _("spotlight on the pointer")],
  ["i", _("laser pointer")],
  [_("arrows"), _("move the spotlight or the laser")],
  ["w", _("the class that follows: its code, its answers")],
  ["f", _("freeze the picture while training goes on")],
  ["p, Esc", _("leave")],
];

let lasting = false; // a view on another page of this document goes on presenting

const asked = () => new URLSearchParams(location.search).get(FIELD) === "1";

/** @param {boolean} on */
function toAddress(on) {
  const url = new URL(location.href);
  if (on) url.searchParams.set(FIELD, "1");
  else url.searchParams.delete(FIELD);
  // The view's own writing of the address escapes less than URLSearchParams does.
  const search = decodeURIComponent(url.search.replace(/%(?!2C|3A)/gi, "%25"));
  history.replaceState(history.state, "", url.pathname + search + url.hash);
}

/**
 * The values of knobs that a lecture is about.
 *
 * @param {import("./types.js").Knob[]} knobs
 * @param {Record<string, string | number>} values
 */
export function inWords(knobs, values) {
  const parts = knobs.flatMap(({ field, title, choices }) => {
    const value = values[field];
    if (field === LOSS) return [choices.find(([name]) => name === value)?.[1] ?? value];
    if (field === "k") return [`k ${value}`];
    return value && Object.values(TURNS).some(([name]) => name === field) ? [`${title} ${value}`] : [];
  });
  return parts.join(" · ");
}

/** Hide what is around views, while one of them is presented. */
const around = () => document.documentElement.classList.toggle("gl-presents", document.querySelector(".gl-presenting") !== null);

/**
 * send(command) to the run; layout() lays the view out and draws it; frozen(on) is called when the picture is to stand
 * still, and when it may move again. Returns {button, on, curves, keys, open(), scene(message), status(message), close()}.
 *
 * @param {HTMLElement} root
 * @param {object} use
 * @param {(command: import("./types.js").Command) => unknown} use.send
 * @param {() => void} use.layout
 * @param {(on: boolean) => void} use.frozen
 */
export function presenter(root, { send, layout, frozen }) {
  let on = false;
  let frozenNow = false;
  let curves = false;
  /** @type {import("./types.js").Knob[]} */
  let knobs = [];
  /** @type {Record<string, string | number>} */
  let values = {};
  let playing = false;
  let refused = "";
  let timer = 0;

  const now = el("span", { class: "gl-present-now", "data-testid": "present-now" });
  const words = el("div", { class: "gl-toast", role: "status", "data-testid": "present-said" });
  const badge = el("div", { class: "gl-frozen", "data-testid": "frozen", hidden: "" }, _("frozen"));
  const list = el(
    "div",
    { class: "gl-present-keys", role: "dialog", "aria-label": _("Keys"), "data-testid": "present-keys", hidden: "" },
    el("dl", {}, ...KEYS.flatMap(([keys, says]) => [el("dt", {}, keys), el("dd", {}, says)])),
  );
  const help = pushButton({ class: "gl-button gl-present-only", "aria-label": _("Keys"), title: _("The keys (?)"), "data-testid": "present-help" }, () => press("?"), "?");
  const button = pushButton(
    { class: "gl-button gl-present", "aria-label": _("Presenter mode"), "aria-pressed": "false", title: _("Presenter mode: the whole screen, in large type (p)"), "data-testid": "presenter", "data-tool": "presenter" },
    () => turn(!on),
    icon("screen"),
  );
  const pointer = pointers(root);

  /** @param {string} text */
  function tell(text) {
    setText(words, text);
    clearTimeout(timer);
    timer = window.setTimeout(() => setText(words, ""), TOLD);
  }

  function show() {
    root.classList.toggle("gl-presenting", on);
    root.classList.toggle("gl-with-text", false);
    around();
    button.setAttribute("aria-pressed", String(on));
    if (on) root.append(words, badge, list, pointer.node);
    else for (const node of [words, badge, list, pointer.node]) node.remove();
    layout();
  }

  /** @param {boolean} wanted */
  function turn(wanted) {
    if (wanted === on) return;
    on = lasting = wanted;
    toAddress(on);
    if (!on) {
      freeze(false);
      pointer.off();
      list.hidden = true;
      curves = false;
    }
    // Without a click or a key, as after a reload, the browser refuses, and the window is filled instead.
    if (on) document.documentElement.requestFullscreen?.().catch(() => {});
    else if (document.fullscreenElement) document.exitFullscreen().catch(() => {});
    show();
    if (on) tell(_("? lists the keys, Esc leaves"));
  }

  /** @param {boolean} wanted */
  function freeze(wanted) {
    if (wanted === frozenNow) return;
    frozenNow = wanted;
    badge.hidden = !wanted;
    frozen(wanted);
    if (wanted) tell(playing ? _("The picture stands still, training goes on. Space pauses it.") : _("The picture stands still."));
  }

  /**
   * @param {string} field
   * @param {(knob: import("./types.js").Knob, value: string | number) => string | number} next
   */
  function change(field, next) {
    const knob = knobs.find((one) => one.field === field);
    if (!knob) return tell(_("This view has no such knob for all of its runs."));
    const value = next(knob, values[field]);
    values = { ...values, [field]: value };
    send({ cmd: "set", field, value });
    const title = knob.choices.find(([name]) => name === value)?.[1] ?? value;
    tell(`${knob.title} = ${title}`);
    said();
  }

  /** @param {number} step */
  const otherLoss = (step) =>
    change(LOSS, (knob, value) => {
      const names = knob.choices.map(([name]) => name);
      return names[(names.indexOf(value) + step + names.length) % names.length];
    });

  function said() {
    setText(now, inWords(knobs, values));
  }

  /** @param {string} key */
  function press(key) {
    const turned = TURNS[key];
    if (turned) change(turned[0], (_, value) => (value === turned[2] ? turned[1] : turned[2]));
    else if (key === "l" || key === "L") otherLoss(key === "l" ? 1 : -1);
    else if (key === "c") {
      curves = !curves;
      layout();
    } else if (key === "t") {
      root.classList.toggle("gl-with-text");
      layout();
    } else if (key === "o" || key === "i") pointer.turn(key === "o" ? "spot" : "laser");
    else if (key === "f") freeze(!frozenNow);
    else if (key === "?") list.hidden = !list.hidden;
    else if (key === "Escape") {
      if (list.hidden) turn(false);
      else list.hidden = true;
    } else if (!pointer.move(key)) return false;
    return true;
  }

  const keys = [...Object.keys(TURNS), "l", "L", "c", "t", "o", "i", "f", "?", "Escape", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"];
  const end = new AbortController();
  document.addEventListener("fullscreenchange", () => document.fullscreenElement || turn(false), { signal: end.signal });

  return {
    button,
    /** What the toolbar shows while presenting. */
    extra: [now, help],
    on: () => on,
    /** Whether the curves have a place beside the picture. */
    curves: () => !on || curves,
    /**
     * Handle a key; returns whether it was used.
     *
     * @param {KeyboardEvent} event
     */
    key(event) {
      if (event.key === "p" && !event.repeat) turn(!on);
      else if (!on || !keys.includes(event.key) || (event.repeat && !event.key.startsWith("Arrow"))) return false;
      else return press(event.key);
      return true;
    },
    /** Present at once if the address says so, or if the view before this one was presented. */
    open() {
      if (!asked() && !lasting) return;
      on = lasting = true;
      toAddress(true);
      show();
    },
    /** @param {import("./types.js").Scene} message */
    scene(message) {
      knobs = message.knobs.filter(({ field }) => !message.fields?.includes(field));
      freeze(false);
    },
    /** @param {import("./types.js").Status} message */
    status(message) {
      values = { ...message.values };
      playing = message.state === "playing";
      said();
      const why = message.refused?.why ?? "";
      if (on && why && why !== refused) tell(why);
      refused = why;
    },
    close() {
      clearTimeout(timer);
      end.abort();
      pointer.off();
      if (!on) return;
      root.classList.remove("gl-presenting");
      around();
    },
  };
}
