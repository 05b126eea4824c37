// The story of a preset: its words above the toolbar, its pace and its cures beside the knobs.

import { el, pushButton, setText } from "./dom.js";
import { _ } from "./words.js";

const LISTED = 3; // the number of fields to name
/** @type {Record<string, [string, string]>} The words of a state of the claim, and what it means. */
const CHIPS = {
  "not yet": [_("not yet"), _("The claim is checked during the run, by the rule used to count seeds")],
  seen: [_("seen"), _("The claim was true in this run")],
  "not on this seed": [_("not on this seed"), _("The claim was not true in this run; it may be true with another seed")],
  "not checked": [_("not checked"), _("The claim is not checked, because the run was changed or updated by hand")],
};

/**
 * @param {string} id
 * @param {string} title
 * @param {() => void} onclick
 * @param {...string} content
 */
const button = (id, title, onclick, ...content) =>
  pushButton({ class: "gl-button gl-small", "data-testid": id, title }, onclick, ...content);

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
  let shown = []; // for each cure, a function that shows whether it is on

  const to = (/** @type {"before" | "after"} */ which) => () => void (story.name && act({ act: "preset", name: story[which] }));
  const title = el("b", { class: "gl-story-title", "data-testid": "preset-title" });
  const chip = el("span", { class: "gl-seen", "data-testid": "claim", role: "status" });
  const changed = el("span", { class: "gl-changed", "data-testid": "changed" });
  const doc = el("p", { class: "gl-story-doc" });
  const claim = el("p", { class: "gl-story-claim" });
  const head = el(
    "section",
    { class: "gl-story", "aria-label": _("Phenomenon"), hidden: "" },
    el(
      "div",
      { class: "gl-story-head" },
      button("preset-before", _("Previous phenomenon: key ["), to("before"), "‹"),
      button("preset-after", _("Next phenomenon: key ]"), to("after"), "›"),
      title,
      chip,
      changed,
      el("span", { class: "gl-space" }),
      button("gallery", _("Back to all phenomena"), () => act({ act: "gallery" }), _("All phenomena")),
      button("leave", _("Close this text; the run continues"), () => act({ act: "leave" }), "×"),
    ),
    el("div", { class: "gl-story-body" }, doc, claim),
  );

  const cures = el("span", { class: "gl-group", "data-testid": "offers" });
  const pace = el("span", { class: "gl-pace", "data-testid": "pace", role: "status" });
  const full = button("full", _("Continue at full speed until the next restart"), () => send({ cmd: "go_on" }), _("Full speed"));
  const own = button("own-pace", _("Return to the recommended speed"), () => {
    forgetSpeed();
    send({ cmd: "own_pace" });
  }, _("Its own pace"));
  const differs = el("span", { class: "gl-differs", "data-testid": "differs" });
  const tail = el("div", { class: "gl-tail" }, cures, own, pace, full, differs);
  own.hidden = full.hidden = true;

  function build() {
    const text = JSON.stringify([story, offers]);
    if (text === built) return;
    built = text;
    setText(title, story.title || "");
    setText(doc, story.doc || "");
    setText(claim, story.claim ? _("Claim: {claim}", { claim: story.claim }) : "");
    doc.title = story.doc || "";
    claim.title = story.claim ? `${story.claim}${story.held ? _(" Held on {held}.", { held: story.held }) : ""}` : "";
    const cure = (/** @type {import("./types.js").Cure} */ { field, value, title: name, words }) => {
      const title = _("{name}: {words}. Starts a new run and keeps the old curves in the background", { name, words });
      let cured = false;
      const node = button(`cure-${field}`, title, () => send({ cmd: "set", field, value: cured ? 0 : value }));
      const show = (/** @type {Record<string, string | number>} */ values) => {
        cured = values[field] === value;
        setText(node, `${cured ? _("Without") : _("Cure it:")} ${name}`);
      };
      show({});
      shown.push(show);
      return node;
    };
    const offer = (/** @type {[string, string]} */ [name, words]) => button(`see-${name}`, _("{words}: open this phenomenon", { words }), () => act({ act: "preset", name }), words);
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
        const word = now.state === "not yet" ? _("not yet · {part} %", { part: Math.floor(100 * part) }) : CHIPS[now.state]?.[0] ?? now.state;
        setText(chip, word);
        chip.dataset.state = now.state;
        chip.title = CHIPS[now.state]?.[1] ?? "";
        setText(changed, now.changed?.length ? _("changed from the preset: {changed}", { changed: now.changed.join(", ") }) : "");
      }
      const paced = iterations > 0;
      own.hidden = !(paced && message.chosen);
      const over = paced && part >= 1 && !message.chosen && !now.released;
      full.hidden = !over;
      setText(pace, over ? _("demonstration over; continues slowly") : "");
      for (const show of shown) show(message.values);
      const list = message.differs || [];
      const more = list.length > LISTED ? _(" and {count} more", { count: list.length - LISTED }) : "";
      setText(differs, list.length ? _("differs from the default: {slice}{more}", { slice: list.slice(0, LISTED).join(", "), more }) : "");
      differs.title = list.join(", ");
    },
  };
}

const KEY = "ganlab.speed"; // of this tab, across pages and reloads

/** The speed that the visitor has chosen, if any. */
export function keptSpeed() {
  try {
    const text = sessionStorage.getItem(KEY);
    return text === null || !Number.isFinite(+text) ? null : +text;
  } catch {
    return null; // the browser may refuse storage
  }
}

/** @param {number} value */
export function keepSpeed(value) {
  try {
    sessionStorage.setItem(KEY, String(value));
  } catch {
    // The choice lasts as long as the page.
  }
}

function forgetSpeed() {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Nothing was stored.
  }
}
