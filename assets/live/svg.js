// The view as SVG: what is drawn on its canvases while they are laid out anew, recorded call by call.
//
// Canvas coordinates here are only scaled and shifted, so each call is written in pixels of its canvas. Parts that are
// computed pixel by pixel (the field of D) become images.

import { canvases } from "./picture.js";
import { atDensity } from "./plot.js";

const SHARP = 2;

/** @typedef {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} Ctx */
/** @typedef {{path: string, clip: string, stack: string[], out: string[], raster: boolean}} Notes */

const ANCHORS = /** @type {Record<string, string>} */ ({ center: "middle", right: "end", end: "end" });
const BASELINES = /** @type {Record<string, string>} */ ({ middle: "central", top: "hanging", bottom: "text-after-edge" });
const escape = (/** @type {string} */ text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;");
const n = (/** @type {number} */ v) => `${Math.round(v * 100) / 100}`;

/**
 * A colour of a canvas as attributes: `rgba(…)` is no colour in SVG 1.1.
 *
 * @param {string} name
 * @param {unknown} style
 * @param {number} alpha
 */
function paint(name, style, alpha) {
  const parts = /rgba?\(([^)]*)\)/.exec(String(style))?.[1].split(/[ ,/]+/).map(Number);
  const colour = parts ? `rgb(${parts.slice(0, 3).join(",")})` : String(style);
  const opacity = (parts?.[3] ?? 1) * alpha;
  return ` ${name}="${colour}"${opacity < 1 ? ` ${name}-opacity="${n(opacity)}"` : ""}`;
}

/**
 * What an image source shows, as a PNG in a URL.
 *
 * @param {CanvasImageSource & {width: number, height: number}} source
 */
function png(source) {
  const sheet = document.createElement("canvas");
  [sheet.width, sheet.height] = [source.width, source.height];
  sheet.getContext("2d")?.drawImage(source, 0, 0);
  return sheet.toDataURL();
}

/** The recorder: `notes` of each canvas, `methods` that write them, `defs` for clips. */
function recorder() {
  /** @type {Map<unknown, Notes>} */
  const notes = new Map();
  /** @type {string[]} */
  const defs = [];
  const of = (/** @type {Ctx} */ ctx) => {
    let mine = notes.get(ctx.canvas);
    if (!mine) notes.set(ctx.canvas, (mine = { path: "", clip: "", stack: [], out: [], raster: false }));
    return mine;
  };
  const at = (/** @type {Ctx} */ ctx) => {
    const { a, e, f } = ctx.getTransform();
    return { k: a, x: (/** @type {number} */ v) => n(a * v + e), y: (/** @type {number} */ v) => n(a * v + f) };
  };
  const add = (/** @type {Ctx} */ ctx, /** @type {string} */ tag, /** @type {string} */ attributes, text = "") => {
    const { clip, out } = of(ctx);
    out.push(`<${tag}${attributes}${clip}${text ? `>${text}</${tag}>` : "/>"}`);
  };
  const stroke = (/** @type {Ctx} */ ctx) => {
    const { k } = at(ctx);
    const dashes = ctx.getLineDash().map((v) => n(v * k));
    const more = `${ctx.lineCap === "butt" ? "" : ` stroke-linecap="${ctx.lineCap}"`}${dashes.length ? ` stroke-dasharray="${dashes}"` : ""}`;
    return `${paint("stroke", ctx.strokeStyle, ctx.globalAlpha)} stroke-width="${n(ctx.lineWidth * k)}" stroke-linejoin="${ctx.lineJoin}"${more}`;
  };
  const box = (/** @type {Ctx} */ ctx, /** @type {number[]} */ [x, y, w, h]) => {
    const to = at(ctx);
    return `M${to.x(x)} ${to.y(y)}H${to.x(x + w)}V${to.y(y + h)}H${to.x(x)}Z`;
  };
  /** @type {Record<string, (ctx: Ctx, ...given: any[]) => void>} */
  const methods = {
    beginPath: (ctx) => void (of(ctx).path = ""),
    closePath: (ctx) => void (of(ctx).path += "Z"),
    moveTo: (ctx, x, y) => void (of(ctx).path += `M${at(ctx).x(x)} ${at(ctx).y(y)}`),
    lineTo: (ctx, x, y) => void (of(ctx).path += `${of(ctx).path ? "L" : "M"}${at(ctx).x(x)} ${at(ctx).y(y)}`),
    rect: (ctx, ...given) => void (of(ctx).path += box(ctx, given)),
    arc(ctx, x, y, r) {
      const [{ k, x: tx, y: ty }, mine] = [at(ctx), of(ctx)]; // only whole circles are drawn
      const turn = `A${n(r * k)} ${n(r * k)} 0 1 0`;
      mine.path += `M${tx(x - r)} ${ty(y)}${turn} ${tx(x + r)} ${ty(y)}${turn} ${tx(x - r)} ${ty(y)}Z`;
    },
    fill: (ctx) => add(ctx, "path", ` d="${of(ctx).path}"${paint("fill", ctx.fillStyle, ctx.globalAlpha)}`),
    stroke: (ctx) => add(ctx, "path", ` d="${of(ctx).path}" fill="none"${stroke(ctx)}`),
    clearRect: (ctx) => void (of(ctx).out = []), // only whole canvases are cleared
    fillRect(ctx, x, y, w, h) {
      const mine = of(ctx);
      const whole = x <= 0 && y <= 0 && w >= ctx.canvas.width && h >= ctx.canvas.height;
      if (whole && !mine.clip) mine.out = []; // everything before is covered
      add(ctx, "path", ` d="${box(ctx, [x, y, w, h])}"${paint("fill", ctx.fillStyle, ctx.globalAlpha)}`);
    },
    strokeRect: (ctx, ...given) => add(ctx, "path", ` d="${box(ctx, given)}" fill="none"${stroke(ctx)}`),
    fillText(ctx, text, x, y) {
      const { k, x: tx, y: ty } = at(ctx);
      const type = ctx.font.replace(/([\d.]+)px/, (_, size) => `${n(size * k)}px`);
      const anchor = ANCHORS[ctx.textAlign] ?? "start";
      const base = BASELINES[ctx.textBaseline] ?? "alphabetic";
      const place = ` x="${tx(x)}" y="${ty(y)}" text-anchor="${anchor}" dominant-baseline="${base}"`;
      // Of the same length where the page's font is missing.
      const long = ` textLength="${n(ctx.measureText(text).width * k)}" lengthAdjust="spacingAndGlyphs"`;
      add(ctx, "text", `${place}${text ? long : ""} style="font:${escape(type)}"${paint("fill", ctx.fillStyle, ctx.globalAlpha)}`, escape(`${text}`));
    },
    clip(ctx) {
      const mine = of(ctx);
      defs.push(`<clipPath id="c${defs.length}"${mine.clip}><path d="${mine.path}"/></clipPath>`);
      mine.clip = ` clip-path="url(#c${defs.length - 1})"`;
    },
    save: (ctx) => void of(ctx).stack.push(of(ctx).clip),
    restore: (ctx) => void (of(ctx).clip = of(ctx).stack.pop() ?? ""),
    putImageData: (ctx) => void (of(ctx).raster = true),
    drawImage(ctx, source, x, y, w = source.width, h = source.height) {
      const [to, known] = [at(ctx), notes.get(source)];
      const scale = `scale(${(w * to.k) / source.width} ${(h * to.k) / source.height})`;
      const transform = ` transform="translate(${to.x(x)} ${to.y(y)}) ${scale}"`;
      if (known && !known.raster) {
        // The clip is in pixels of the target, so it goes around the shifted group.
        of(ctx).out.push(`<g${of(ctx).clip}><g${transform}>${known.out.join("")}</g></g>`);
      } else {
        const image = `<image${transform} width="${source.width}" height="${source.height}" href="${png(source)}"/>`;
        of(ctx).out.push(`<g${of(ctx).clip}>${image}</g>`);
      }
    },
  };
  return { notes, defs, methods };
}

