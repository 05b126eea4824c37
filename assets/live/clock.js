// Time on a page that plays what the server has computed: play, pause, single steps, scrub, speed, keys.

import { counters } from "./counters.js";
import { el, fillTrack, icon, pushButton, setText } from "./dom.js";
import { _ } from "./words.js";

const LONGEST = 200; // ms that one frame may take; a page that was hidden continues from there

/**
 * A button of a page's bar.
 *
 * @param {string} id
 * @param {string} title
 * @param {() => void} act
 * @param {...(Node | string)} content
 */
export const barButton = (id, title, act, ...content) =>
  pushButton({ class: `gl-button gl-${id}`, "data-testid": id, title }, act, ...content);

/**
 * A menu.
 *
 * @param {string} id
 * @param {string} label
 * @param {[string, string][]} choices
 * @param {(value: string) => void} act
 */
export function barSelect(id, label, choices, act) {
  const node = el("select", { class: "gl-select", "data-testid": id, "aria-label": label, title: label, onchange: () => act(node.value) });
  node.append(...choices.map(([value, title]) => el("option", { value }, title)));
  return node;
}

/**
 * draw(now) is called at each change of the time; unit: what a step is, such as "update"; speeds: steps per second,
 * of which `speed` is the first. Returns {nodes, now(), length(n), jump(to), toggle(), restart(), call(unit), key(event),
 * close()}.
 *
 * @param {object} options
 * @param {string} options.unit
 * @param {number[]} options.speeds
 * @param {number} options.speed
 * @param {(now: number) => void} options.draw
 */
export function clock({ unit, speeds, speed, draw }) {
  let length = 0;
  let now = 0;
  let playing = !matchMedia("(prefers-reduced-motion: reduce)").matches;
  let started = false;
  let frame = 0;
  let before = 0; // the time of the last frame
  let dead = false;

  const word = el("span", {}, _("Play"));
  const sign = el("span", { class: "gl-icons" }, icon("play"));
  const play = barButton("play", _("Play or pause (space)"), () => toggle(), sign, word);
  const back = barButton("back", "", () => jump(Math.ceil(now) - 1), "◂");
  const on = barButton("step", "", () => jump(Math.floor(now) + 1), "▸");
  const scrub = el("input", {
    class: "gl-range",
    type: "range",
    min: 0,
    max: 1,
    step: 1,
    value: 0,
    "data-testid": "scrub",
    oninput: () => jump(Number(scrub.value)),
  });
  const count = el("output", { class: "gl-value gl-when", "data-testid": "update" }, "");
  const pace = barSelect("speed", "", speeds.map((n) => [String(n), ""]), (value) => (speed = Number(value)));
  pace.value = String(speed);

  /** Say what a step is. @param {string} word */
  function call(word) {
    unit = word;
    const first = unit[0].toUpperCase() + unit.slice(1);
    back.title = _("One {unit} back (←; with Shift, ten)", { unit });
    on.title = _("One {unit} forward (→; with Shift, ten)", { unit });
    scrub.title = _("Drag to another {unit} (Home and End: first and last)", { unit });
    pace.title = _("{first}s per second", { first });
    back.setAttribute("aria-label", _("One {unit} back", { unit }));
    on.setAttribute("aria-label", _("One {unit} forward", { unit }));
    scrub.setAttribute("aria-label", first);
    pace.setAttribute("aria-label", pace.title);
    [...pace.options].forEach((option, i) => setText(option, _("{value} {unit}{s}/s", { value: speeds[i], unit, s: "s" })));
  }
  call(unit);

  function show() {
    const at = Math.floor(now);
    if (Number(scrub.value) !== at) scrub.value = String(at);
    fillTrack(scrub);
    setText(count, _("{at} of {length}", { at, length }));
    scrub.setAttribute("aria-valuetext", `${unit} ${at} of ${length}`);
    draw(now);
    counters.frames += 1;
    counters.iteration = at;
  }

  function run() {
    setText(word, playing ? _("Pause") : _("Play"));
    sign.replaceChildren(icon(playing ? "pause" : "play"));
    play.dataset.state = counters.state = playing ? "playing" : "paused";
    show();
    cancelAnimationFrame(frame);
    before = 0;
    if (playing && !dead) frame = requestAnimationFrame(tick);
  }

  /** @param {number} time */
  function tick(time) {
    if (dead) return;
    if (before && !document.hidden) now = Math.min(length, now + (speed * Math.min(LONGEST, time - before)) / 1000);
    before = time;
    if (now >= length) playing = false;
    if (!playing) return void run();
    show();
    frame = requestAnimationFrame(tick);
  }

  function toggle() {
    playing = !playing;
    if (playing && now >= length) now = 0;
    run();
  }

  /** @param {number} to */
  function jump(to) {
    playing = false;
    now = Math.min(length, Math.max(0, to));
    run();
  }

  return {
    call,
    nodes: [el("div", { class: "gl-group" }, play, back, on), el("label", { class: "gl-speed gl-scrub" }, scrub, count), pace],
    now: () => now,
    jump,
    toggle,
    /** Draw what is there now. */
    redraw: show,
    /** Play from a step, once the next length is known. */
    restart(from = 0) {
      now = from;
      playing = started = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    },
    /**
     * Set the number of steps. The first time it plays, or shows the end if motion is reduced. A clock at the end stays
     * there.
     *
     * @param {number} steps
     */
    length(steps) {
      const first = !length;
      const ended = !first && now >= length;
      length = steps;
      scrub.max = String(steps);
      if (ended || now > steps || (first && !playing)) now = steps;
      if (first || started || playing) run();
      else show();
      started = false;
    },
    /**
     * Handle a key; returns whether it was used.
     *
     * @param {KeyboardEvent} event
     */
    key(event) {
      const target = /** @type {HTMLElement} */ (event.target);
      if (target.closest?.(".gl-point, [role=menu], [role=dialog], [role=listbox], [role=combobox], [role=tablist]")) return false;
      if (!length || ["INPUT", "SELECT", "TEXTAREA"].includes(target.tagName) || target.isContentEditable) return false;
      if (target.tagName === "BUTTON" && event.key === " ") return false;
      const far = event.shiftKey ? 10 : 1;
      /** @type {Record<string, () => void>} */
      const keys = {
        " ": toggle,
        ArrowLeft: () => jump(Math.ceil(now) - far),
        ArrowRight: () => jump(Math.floor(now) + far),
        Home: () => jump(0),
        End: () => jump(length),
      };
      const act = keys[event.key];
      if (!act || (event.repeat && event.key === " ")) return Boolean(act);
      act();
      return true;
    },
    close() {
      dead = true;
      cancelAnimationFrame(frame);
    },
  };
}
