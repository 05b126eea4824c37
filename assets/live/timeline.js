// The timeline under the picture: a slider over all moments of the run, and flags for what happened.

import { el, fillTrack, setText } from "./dom.js";
import { nearestTo } from "./places.js";
import { _ } from "./words.js";

const EVERY = 50; // ms between two requests while dragging; the server accepts 20 per second
const QUIET = 600; // ms after the last input before the server moves the thumb
const LETTER = 6.2; // px of a letter of a flag's word, at text scale 1
const WIDE = 1.9; // letters that a Chinese character takes
const APART = 4; // px between two flags
const AGAIN = 110; // px between two flags with the same word
const RANK = { change: 0, found: 1, note: 2 };
const grouped = new Intl.NumberFormat("en-US");

/** @typedef {import("./types.js").Flag} Flag */

/**
 * The flags that are drawn in `width` px: of flags at the same place the most important one; and its word, if there is
 * room for it and the same word does not stand beside it. Notes come before found moments, these before changes, and
 * newer ones before older ones.
 *
 * @param {Flag[]} flags in the order of places
 * @param {(at: number) => number} x the place of a flag in px
 * @param {number} width
 * @param {number} u
 */
export function placeFlags(flags, x, width, u) {
  const order = flags.map((flag, i) => ({ flag, i, x: x(flag.at) })).filter((one) => one.x >= 0 && one.x <= width);
  order.sort((a, b) => RANK[b.flag.kind] - RANK[a.flag.kind] || b.i - a.i);
  /** @type {{flag: Flag, x: number, from: number, word: boolean}[]} */
  const placed = [];
  /** @type {[number, number][]} */
  const used = [];
  for (const { flag, x: at } of order) {
    if (placed.some((other) => Math.abs(other.x - at) < APART * u)) continue;
    const wide = [...flag.text].reduce((sum, letter) => sum + (letter >= "\u2e80" ? WIDE : 1), 0) * LETTER * u;
    const from = Math.max(0, Math.min(at - wide / 2, width - wide));
    const again = placed.some((other) => other.word && other.flag.text === flag.text && Math.abs(other.x - at) < AGAIN * u);
    const word = !again && wide <= width && used.every(([a, b]) => from > b || from + wide < a);
    if (word) used.push([from - 4 * u, from + wide + 4 * u]);
    placed.push({ flag, x: at, from, word });
  }
  return placed;
}

/**
 * Returns {node, status(timeline), flags(list), knobs(list), resize(scale), close()}.
 *
 * @param {(command: import("./types.js").Command) => unknown} send
 * @param {((field: string) => void) | null} fork compares the moment with the same after a change of that field
 * @param {boolean} stored whether it is of a stored recording, which cannot be changed
 */