/**
 * Execute act() while the recorder notes every call of every context.
 *
 * @param {Record<string, (ctx: Ctx, ...given: any[]) => void>} methods
 * @param {() => void} act
 */
function recorded(methods, act) {
  /** @type {(() => void)[]} */
  const undo = [];
  let noting = false; // shapes that the notes draw are not recorded
  for (const kind of [CanvasRenderingContext2D, OffscreenCanvasRenderingContext2D]) {
    const proto = /** @type {any} */ (kind.prototype);
    for (const [name, note] of Object.entries(methods)) {
      const own = proto[name];
      proto[name] = function (/** @type {any[]} */ ...given) {
        if (!noting) {
          noting = true;
          note(this, ...given);
          noting = false;
        }
        return own.apply(this, given);
      };
      undo.push(() => (proto[name] = own));
    }
  }
  try {
    act();
  } finally {
    for (const back of undo) back();
  }
}

/**
 * The view as the text of an SVG, redrawn by relayout().
 *
 * @param {HTMLElement} root
 * @param {() => void} relayout
 */
export function asSvg(root, relayout) {
  const { notes, defs, methods } = recorder();
  let text = "";
  atDensity(SHARP, () => {
    recorded(methods, relayout);
    const { parts, width, height, back } = canvases(root);
    const drawn = parts.map(({ node, x, y }) => {
      const own = notes.get(node);
      return own ? `<g transform="translate(${n(x)} ${n(y)}) scale(${1 / SHARP})">${own.out.join("")}</g>` : "";
    });
    const size = `width="${n(width)}" height="${n(height)}" viewBox="0 0 ${n(width)} ${n(height)}"`;
    const ground = `<rect width="100%" height="100%" fill="${back.trim()}"/>`;
    text = `<svg xmlns="http://www.w3.org/2000/svg" ${size}><defs>${defs.join("")}</defs>${ground}${drawn.join("")}</svg>\n`;
  }, true);
  relayout();
  return text;
}
