// The toolbar: play, single steps, speed, status, restart, seed; and the keyboard.

import { el, fillTrack, icon, pushButton, setText } from "./dom.js";
import { helpButton } from "./help.js";
import { seedRange } from "./seeds.js";
import { keepSpeed } from "./story.js";
import { voice } from "./voice.js";
import { _ } from "./words.js";

/** @typedef {import("./types.js").Command} Command */

const SPEEDS = [1, 2, 4, 8, 15, 30, 60, 125, 250, 500, 1000, 2000, 0]; // updates/s; 0: full speed
const IN_PARTS = -1; // the slider's position below them: iterations in their parts
const TIMES = [1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8]; // of the speed of a stored recording
const SLOW = 8; // updates/s up to which the turns of D and G are visible
const FLASH = 160; // ms
const grouped = new Intl.NumberFormat("en-US");

const timesName = (/** @type {number} */ value) => (value < 1 ? `1/${Math.round(1 / value)}` : String(value)) + "×";
/** @type {Record<string, string>} */
const STATES = { waiting: _("waiting"), playing: _("playing"), paused: _("paused"), diverged: _("diverged"), stopped: _("stopped") };
const speedName = (/** @type {number} */ value, /** @type {string} */ unit) =>
  value === 0 ? _("full speed") : _("{value} {unit}{s}/s", { value: grouped.format(value >= 10 ? Math.round(value) : +value.toPrecision(2)), unit, s: value === 1 ? "" : "s" });

const COUNT_EVERY = 200; // ms
const DEAR = 0.005; // an update that takes more seconds has its time shown

/**
 * "about 40 ms per update"; "" if unknown.
 *
 * @param {number | undefined} seconds
 */
function costWords(seconds) {
  if (seconds === undefined || !(seconds > 0)) return "";
  const [value, unit] = seconds < 1 ? /** @type {const} */ ([seconds * 1e3, "ms"]) : /** @type {const} */ ([seconds, "s"]);
  return _("about {value} {unit} per update", { value: +value.toPrecision(value < 10 ? 1 : 2), unit });
}
/** @type {Record<string, [words: string, sentence: string]>} */
const BACKENDS = {
  waiting: [_("compiling…"), _("Computed eagerly until then. The program, about eight times faster, waits to be compiled")],
  compiling: [_("compiling…"), _("Computed eagerly until then. The program is about eight times faster, and is compiled only once")],
  failed: [_("not compiled"), _("Computed eagerly: compiling failed")],
  compiled: [_("compiled"), _("Computed by a compiled program: the same updates, up to rounding")],
};

/**
 * The time until a program is ready, briefly and in words, in steps of 5 s so that it does not tick.
 *
 * @param {number | null | undefined} left seconds; none if unknown
 */
function readyIn(left) {
  if (typeof left !== "number") return [_("compiling…"), _("which takes longer than usual")];
  if (left < 5) return [_("ready soon"), _("ready soon")];
  const seconds = 5 * Math.round(left / 5);
  const text = seconds < 100 ? `${seconds} s` : _("{seconds} min", { seconds: Math.round(seconds / 60) });
  return [_("ready in ~{text}", { text }), _("ready in about {text}", { text })];
}

/**
 * The backend of the run, in one or two words and in a sentence.
 *
 * @param {import("./types.js").Backend | undefined} backend
 */
function backendWords(backend) {
  const [text, title] = BACKENDS[backend?.state ?? ""] ?? [_("playing"), _("Computed eagerly")];
  if (backend?.state === "waiting" || backend?.state === "compiling") {
    const [short, whole] = readyIn(backend.left);
    return [short, _("Compiling, {whole}. {title}", { whole, title })];
  }
  if (backend?.state === "failed") return [text, `${title}: ${backend.reason}`];
  if (backend?.factor && backend.factor > 1) return [_("{factor}× faster", { factor: backend.factor.toFixed(1) }), _("{title}, this many times faster than eagerly", { title })];
  return [text, title];
}

/**
 * send(command); returns {node, status(message), frame(message), link(text), waits(text), key(event) -> bool}.
 * many: for an ensemble of seeds; whole: for runs that move by whole iterations; both without single updates. more: actions
 * of other keys, which return whether they used the key. stored: for a stored recording, which only plays.
 *
 * @param {(command: Command) => unknown} send
 * @param {boolean} many
 * @param {boolean} whole
 * @param {Record<string, () => boolean>} more
 * @param {{on: boolean, button: HTMLElement, toggle: (on?: boolean) => void} | null} explain iterations in their parts
 * @param {boolean} stored
 */
