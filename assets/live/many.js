// Many seeds: a canvas of tiles, each of which opens its seed in a lab, and a summary.

import { el, setText } from "./dom.js";
import { helpButton } from "./help.js";
import { fit, opaque } from "./plot.js";
import { seedAt } from "./seeds.js";
import { mountView } from "./shell.js";
import { tiles, widthFor } from "./tile.js";
import { _ } from "./words.js";

/** @type {Record<number, [string, string][]>} */
const KEYS = { 0: [["p_data", "p_data"], ["p_g", _("p_g, the last bar: all other strings")]], 1: [["p_data", "p_data"], ["p_g", "p_g"], ["d_thin", "D(x)"]], 2: [["contour", "p_data"], ["fake", _("generated")]] };

/** @type {(shell: import("./types.js").Shell) => import("./types.js").Renderer} */
function manySeeds({ settings }) {
  const canvas = el("canvas", { class: "gl-canvas", role: "img", "aria-label": _("Data and generator of each seed") });
  const links = el("div", { class: "gl-tiles" });
  const words = el("span", { class: "gl-says", "data-testid": "says" }, "");
  const keys = el("span", { class: "gl-legend gl-words" });
  const about = helpButton("tiles");
  const above = el("div", { class: "gl-said" }, el("span", { class: "gl-says-box" }, words, about.node), keys);
  /** @type {import("./types.js").Scene} */
  let scene;
  /** @type {ReturnType<typeof tiles>} */
  let picture;
  /** @type {import("./types.js").Arrays | null} */
  let values = null; // the newest metrics of each tile
  let query = "";

  /**
   * @param {MouseEvent} event
   * @param {number} seed
   */
  function open(event, seed) {
    // With a modifier key, the browser opens a new tab or window.
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    settings.onOpen?.(seed);
  }

  /** @param {number} i */
  function makeLink(i) {
    const seed = seedAt(scene.seed, i);
    const title = _("Open seed {seed} in the {which}", { seed, which: scene.dim ? _("{dim}-D lab", { dim: scene.dim }) : _("lab of symbols") });
    return el("a", {
      class: "gl-tile",
      "data-testid": `tile-${i}`,
      title,
      "aria-label": title,
      draggable: "false",
      onclick: (/** @type {MouseEvent} */ event) => open(event, seed),
    });
  }

  /**
   * Link each tile to its seed's lab.
   *
   * @param {string} newQuery
   */
  function lead(newQuery) {
    if (newQuery === query) return;
    query = newQuery;
    const lab = settings.labs[scene.dim];
    [...links.children].forEach((node, i) => {
      /** @type {HTMLAnchorElement} */ (node).href = lab ? `${lab}?${query}${seedAt(scene.seed, i)}` : "#";
    });
  }

  return {
    nodes: [canvas, links],
    above,
    curvesLabel: _("Median and spread over iterations"),
    many: true,
    need: (height, u) => widthFor(scene, height, u),
    scene(message) {
      scene = message;
      values = null;
      query = "";
      picture = tiles(scene);
      about.set(_("in the tiles"), scene.tiles);
      links.replaceChildren(...Array.from({ length: scene.seeds }, (_, i) => makeLink(i)));
      const keyOf = (/** @type {[string, string]} */ [id, title]) =>
        el("span", { class: "gl-word" }, el("i", { class: "gl-key", "data-key": id }), title);
      lead(scene.lab_query);
      keys.replaceChildren(...KEYS[scene.dim].map(keyOf));
    },
    resize(width, height, theme) {
      fit(canvas, width, height);
      picture.resize(width, height, theme);
      picture.boxes().forEach((box, i) => {
        const { style } = /** @type {HTMLElement} */ (links.children[i]);
        [style.left, style.top] = [`${box.x}px`, `${box.y}px`];
        [style.width, style.height] = [`${box.w}px`, `${box.h}px`];
      });
    },
    draw: (frame) => picture.draw(opaque(canvas), frame, values),
    curves(message) {
      values = message.a.tile_jsd ? message.a : null;
      return true;
    },
    status(message) {
      setText(words, message.says || "");
      lead(message.lab_query);
    },
  };
}

/**
 * @param {HTMLElement} root
 * @param {import("./types.js").Settings} settings
 */
export const mount = (root, settings) => mountView(root, settings, manySeeds);
