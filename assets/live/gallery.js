// The gallery: cards of phenomena by the question that they answer, each with a moving picture; and a search.
//
// mount(root, {groups, pictures, onOpen}) -> {update(), destroy()}; pictures: the address of their folder

import { el, setText } from "./dom.js";
import { fit } from "./plot.js";
import { stage } from "./stage.js";
import { tiles } from "./tile.js";
import { decode } from "./wire.js";
import { _ } from "./words.js";

const EVERY = 110; // ms between two moments
const HOLD = 9; // moments that the last one stays
const OUTSIDE = 255; // a coordinate of what is not in the box
const MIDDLE = 127;

/** @typedef {{name: string, title: string, doc: string, claim: string, held: string, cite: string, opens: string, moves: boolean}} Card */
/** @typedef {{title: string, says: string, cards: Card[]}} Group */
/** @typedef {import("./types.js").Decoded & {dim: 0 | 1 | 2, boxes: number[][][], iterations: number[], labels: string[]}} Film */

/**
 * One run of a film as the scene of a tile, and its frames.
 *
 * @param {Film} film
 * @param {number} run
 */
function runOf(film, run) {
  const own = (/** @type {string} */ name) => film.a[`${name}.${run}`];
  const names = ["p_data", "contours", "contour_lengths", "contour_levels"];
  const a = Object.fromEntries(names.flatMap((name) => (own(name) ? [[name, own(name)]] : [])));
  const scene = /** @type {any} */ ({ seeds: 1, seed: 0, dim: film.dim, box: film.boxes[run], scale: MIDDLE, modes: 0, a });
  const part = (/** @type {string} */ name, /** @type {number} */ at) => {
    const all = own(name);
    if (!all) return null;
    const size = all.length / film.iterations.length;
    return all.subarray(at * size, (at + 1) * size);
  };
  const frame = (/** @type {number} */ at) => {
    const [pG, d, fake] = [part("p_g", at), part("d", at), part("fake", at)];
    const coded = fake && Int16Array.from(fake, (v) => (v === OUTSIDE ? 4 * MIDDLE : v - MIDDLE));
    return /** @type {any} */ ({
      a: { ...(pG && { p_g: pG }), ...(d && { d }), ...(coded && { fake: coded }) },
      shape: { p_g: [1, pG?.length ?? 0], d: [1, d?.length ?? 0], fake: [1, (coded?.length ?? 0) / 2, 2] },
    });
  };
  return { scene, frame };
}

/**
 * The picture of a card: load() it, play(on), draw() it again.
 *
 * @param {string} address
 * @param {() => import("./types.js").Theme} theme
 * @param {string} words what it shows, for those who cannot see it
 */