export function timeline(send, fork = null, stored = false) {
  /** @type {import("./types.js").Timeline | null} */
  let now = null;
  /** @type {Flag[]} */
  let flags = [];
  let drawn = ""; // the inputs of the flags on the page
  let [width, u] = [0, 1];
  let quiet = 0;
  let asked = 0; // the place that was asked for last
  let sent = 0; // when
  let timer = 0;

  const slider = el("input", {
    type: "range",
    class: "gl-range",
    min: 0,
    max: 0,
    step: 1,
    value: 0,
    "data-testid": "timeline",
    "aria-label": _("Moment of the run"),
    title: _("Drag to an earlier moment. Keys: ← → one step (with Shift, ten), Page Up and Page Down to the next flag, Home and End"),
    oninput: () => ask(Number(slider.value), true),
    onchange: () => ask(Number(slider.value), false),
    onkeydown: (/** @type {KeyboardEvent} */ event) => onKey(event),
  });
  const over = el("div", { class: "gl-flags", "aria-hidden": "true" });
  const words = el("output", { class: "gl-value gl-when", "data-testid": "moment" }, "");
  const button = (/** @type {string} */ id, /** @type {string} */ title, /** @type {string} */ cmd, /** @type {string} */ word) =>
    el("button", {
      class: "gl-button gl-small",
      type: "button",
      "data-testid": id,
      title,
      onclick: () => {
        quiet = 0;
        send({ cmd });
      },
    }, word);
  const present = button("present", _("Back to the present: the run continues where it was"), "present", _("Present"));
  const onward = button("continue", _("Continue the run from this moment; the curves of what came after it stay in the background"), "continue", _("Continue"));
  const menu = el("select", {
    class: "gl-select gl-fork",
    "data-testid": "fork",
    "aria-label": _("Fork to Compare with another setting"),
    title: _("Compare two runs from this moment on: one as it is, one with another setting"),
    onchange: () => {
      const name = menu.value;
      menu.value = "";
      if (name) fork?.(name);
    },
  });
  const note = el("input", {
    type: "text",
    class: "gl-note",
    maxlength: 60,
    placeholder: _("note"),
    "data-testid": "note",
    "aria-label": _("Note at this moment"),
    title: _("A note at this moment, which becomes a flag: Enter keeps it, and removes it if it is empty"),
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Enter" || !now) return;
      send({ cmd: "bookmark", at: now.at, text: note.value.trim() });
      note.blur();
    },
    onblur: () => noted(),
  });
  const buttons = stored ? [] : [onward, ...(fork ? [menu] : []), present];
  const node = el(
    "div",
    { class: "gl-time", role: "group", "aria-label": _("Timeline") },
    el("div", { class: "gl-track" }, over, slider),
    el("div", { class: "gl-moment" }, el("div", { class: "gl-said-of" }, ...(stored ? [] : [note]), words), el("div", { class: "gl-group" }, ...buttons)),
  );

  /**
   * @param {number} at
   * @param {boolean} kept
   */
  function ask(at, kept) {
    if (!now) return;
    asked = at;
    quiet = performance.now() + QUIET;
    slider.value = String(at);
    fillTrack(slider);
    clearTimeout(timer);
    const wait = kept ? sent + EVERY - performance.now() : 0;
    const go = () => {
      sent = performance.now();
      send({ cmd: "scrub", at, kept });
    };
    if (wait > 0) timer = window.setTimeout(go, wait);
    else go();
  }

  /**
   * The place that many steps away.
   *
   * @param {number} at
   * @param {number} steps
   */
  function away(at, steps) {
    const places = now?.places;
    return places ? places[Math.min(places.length - 1, Math.max(0, nearestTo(places, at) + steps))] : at + steps;
  }

  /**
   * Go where a key leads; returns whether it leads anywhere.
   *
   * @param {string} key
   * @param {number} [step]
   */
  function press(key, step = 1) {
    if (!now) return false;
    const at = performance.now() < quiet ? asked : Number(slider.value);
    const [first, last] = [now.first, now.last];
    const before = flags.map((flag) => flag.at).filter((one) => one < at);
    const after = flags.map((flag) => flag.at).filter((one) => one > at);
    /** @type {Record<string, number>} */
    const places = {
      ArrowLeft: away(at, -step), ArrowDown: away(at, -step), ArrowRight: away(at, step), ArrowUp: away(at, step), Home: first, End: last,
      PageUp: Math.max(first, ...before), PageDown: Math.min(last, ...after),
    };
    const place = places[key];
    if (place === undefined) return false;
    ask(Math.min(last, Math.max(first, place)), false);
    return true;
  }

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !press(event.key, event.shiftKey ? 10 : 1)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Show the note at this moment, unless it is being written. */
  function noted() {
    if (document.activeElement === note) return;
    note.value = flags.find((flag) => flag.kind === "note" && flag.at === now?.at)?.text ?? "";
    note.disabled = !now?.past;
  }

  function say() {
    if (!now) return;
        const place = now.wanted >= 0 ? now.wanted : now.at;
    const busy = now.wanted >= 0 && now.done < 1;
    const at = now.unit === "updates" ? _("update {n}", { n: grouped.format(place) }) : _("iteration {n}", { n: grouped.format(place) });
    const text = !now.past ? at : busy ? `${at} · ${Math.floor(100 * now.done)} %` : _("{at} of {last}", { at, last: grouped.format(now.last) });
    setText(words, text);
    words.title = now.exact ? "" : _("Replayed by other means than it was made (another version, machine or program): equal up to rounding");
    const here = flags.filter((flag) => flag.at === now?.at).map((flag) => flag.text);
    const more = now.unit === "updates" ? [_("iteration {iteration}", { iteration: grouped.format(now.iteration) })] : [];
    const value = [...(now.past ? [at, ...more] : [_("present"), at]), ...here].join(", ");
    if (slider.getAttribute("aria-valuetext") !== value) slider.setAttribute("aria-valuetext", value);
    noted();
    for (const one of buttons) one.disabled = !now.past;
    onward.disabled ||= now.wanted >= 0;
    node.classList.toggle("gl-past", now.past);
  }

  function draw() {
    if (!now || !width) return;
    const thumb = 16 * u; // the middle of the thumb moves over the width without it
    const span = now.last - now.first || 1;
    const first = now.first;
    const x = (/** @type {number} */ at) => ((at - first) / span) * (width - thumb) + thumb / 2;
    const placed = placeFlags(flags, x, width, u);
    const text = JSON.stringify([placed.map((one) => [one.flag.text, Math.round(one.x), one.word]), u]);
    if (text === drawn) return;
    drawn = text;
    over.replaceChildren(
      ...placed.flatMap(({ flag, x: at, from, word }) => {
        const go = () => ask(flag.at, false);
        const { kind } = flag;
        const title = _("{text}, iteration {iteration}", { text: flag.text, iteration: grouped.format(flag.iteration) });
        const pole = el("span", { class: "gl-flag", "data-kind": kind, title, style: `left:${at.toFixed(1)}px`, onclick: go });
        if (!word) return [pole];
        return [pole, el("span", { class: "gl-flag-word", "data-kind": kind, title, style: `left:${from.toFixed(1)}px`, onclick: go }, flag.text)];
      }),
    );
  }

  // The words beside the track may grow and leave it less room.
  const observer = new ResizeObserver(() => {
    width = over.clientWidth;
    draw();
  });
  observer.observe(over);

  return {
    node,
    /** Actions of keys, wherever the focus is. */
    keys: Object.fromEntries(["ArrowLeft", "ArrowRight", "Home", "End", "PageUp", "PageDown"].map((key) => [key, () => press(key)])),
    /** @param {import("./types.js").Timeline | undefined} message */
    status(message) {
      now = message && "at" in message ? message : null;
      node.hidden = !now;
      if (!now) return;
      slider.min = String(Math.min(now.first, now.last - 1)); // the present is at the right end
      slider.max = String(now.last);
      if (performance.now() > quiet) slider.value = String(now.wanted >= 0 ? now.wanted : now.at);
      fillTrack(slider);
      say();
      draw();
    },
    /** @param {Flag[]} list */
    flags(list) {
      flags = list;
      noted();
      draw();
    },
    /** @param {import("./types.js").Knob[]} list */
    knobs(list) {
      const fields = list.filter((knob) => !knob.restarts);
      menu.replaceChildren(
        el("option", { value: "" }, _("Fork…")),
        ...fields.map(({ field, title }) => el("option", { value: field }, _("another {title}", { title }))),
      );
    },
    /** @param {number} scale */
    resize(scale) {
      [width, u] = [over.clientWidth, scale];
      draw();
    },
    close() {
      clearTimeout(timer);
      observer.disconnect();
    },
  };
}
