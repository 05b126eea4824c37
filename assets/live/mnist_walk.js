// Figure 3: G along straight lines between latents, with a slider that works without the server.

import { el, fillTrack, icon, setText } from "./dom.js";
import { helpButton } from "./help.js";
import { inkOf, SIDE, sideFor, stamper } from "./mnist_digits.js";
import { density, fit, flood } from "./plot.js";
import { _ } from "./words.js";

const PER_SECOND = 12; // images per second while it plays
const STOPS = 8; // latents that the path visits
const DOWN = "₁₂₃₄₅₆₇₈";

/** {node, resize(width, height, theme), show(message), destroy()} */
export function walk() {
  const big = el("canvas", { class: "gl-digits gl-big", role: "img", "data-testid": "walk", "aria-label": _("G between two latents") });
  const strip = el("canvas", { class: "gl-digits gl-strip", role: "img", "data-testid": "strip", "aria-label": _("The whole path") });
  const words = el("span", { class: "gl-caption", "data-testid": "walk-caption" });
  const slider = el("input", {
    class: "gl-range",
    type: "range",
    min: 0,
    max: 1,
    step: 1,
    value: 0,
    "data-testid": "walk-slider",
    "aria-label": _("Position between latents"),
    oninput: () => go(Number(slider.value)),
  });
  const play = el("button", { class: "gl-tool", type: "button", "data-testid": "walk-play", onclick: () => (timer ? pause() : run()) });
  const about = helpButton("walk");
  const title = el("span", { class: "gl-title-box" }, about.node, el("span", { class: "gl-title" }, _("Interpolation in z")));
  const head = el("div", { class: "gl-head" }, title, words);
  const right = el("div", { class: "gl-way" }, strip, el("div", { class: "gl-way-row" }, play, slider));
  const node = el("section", { class: "gl-walk" }, head, el("div", { class: "gl-walk-row" }, big, right));
  const stamp = stamper();
  /** @type {import("./types.js").NumberArray} */
  let chain = new Uint8Array(0);
  let count = 0;
  let place = 0;
  let timer = 0;
  /**
   * @type {{theme: import("./types.js").Theme, ink: ReturnType<typeof inkOf>, big: CanvasRenderingContext2D,
   *   strip: CanvasRenderingContext2D} | null}
   */
  let sized = null; // until it has a size
  let cells = { count: 1, side: 0, top: 0, line: 0, x: (/** @type {number} */ i) => i };

  function showPlay() {
    const word = timer ? _("Pause") : _("Play the interpolation");
    play.title = word;
    play.setAttribute("aria-label", word);
    play.replaceChildren(icon(timer ? "pause" : "play"));
  }

  function pause() {
    clearInterval(timer);
    timer = 0;
    showPlay();
  }

  function run() {
    timer = window.setInterval(() => {
      if (!count || document.hidden || !node.isConnected) return;
      slider.value = String((place + 1) % Math.max(1, count - 1)); // the last image equals the first one
      go(Number(slider.value));
    }, 1000 / PER_SECOND);
    showPlay();
  }

  /** @param {number} index */
  function go(index) {
    place = index;
    fillTrack(slider);
    drawBig();
    drawMark();
    const at = count > 1 ? (place / (count - 1)) * STOPS : 0;
    const from = Math.floor(at) % STOPS;
    const part = Math.round((at - Math.floor(at)) * 100);
    setText(words, count ? _("{part} % from z{first} to z{last}", { part, first: DOWN[from], last: DOWN[(from + 1) % STOPS] }) : "");
  }

  function drawBig() {
    if (!sized) return;
    const { ink, big: ctx } = sized;
    flood(ctx, ink.paper);
    ctx.save();
    ctx.resetTransform();
    if (count) stamp(ctx, ink.table, chain, place, 0, 0, big.width);
    ctx.restore();
  }

  /** The images of the strip: as many as fit, in equal steps. */
  function drawStrip() {
    if (!sized) return;
    const { theme, ink, strip: ctx } = sized;
    flood(ctx, theme.back);
    ctx.save();
    ctx.resetTransform();
    for (let i = 0; i < cells.count; i++) {
      const x = cells.x(i);
      ctx.fillStyle = theme.faint;
      ctx.fillRect(x - cells.line, cells.top - cells.line, cells.side + 2 * cells.line, cells.side + 2 * cells.line);
      if (count) stamp(ctx, ink.table, chain, Math.floor((i * count) / cells.count), x, cells.top, cells.side);
      else {
        ctx.fillStyle = ink.paper;
        ctx.fillRect(x, cells.top, cells.side, cells.side);
      }
    }
    ctx.restore();
    drawMark();
  }

  function drawMark() {
    if (!sized) return;
    const { theme, strip: ctx } = sized;
    ctx.save();
    ctx.resetTransform();
    const thick = Math.max(2, Math.round(2 * density()));
    const y = cells.top + cells.side + thick;
    ctx.fillStyle = theme.back;
    ctx.fillRect(0, y, strip.width, thick);
    if (count) {
      ctx.fillStyle = theme.role("G");
      ctx.fillRect(cells.x(Math.min(cells.count - 1, Math.floor((place / count) * cells.count))), y, cells.side, thick);
    }
    ctx.restore();
  }

  strip.addEventListener("pointerdown", (event) => {
    if (!count) return;
    const box = strip.getBoundingClientRect();
    const i = Math.min(cells.count - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * cells.count)));
    slider.value = String(Math.floor((i * count) / cells.count));
    go(Number(slider.value));
  });
  showPlay();

  return {
    node,
    /** @param {Record<string, import("./types.js").HelpLine[]>} help */
    explain: ({ walk: lines }) => about.set(_("interpolation in z"), lines),
    /**
     * @param {number} width
     * @param {number} height
     * @param {import("./types.js").Theme} theme
     */
    resize(width, height, theme) {
      const ratio = density();
      const side = sideFor((height - head.offsetHeight - 4) * ratio);
      const bigCtx = fit(big, side / ratio, side / ratio);
      const room = width - side / ratio - 16 * theme.u;
      const one = SIDE * Math.max(1, Math.round((theme.u * ratio * 32) / SIDE));
      const line = Math.max(1, Math.round(ratio));
      const fits = Math.max(1, Math.floor((room * ratio - line) / (one + line)));
      const step = fits > 1 ? (room * ratio - one - 2 * line) / (fits - 1) : 0;
      cells = { count: fits, side: one, top: line, line, x: (i) => line + Math.round(i * step) };
      sized = { theme, ink: inkOf(theme), big: bigCtx, strip: fit(strip, room, one / ratio + 8) };
      drawStrip();
      go(place);
    },
    /** @param {import("./types.js").MnistMessage} message */
    show(message) {
      chain = message.a.chain ?? new Uint8Array(0);
      count = message.shape.chain?.[0] ?? 0;
      slider.max = String(Math.max(1, count - 1));
      slider.disabled = play.disabled = !count;
      if (place >= count) place = 0;
      slider.value = String(place);
      drawStrip();
      go(place);
    },
    destroy: pause,
  };
}