function moving(address, theme, words) {
  const canvas = el("canvas", { class: "gl-card-picture", role: "img", "aria-label": words });
  /** @type {Film | null} */
  let film = null;
  /** @type {{picture: ReturnType<typeof tiles>, frame: (at: number) => any, x: number}[]} */
  let runs = [];
  /** @type {CanvasRenderingContext2D | null} */
  let ctx = null;
  let at = 0;
  let timer = 0;
  let [width, height] = [0, 0];
  let asked = false;

  function layout() {
    [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (!film || !width || !height) return;
    ctx = fit(canvas, width, height);
    const count = film.boxes.length;
    const gap = 6;
    const each = (width - (count - 1) * gap) / count;
    const side = film.dim === 2 ? Math.min(each, height) : each;
    const left = (width - (count * side + (count - 1) * gap)) / 2;
    runs = film.boxes.map((_, i) => {
      const { scene, frame } = runOf(/** @type {Film} */ (film), i);
      const picture = tiles(scene, false);
      picture.resize(side, film?.dim === 2 ? side : height, { ...theme(), u: 1 });
      return { picture, frame, x: left + i * (side + gap) };
    });
  }

  function draw() {
    if (!ctx || !film) return;
    ctx.fillStyle = theme().back;
    ctx.fillRect(0, 0, width, height);
    for (const { picture, frame, x } of runs) {
      ctx.save();
      ctx.translate(x, 0);
      picture.draw(ctx, frame(Math.min(at, film.iterations.length - 1)), null);
      ctx.restore();
    }
  }

  function step() {
    if (!film) return;
    at = at + 1 >= film.iterations.length + HOLD ? 0 : at + 1;
    if (at < film.iterations.length) draw();
  }

  return {
    canvas,
    async load() {
      if (asked) return;
      asked = true;
      try {
        const answer = await fetch(address);
        if (!answer.ok) return;
        film = /** @type {Film} */ (/** @type {unknown} */ (decode(await answer.arrayBuffer())));
      } catch {
        return; // the card says the same in words
      }
      at = film.iterations.length - 1; // at rest it shows how it ends
      layout();
      draw();
    },
    /** @param {boolean} on */
    play(on) {
      clearInterval(timer);
      timer = 0;
      if (on) {
        at = -1;
        timer = window.setInterval(step, EVERY);
      } else if (film) {
        at = film.iterations.length - 1;
        draw();
      }
    },
    refit() {
      layout();
      draw();
    },
  };
}

/**
 * @param {HTMLElement} root
 * @param {{groups: Group[], pictures: string, onOpen: (name: string) => void}} settings
 */
export function mount(root, { groups, pictures, onOpen }) {
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  /** @type {{card: Card, node: HTMLElement, film: ReturnType<typeof moving> | null, words: string}[]} */
  const all = [];
  /** @type {{node: HTMLElement, cards: HTMLElement[]}[]} */
  const sections = [];
  const search = el("input", { type: "search", class: "gl-search", placeholder: _("Search: collapse, R1, Figure 1 …"), "aria-label": _("Search the phenomena"), "data-testid": "search" });
  const found = el("span", { class: "gl-found", role: "status", "data-testid": "found" });
  let first = true; // nobody has pointed at a card yet
  /** @type {ReturnType<typeof moving> | null} */
  let playing = null;

  /** @param {ReturnType<typeof moving> | null} film */
  function play(film) {
    if (film === playing) return;
    playing?.play(false);
    playing = film;
    if (film && !still.matches) film.play(true);
  }

  const watch = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      const one = isIntersecting ? all.find(({ node }) => node === target) : null;
      if (!one) continue;
      watch.unobserve(target);
      void one.film?.load();
    }
  }, { rootMargin: "300px" });

  /** @param {Card} card @param {string} question */
  function make(card, question) {
    const film = card.moves ? moving(`${pictures}/${card.name}.bin`, () => ground.theme(), `${card.title}: ${card.opens}`) : null;
    const open = el("button", { class: "gl-button gl-card-open", type: "button", "data-testid": `open-${card.name}`, onclick: () => onOpen(card.name) }, "▶ ", card.opens);
    const node = el(
      "article",
      { class: "gl-card", "data-testid": `card-${card.name}`, "aria-label": card.title },
      ...(film ? [film.canvas] : [el("div", { class: "gl-card-picture gl-card-none" }, _("The settings of a paper: it takes minutes, so there is no picture of it."))]),
      el("h3", { class: "gl-card-title" }, card.title),
      el("p", {}, card.doc),
      el("p", { class: "gl-card-claim" }, _("Claim: {claim}{which} ", { claim: card.claim, which: card.held ? _(" Held on {held}.", { held: card.held }) : "" }), el("i", {}, `${card.cite}.`)),
      open,
    );
    const begin = () => {
      first = false;
      void film?.load();
      play(film);
    };
    node.addEventListener("pointerenter", begin);
    node.addEventListener("focusin", begin);
    node.addEventListener("pointerleave", () => play(null));
    node.addEventListener("focusout", () => play(null));
    if (film) film.canvas.addEventListener("click", () => onOpen(card.name));
    all.push({ card, node, film, words: `${question} ${card.title} ${card.doc} ${card.claim} ${card.cite} ${card.name}`.toLowerCase() });
    return node;
  }

  function choose() {
    const asked = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const { node, words } of all) {
      node.hidden = !asked.every((word) => words.includes(word));
      count += Number(!node.hidden);
    }
    for (const { node, cards } of sections) node.hidden = cards.every((card) => card.hidden);
    setText(found, asked.length ? (count ? _("{count} of {count2}", { count, count2: all.length }) : _("nothing found: try another word")) : "");
  }
  search.addEventListener("input", choose);

  const body = groups.map((group) => {
    const cards = group.cards.map((card) => make(card, group.title));
    const node = el("section", { class: "gl-cards-group", "aria-label": group.title }, el("h2", { class: "gl-cards-title" }, group.title, el("small", {}, ` ${group.says}`)), el("div", { class: "gl-cards" }, ...cards));
    sections.push({ node, cards });
    return node;
  });
  root.replaceChildren(el("div", { class: "gl-search-row" }, search, found), ...body);

  function layout() {
    for (const { film } of all) film?.refit();
  }
  let width = 0;
  const ground = stage(root, { classes: ["gl-gallery"], layout, changed: () => root.clientWidth !== width && ((width = root.clientWidth), true), styles: ["live.css", "gallery.css"] });
  ground.open();
  for (const { node } of all) watch.observe(node);
  const opening = all[0]?.film;
  if (opening) void opening.load().then(() => first && play(opening));
  root.dataset.drawn = "";

  return {
    update: () => void ground.retheme(),
    destroy() {
      play(null);
      watch.disconnect();
      ground.close();
    },
  };
}
