// What is shown on cue: its words above the toolbar, its pace and its cures beside the knobs.

import { el, setText } from "./dom.js";

const LISTED = 3; // fields that are named
/** @type {Record<string, string>} */
const CHIPS = {
  "not yet": "What it promises is checked while it runs, by the rule by which seeds were counted",
  seen: "What it promises was seen in this run",
  "not on this seed": "The run is over and did not do what is promised: another seed may",
  "not checked": "Something was changed, or updated by hand: the promise is of the run as it was opened",
};

/**
 * @param {string} id
 * @param {string} title
 * @param {() => void} onclick
 * @param {...string} content
 */
const button = (id, title, onclick, ...content) =>
  el(
    "button",
    {
      class: "gl-button gl-small",
      type: "button",
      "data-testid": id,
      title,
      onclick: (/** @type {MouseEvent} */ event) => {
        if (event.detail > 0) /** @type {HTMLElement} */ (event.currentTarget).blur(); // after the mouse, space means play again
        onclick();
      },
    },
    ...content,
  );

/**
 * send(command) to the run, act({act, name}) to the page. Returns {head, tail, scene(message), status(message), keys}:
 * head goes above the toolbar, tail beside the knobs.
 *
 * @param {(command: import("./types.js").Command) => unknown} send
 * @param {(what: import("./types.js").Act) => void} act
 */
export function storyRow(send, act) {
  /** @type {import("./types.js").Story} */
  let story = {};
  /** @type {[name: string, words: string][]} */
  let offers = [];
  let built = "";
  let run = -1;
  /** @type {((values: Record<string, string | number>) => void)[]} */
  let shown = []; // by cure, what shows whether it is on

  const to = (/** @type {"before" | "after"} */ which) => () => void (story.name && act({ act: "preset", name: story[which] }));
  const title = el("b", { class: "gl-story-title", "data-testid": "preset-title" });
  const chip = el("span", { class: "gl-seen", "data-testid": "claim", role: "status" });
  const changed = el("span", { class: "gl-changed", "data-testid": "changed" });
  const doc = el("p", { class: "gl-story-doc" });
  const claim = el("p", { class: "gl-story-claim" });
  const head = el(
    "section",
    { class: "gl-story", "aria-label": "What is shown", hidden: "" },
    el(
      "div",
      { class: "gl-story-head" },
      button("preset-before", "The phenomenon before this one: key [", to("before"), "‹"),
      button("preset-after", "The next phenomenon: key ]", to("after"), "›"),
      title,
      chip,
      changed,
      el("span", { class: "gl-space" }),
      button("gallery", "Back to all phenomena", () => act({ act: "gallery" }), "All phenomena"),
      button("leave", "Close these words; the run goes on", () => act({ act: "leave" }), "×"),
    ),
    el("div", { class: "gl-story-body" }, doc, claim),
  );

  const cures = el("span", { class: "gl-group" });
  const pace = el("span", { class: "gl-pace", "data-testid": "pace", role: "status" });
  const full = button("full", "Go on as fast as it can, until the next restart", () => send({ cmd: "go_on" }), "Full speed");
  const own = button("own-pace", "At the speed at which this is shown best", () => {
    forgetSpeed();
    send({ cmd: "own_pace" });
  }, "Its own pace");
  const differs = el("span", { class: "gl-differs", "data-testid": "differs" });
  const tail = el("div", { class: "gl-tail" }, cures, own, pace, full, differs);
  own.hidden = full.hidden = true;

  function build() {
    const text = JSON.stringify([story, offers]);
    if (text === built) return;
    built = text;
    setText(title, story.title || "");
    setText(doc, story.doc || "");
    setText(claim, story.claim ? `Promise: ${story.claim}` : "");
    doc.title = story.doc || "";
    claim.title = story.claim ? `${story.claim}${story.held ? ` Held on ${story.held}.` : ""}` : "";
    const cure = (/** @type {import("./types.js").Cure} */ { field, value, title: name, words }) => {
      const title = `${name}: ${words}. A new run starts, the old curves stay behind it`;
      let cured = false;
      const node = button(`cure-${field}`, title, () => send({ cmd: "set", field, value: cured ? 0 : value }));
      const show = (/** @type {Record<string, string | number>} */ values) => {
        cured = values[field] === value;
        setText(node, `${cured ? "Without" : "Cure it:"} ${name}`);
      };
      show({});
      shown.push(show);
      return node;
    };
    const offer = (/** @type {[string, string]} */ [name, words]) => button(`see-${name}`, `${words}: a phenomenon on cue`, () => act({ act: "preset", name }), words);
    shown = [];
    cures.replaceChildren(...(story.name ? (story.cures || []).map(cure) : offers.map(offer)));
    head.hidden = !story.name;
  }

  return {
    head,
    tail,
    keys: {
      "[": () => (story.name ? (to("before")(), true) : false),
      "]": () => (story.name ? (to("after")(), true) : false),
    },
    /** @param {import("./types.js").Scene} message */
    scene(message) {
      story = message.story || {};
      offers = message.offers || [];
      run = message.run;
      build();
    },
    /** @param {import("./types.js").Status} message */
    status(message) {
      if (message.run !== run) return;
      const now = message.story ?? {};
      const iterations = now.iterations ?? 0;
      const part = iterations ? Math.min(1, message.iteration / iterations) : 0;
      if (story.name && now.state) {
        const word = now.state === "not yet" ? `not yet · ${Math.floor(100 * part)} %` : now.state;
        setText(chip, word);
        chip.dataset.state = now.state;
        chip.title = CHIPS[now.state] || "";
        setText(changed, now.changed?.length ? `changed from the preset: ${now.changed.join(", ")}` : "");
      }
      const paced = iterations > 0;
      own.hidden = !(paced && message.chosen);
      const over = paced && part >= 1 && !message.chosen && !now.released;
      full.hidden = !over;
      setText(pace, over ? "shown; it goes on slowly" : "");
      for (const show of shown) show(message.values);
      const list = message.differs || [];
      const more = list.length > LISTED ? ` and ${list.length - LISTED} more` : "";
      setText(differs, list.length ? `differs from the default: ${list.slice(0, LISTED).join(", ")}${more}` : "");
      differs.title = list.join(", ");
    },
  };
}

const KEY = "ganlab.speed"; // of this tab, over pages and reloads

/** The speed that the visitor has chosen, if any. */
export function keptSpeed() {
  try {
    const text = sessionStorage.getItem(KEY);
    return text === null || !Number.isFinite(+text) ? null : +text;
  } catch {
    return null; // a page may be refused its storage
  }
}

/** @param {number} value */
export function keepSpeed(value) {
  try {
    sessionStorage.setItem(KEY, String(value));
  } catch {
    // It is forgotten with the page.
  }
}

function forgetSpeed() {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Nothing was kept.
  }
}
