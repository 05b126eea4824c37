// The mode in which a teacher chooses what a page shows, locks or hides, and gets the address that she hands out.

import { el, pushButton, setText } from "./dom.js";
import { copy } from "./export.js";
import { own } from "./page.js";
import { shapeQuery } from "./shape.js";
import { _ } from "./words.js";

/** @typedef {import("./shape.js").State} State */
/** @typedef {{fields: [name: string, title: string, key: string][], tools: Record<string, string>, pages: [name: string, title: string][], own: string, home: string}} Parts */
/** @typedef {{name: string, title: string, kind: string, states: State[], find: () => (HTMLElement | null)[]}} Part */

/** @type {State[]} */
const STATES = ["shown", "locked", "hidden"];
const HIDES = new Set(["presenter", "class"]); // which are not shown without their use
const OPENER = ".st-key-shape_page button"; // in the sidebar
const BOXES = ".gl-knob, .gl-speed, .gl-export, .gl-time";
const COPIED = 2500; // ms
const ROOMY = 1600; // px of a window that has room for the panel beside the view
const titles = () => ({ knob: _("Above the picture"), field: _("Sidebar"), tool: _("Buttons"), layer: _("Layers"), curve: _("Curves"), page: _("Pages of the menu") });
/** @returns {Record<State, string>} */
const stateWords = () => ({ shown: _("shown"), locked: _("locked"), hidden: _("hidden") });

/**
 * Returns {scene(message, where), close()}; where(id): the place of a panel of curves.
 *
 * @param {HTMLElement} root
 * @param {Parts} given
 */