export function toolbar(send, many = false, whole = false, more = {}, explain = null, stored = false) {
  const speeds = stored ? TIMES : SPEEDS;
  const single = !many && !whole;
  const unit = whole ? _("iteration") : _("update");
  let state = "waiting";
  /** @type {import("./types.js").Backend | undefined} */
  let backend;
  let speed = 0;
  let quiet = 0; // the server's speed does not move the slider before this time
  let lost = "";
  let waiting = "";
  let counted = 0; // when the iteration was last shown

  /**
   * @param {string} id
   * @param {string} label
   * @param {string} title
   * @param {string | (() => Command)} command
   * @param {...(Node | string)} content
   */
  const button = (id, label, title, command, ...content) =>
    pushButton(
      { class: `gl-button gl-${id}`, "data-testid": id, "aria-label": label, title },
      () => send(typeof command === "function" ? command() : { cmd: command }),
      ...content,
    );

  const playWord = el("span", {}, _("Play"));
  const playIcon = el("span", { class: "gl-icons" }, icon("play"));
  const toggle = () => ({ cmd: state === "playing" ? "pause" : "play" });
  const play = button("play", _("Play"), _("Play or pause (space)"), toggle, playIcon, playWord);
  const d = button("d", _("One update of D"), _("One update of the discriminator (d)"), "d", "D");
  const g = button("g", _("One update of G"), _("One update of the generator (g)"), "g", "G");
  const one = _("One iteration{which}: k updates of D, then G's (s)", { which: whole ? _(" of every run") : "" });
  const step = button("step", _("One iteration"), one, "step", _("1 iteration"));
  const same = _("Start again from the same seed{s} (r)", { s: many ? "s" : "" });
  const restart = button("restart", _("Restart"), same, "restart", icon("restart"), el("span", {}, _("Restart")));
  const seedWord = el("span", { class: "gl-number" }, _("Seed"));
  const newSeed = many ? _("New seeds") : _("New seed");
  const other = _("Start again from {which} (n)", { which: many ? _("as many new seeds") : _("a new seed") });
  const seed = button("seed", newSeed, other, "seed", icon("seed"), seedWord);

  const slider = el("input", {
    type: "range",
    class: "gl-range",
    min: explain ? IN_PARTS : 0,
    max: speeds.length - 1,
    step: 1,
    value: speeds.length - 1,
    "data-testid": "speed",
    "aria-label": stored ? _("Speed") : _("Speed in {unit}s per second", { unit }),
    title: stored
      ? _("How fast the recording plays")
      : whole
      ? _("Iterations of Algorithm 1 per second, of every run")
      : _("Updates per second, of D or G: slow to watch them take turns, full speed to see the outcome"),
    oninput: () => {
      quiet = performance.now() + 800;
      if (Number(slider.value) === IN_PARTS) {
        explain?.toggle(true);
        return showSpeed();
      }
      if (explain?.on) explain.toggle(false);
      speed = speeds[Number(slider.value)];
      showSpeed();
      if (!stored) keepSpeed(speed);
      send({ cmd: "speed", value: speed });
    },
  });
  const speedText = el("output", { class: "gl-value gl-speed-value" }, "");
  const iteration = el("span", { class: "gl-number gl-iteration", "data-testid": "iteration", title: _("Iterations of Algorithm 1") }, "0");
  const rate = el("span", { class: "gl-number" }, "");
  const dear = el("span", { class: "gl-number" }, "");
  const rates = el("span", { class: "gl-rate" }, rate, dear);
  const about = helpButton("readout");
  const heard = voice();
  const word = el("span", { class: "gl-state", "data-testid": "status" }, _("waiting"));

  const node = el(
    "div",
    { class: "gl-toolbar", role: "toolbar", "aria-label": _("Training") },
    el("div", { class: "gl-group" }, play, ...(stored ? [] : [...(single ? [d, g] : []), step]), ...(explain ? [explain.button] : [])),
    el("label", { class: "gl-speed" }, ...(explain ? [] : [el("span", { class: "gl-name" }, _("speed"))]), slider, speedText),
    el("div", { class: "gl-readout" }, el("span", { class: "gl-count" }, iteration, _(" it")), rates, word, about.node, heard.node),
    el("div", { class: "gl-group" }, ...(stored ? [] : [restart, seed])),
  );

  function showSpeed() {
    const text = explain?.on ? _("in parts") : stored ? timesName(speed) : speedName(speed, unit);
    setText(speedText, text);
    slider.setAttribute("aria-valuetext", text);
    fillTrack(slider);
  }
  showSpeed();

  function showState() {
    const playing = state === "playing";
    if (play.dataset.state !== state) {
      play.dataset.state = state;
      setText(playWord, playing ? _("Pause") : _("Play"));
      play.setAttribute("aria-label", playing ? _("Pause") : _("Play"));
      playIcon.replaceChildren(icon(playing ? "pause" : "play"));
    }
    const [text, title] = state === "playing" && !stored ? backendWords(backend) : [STATES[state] ?? state, ""];
    setText(word, lost || waiting || text);
    word.title = lost || waiting ? "" : title;
    word.dataset.state = lost ? "lost" : state;
  }

  /** @type {Map<HTMLElement, number>} */
  const flashes = new Map();

  /** @param {HTMLElement} target */
  function flash(target) {
    target.classList.add("gl-lit");
    clearTimeout(flashes.get(target));
    flashes.set(target, window.setTimeout(() => target.classList.remove("gl-lit"), FLASH));
  }

  /** @param {number} steps of the slider */
  function turn(steps) {
    slider.value = String(Number(slider.value) + steps);
    slider.dispatchEvent(new Event("input"));
    return true;
  }

  /** @param {HTMLElement} target */
  function press(target) {
    target.click();
    return true;
  }

  /** @type {Record<string, () => boolean>} */
  const keys = {
    " ": () => press(play),
    ...(stored ? {} : { "+": () => turn(1), "=": () => turn(1), "-": () => turn(-1) }),
    ...(stored ? {} : { s: () => press(step), ArrowRight: () => press(step), r: () => press(restart), n: () => press(seed) }),
    ...(single && !stored ? { d: () => press(d), g: () => press(g) } : {}),
    ...more,
  };

  return {
    node,
    /** The explanations of the numbers, from the scene. */
    explain: (/** @type {import("./types.js").HelpLine[]} */ lines) => about.set(_("in the toolbar"), lines),
    /** @param {import("./types.js").Status} message */
    status(message) {
      state = message.state;
      backend = message.backend;
      waiting = "";
      if (performance.now() > quiet && typeof message.speed === "number") {
        speed = message.speed;
        let nearest = speeds.length - 1;
        if (speed > 0) {
          nearest = 0;
          for (let i = 1; i < speeds.length; i++) {
            if (speeds[i] > 0 && Math.abs(Math.log(speeds[i] / speed)) < Math.abs(Math.log(speeds[nearest] / speed))) nearest = i;
          }
        }
        slider.value = String(explain?.on ? IN_PARTS : nearest);
        showSpeed();
      }
      setText(iteration, grouped.format(message.iteration));
      const shown = message.rate >= 10 ? Math.round(message.rate) : +(message.rate || 0).toFixed(1);
      const about = costWords(message.update_seconds);
      const playing = state === "playing" && !explain?.on; // else there is no speed
      setText(rate, playing ? _("{shown} it/s", { shown: grouped.format(shown) }) : "");
      setText(dear, playing && (message.update_seconds ?? 0) >= DEAR ? ` · ${about}` : "");
      rates.title = about ? _("Iterations per second; computed eagerly, {about} on the server", { about }) : "";
      const now = many ? seedRange(message.seed, message.seeds) : String(message.seed);
      setText(seedWord, `${many ? _("Seeds") : _("Seed")} ${now}`);
      seed.setAttribute("aria-label", _("{newSeed} (now {now})", { newSeed, now }));
      showState();
      heard.tell(message);
    },
    /** @param {import("./types.js").Frame} message */
    frame(message) {
      // Changing text costs a layout of the page, so it is not done at every frame.
      const now = performance.now();
      if (state !== "playing" || now - counted > COUNT_EVERY) {
        counted = now;
        setText(iteration, grouped.format(message.iteration));
      }
      const visible = single && (state !== "playing" || (speed > 0 && speed <= SLOW));
      if (visible && message.last) flash(message.last === "D" ? d : g);
    },
    /** @param {string} text */
    link(text) {
      lost = text;
      showState();
      heard.say(text);
    },
    /** @param {string} text what a run without news waits for; shown until the next status */
    waits(text) {
      waiting = text && `${text}…`;
      showState();
    },
    /**
     * Handle a key; returns whether it was used. first: what may use it before the toolbar does.
     *
     * @param {KeyboardEvent} event
     * @param {(event: KeyboardEvent) => boolean} [first]
     */
    key(event, first) {
      const target = /** @type {HTMLElement} */ (event.target);
      const tag = target.tagName;
      const range = target.matches?.("input[type=range]") && node.parentNode?.contains(target);
      if (!range && (["INPUT", "SELECT", "TEXTAREA"].includes(tag) || target.isContentEditable)) return false;
      if (range && event.key.startsWith("Arrow")) return false;
      if (tag === "BUTTON" && event.key === " ") return false; // a focused button handles the space key itself
      if (target.closest?.('[role="slider"],[role="combobox"],[role="listbox"],[role="dialog"]')) return false;
      if (first?.(event)) return true;
      const handler = keys[event.key];
      if (!handler || (event.repeat && !event.key.startsWith("Arrow") && event.key !== "s")) return Boolean(handler);
      return handler();
    },
  };
}