export function shaper(root, given) {
  /** @type {Map<string, State>} */
  const chosen = new Map();
  const picked = new Set(); // what the teacher has said must stay open
  /** @type {Part[]} */
  let parts = [];
  let built = "";
  /** @type {(id: string) => {x: number, y: number, width: number, height: number} | null} */
  let place = () => null;
  let timer = 0;
  /** @type {AbortController | null} */
  let listening = null; // while the panel is open

  const list = el("div", { class: "gl-shaper-list" });
  const field = el("input", { class: "gl-shaper-address", readonly: "", "aria-label": _("The address to hand out"), "data-testid": "shape-address" });
  const said = el("span", { class: "gl-shaper-said", role: "status" });
  const button = (/** @type {string} */ id, /** @type {string} */ title, /** @type {() => void} */ act, /** @type {string} */ text) =>
    pushButton({ class: "gl-button gl-small", "data-testid": id, title }, act, text);
  const preview = el("a", { class: "gl-button gl-small", target: "_blank", rel: "noopener", "data-testid": "shape-preview" }, _("Preview ↗"));
  const node = el(
    "aside",
    { class: "gl-shaper", "aria-label": _("Shape this page"), "data-testid": "shaper", hidden: "" },
    el("div", { class: "gl-shaper-head" }, el("b", {}, _("Shape this page")), el("span", { class: "gl-space" }), button("shape-close", _("Close; the choice is kept until the page is left"), () => toggle(false), "×")),
    el("p", {}, _("Choose what your students see. Click a control on the page, or choose here. Your own page stays as it is.")),
    el("div", { class: "gl-shaper-bar" },
      button("shape-lock", _("Lock every setting except those that you have marked as shown"), () => lockOthers(), _("Lock all but these")),
      button("shape-clear", _("Show everything again"), () => clear(), _("Show all"))),
    list,
    el("div", { class: "gl-shaper-foot" }, field, el("div", { class: "gl-shaper-bar" }, preview, button("shape-copy", _("Copy the address that you hand out"), () => void hand(), _("Copy address")), said)),
  );
  root.append(node);

  const stateOf = (/** @type {Part} */ part) => chosen.get(part.name) ?? "shown";

  /** @param {Part} part @param {State} state */
  function choose(part, state) {
    if (state === "shown") {
      chosen.delete(part.name);
      picked.add(part.name);
    } else {
      chosen.set(part.name, state);
      picked.delete(part.name);
    }
    show();
  }

  function lockOthers() {
    for (const { name, kind } of parts) if ((kind === "knob" || kind === "field") && !picked.has(name)) chosen.set(name, "locked");
    show();
    const open = [...picked].filter((name) => parts.some((part) => part.name === name)).length;
    setText(said, open ? "" : _("Now choose what stays open."));
  }

  function clear() {
    chosen.clear();
    picked.clear();
    show();
  }

  function query() {
    /** @type {Record<string, [string, State][]>} */
    const kinds = { field: [], tool: [], layer: [], curve: [], page: [] };
    for (const part of parts) kinds[part.kind === "knob" ? "field" : part.kind].push([part.name, stateOf(part)]);
    return shapeQuery(kinds);
  }

  function address() {
    const url = new URL(location.href);
    url.search = [own(), query()].filter(Boolean).join("&");
    return url.href;
  }

  async function hand() {
    const done = await copy(address());
    field.select();
    setText(said, done ? _("Copied.") : _("Select the address above and copy it."));
    clearTimeout(timer);
    timer = window.setTimeout(() => setText(said, ""), COPIED);
  }

  /** Mark the parts on the page, and the rows. */
  function show() {
    for (const old of document.querySelectorAll("[data-shaped]")) old.removeAttribute("data-shaped");
    for (const part of parts) {
      const state = stateOf(part);
      const row = list.querySelector(`[data-part="${CSS.escape(part.name)}"]`);
      const input = /** @type {HTMLInputElement | null} */ (row?.querySelector(`input[value="${state}"]`) ?? null);
      if (input) input.checked = true;
      if (state !== "shown" && listening) for (const found of part.find()) found?.setAttribute("data-shaped", state);
    }
    field.value = preview.href = address();
  }

  /** @param {Part} part */
  function row(part) {
    const inputs = part.states.map((state) => {
      const input = el("input", { type: "radio", name: `gl-shape-${part.name}`, value: state, onclick: () => choose(part, state) });
      input.checked = stateOf(part) === state;
      return el("label", {}, input, el("span", {}, stateWords()[state]));
    });
    return el("div", { class: "gl-shaper-row", role: "radiogroup", "aria-label": part.title, "data-part": part.name }, el("span", { class: "gl-shaper-name" }, part.title), el("span", { class: "gl-shaper-states" }, ...inputs));
  }

  function build() {
    list.replaceChildren();
    for (const [kind, title] of Object.entries(titles())) {
      const of = parts.filter((part) => part.kind === kind);
      if (!of.length) continue;
      const every = (/** @type {State} */ state) => button(`shape-${kind}-${state}`, _("{title}: all {state}", { title, state: stateWords()[state] }), () => {
        for (const part of of) if (part.states.includes(state)) choose(part, state);
      }, stateWords()[state]);
      list.append(
        el("div", { class: "gl-shaper-group" }, el("b", {}, title), el("span", { class: "gl-shaper-all" }, _("all"), ...(of[0].states.map(every)))),
        ...of.map(row),
      );
    }
    show();
  }

  const byId = (/** @type {string} */ id) => /** @type {HTMLElement | null} */ (root.querySelector(`[data-testid="${id}"], [data-tool="${id}"]`));
  const boxed = (/** @type {string} */ id) => () => [byId(id)].map((found) => found?.closest(BOXES) ?? found).map((found) => /** @type {HTMLElement | null} */ (found));
  const inSidebar = (/** @type {string} */ key) => () => [/** @type {HTMLElement | null} */ (document.querySelector(`.st-key-${CSS.escape(key.replaceAll(/[^\w-]/g, "-"))}`))];
  const inMenu = (/** @type {string} */ name) => () => /** @type {HTMLElement[]} */ ([...document.querySelectorAll('[data-testid="stTopNavLink"], [data-testid="stSidebarNavLink"]')].filter((link) => (/** @type {HTMLAnchorElement} */ (link).pathname.split("/").pop() || given.home) === name));

  /** @param {import("./types.js").Scene} scene */
  function partsOf(scene) {
    const layers = scene.layers ?? scene.runs?.[0]?.layers ?? [];
    /** @type {Part[]} */
    const found = [
      ...scene.knobs.map(({ field, title }) => ({ name: field, title, kind: "knob", states: STATES, find: boxed(`knob-${field}`) })),
      ...given.fields.filter(([name]) => !(name in given.tools)).map(([name, title, key]) => ({ name, title, kind: "field", states: STATES, find: inSidebar(key) })),
      ...given.fields.filter(([name]) => name in given.tools).map(([name, title, key]) => ({ name, title, kind: "tool", states: STATES, find: inSidebar(key) })),
      ...Object.entries(given.tools).filter(([id]) => byId(id)).map(([id, title]) => ({ name: id, title, kind: "tool", states: HIDES.has(id) ? /** @type {State[]} */ (["shown", "hidden"]) : STATES, find: boxed(id) })),
      ...layers.map(({ id, title }) => ({ name: `layer-${id}`, title, kind: "layer", states: STATES, find: boxed(`layer-${id}`) })),
      ...scene.panels.map(({ id, title }) => ({ name: `curve-${id}`, title, kind: "curve", states: /** @type {State[]} */ (["shown", "hidden"]), find: () => [] })),
      ...given.pages.filter(([name]) => name !== given.own).map(([name, title]) => ({ name, title, kind: "page", states: STATES, find: inMenu(name.slice(5)) })),
    ];
    // A field may have more than one control on the page.
    /** @type {Map<string, Part>} */
    const once = new Map();
    for (const part of found) {
      const first = once.get(part.name);
      if (first) once.set(part.name, { ...first, find: () => [...first.find(), ...part.find()] });
      else once.set(part.name, part);
    }
    return [...once.values()];
  }

  /** The part at an event on the page. @param {MouseEvent} event */
  function hit(event) {
    const target = /** @type {Element} */ (event.target);
    const one = parts.find((part) => part.find().some((found) => found?.contains(target)));
    const canvas = target.closest(".gl-curves");
    if (one || !canvas) return one;
    const box = canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    return parts.find(({ kind, name }) => {
      const at = kind === "curve" ? place(name.slice(6)) : null;
      return at && y >= at.y && y <= at.y + at.height && x >= at.x;
    });
  }

  /** @param {boolean} on */
  function toggle(on) {
    node.hidden = !on;
    const main = /** @type {HTMLElement | null} */ (root.closest(".stMain"));
    if (main) main.style.paddingRight = on && window.innerWidth >= ROOMY ? `${node.offsetWidth}px` : "";
    listening?.abort();
    listening = null;
    if (on) {
      listening = new AbortController();
      const { signal } = listening;
      for (const type of ["click", "pointerdown", "mousedown"]) {
        document.addEventListener(type, (event) => {
          const target = /** @type {Element} */ (event.target);
          if (node.contains(target) || target.closest?.(OPENER)) return;
          const part = hit(/** @type {MouseEvent} */ (event));
          if (!part) return;
          event.preventDefault();
          event.stopImmediatePropagation();
          if (type !== "click") return;
          choose(part, part.states[(part.states.indexOf(stateOf(part)) + 1) % part.states.length]);
          list.querySelector(`[data-part="${CSS.escape(part.name)}"]`)?.scrollIntoView({ block: "nearest" });
        }, { signal, capture: true });
      }
      build();
      node.querySelector("button")?.focus();
    } else show();
  }

  const page = new AbortController();
  document.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest(OPENER)) toggle(true);
  }, { signal: page.signal });
  node.addEventListener("keydown", (event) => {
    event.stopPropagation(); // do not trigger the view's keys
    if (event.key === "Escape") toggle(false);
  });

  return {
    /** @param {import("./types.js").Scene} scene @param {typeof place} where */
    scene(scene, where) {
      place = where;
      parts = partsOf(scene);
      const text = JSON.stringify(parts.map(({ name, title }) => [name, title]));
      if (text === built) return;
      built = text;
      if (listening) build();
    },
    close() {
      page.abort();
      toggle(false);
      clearTimeout(timer);
      node.remove();
    },
  };
}
