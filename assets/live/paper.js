// Canvases without a browser: their contexts keep what is drawn as a list of shapes, which `ganlab.pictures` draws.
//
// The front end is then executed in an isolate of V8, which has no part of a browser except what this module provides.

/** @typedef {any[]} Shape its kind, then its values, in pixels of its canvas */

const KEPT = /** @type {const} */ ([
  "fillStyle",
  "strokeStyle",
  "lineWidth",
  "globalAlpha",
  "lineJoin",
  "lineCap",
  "font",
  "textAlign",
  "textBaseline",
  "t",
  "dashes",
  "clipped",
]);
const PIECE = 8192; // characters that are made at once
const [MOVE, LINE, CLOSE, CIRCLE] = [0, 1, 2, 3]; // in paths, followed by x and y, by nothing, or by x, y and radius
const USUAL = 0.5; // the width of an unknown letter, in sizes of the text

/** The pixels of images that shapes name by their index: of the current drawing. @type {ImageData[]} */
export const images = [];

/** Widths of letters, in sizes of the text, by weight. @type {Record<string, Record<string, number>>} */
export const widths = {};

const round = (/** @type {number} */ v) => Math.round(v * 100) / 100;

/** The numbers of the canvases that were drawn on others, by their shapes. @type {Map<string, number>} */
const layers = new Map();
const MOST = 20; // of them

/**
 * A canvas that is drawn on another: its number, and its shapes unless they are known.
 *
 * @param {Shape[]} shapes
 */
function layer(shapes) {
  const text = JSON.stringify(shapes);
  const known = layers.get(text);
  if (known !== undefined) return [known, null];
  if (layers.size >= MOST) layers.clear();
  layers.set(text, layers.size);
  return [layers.size - 1, shapes];
}

/** A context that keeps shapes. Coordinates are only scaled and shifted. */
class Recording {
  /** @param {Paper} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.fillStyle = this.strokeStyle = ""; // the front end sets them
    this.lineWidth = this.globalAlpha = 1;
    this.lineJoin = "miter";
    this.lineCap = "butt";
    this.font = "400 10px sans-serif";
    this.textAlign = "left";
    this.textBaseline = "alphabetic";
    this.imageSmoothingEnabled = true;
    this.t = { a: 1, e: 0, f: 0 };
    this.clipped = false;
    /** @type {number[]} */
    this.dashes = [];
    /** @type {number[]} */
    this.path = [];
    /** @type {any[]} */
    this.stack = [];
  }
  /** @param {Shape} shape */
  add(...shape) {
    this.canvas.shapes.push(shape);
  }
  /**
   * @param {number} a
   * @param {number} _b
   * @param {number} _c
   * @param {number} _d
   * @param {number} e
   * @param {number} f
   */
  setTransform(a, _b, _c, _d, e, f) {
    this.t = { a, e, f };
  }
  resetTransform() {
    this.t = { a: 1, e: 0, f: 0 };
  }
  getTransform() {
    return this.t;
  }
  save() {
    this.stack.push(Object.fromEntries(KEPT.map((name) => [name, this[name]])));
    this.add("save");
  }
  restore() {
    Object.assign(this, this.stack.pop());
    this.add("restore");
  }
  beginPath() {
    this.path = [];
  }
  closePath() {
    this.path.push(CLOSE);
  }
  /**
   * @param {number} kind
   * @param {number} x
   * @param {number} y
   */
  to(kind, x, y) {
    const { a, e, f } = this.t;
    if (x - x === 0 && y - y === 0) this.path.push(kind, round(a * x + e), round(a * y + f));
  }
  /**
   * @param {number} x
   * @param {number} y
   */
  moveTo(x, y) {
    this.to(MOVE, x, y);
  }
  /**
   * @param {number} x
   * @param {number} y
   */
  lineTo(x, y) {
    this.to(this.path.length ? LINE : MOVE, x, y);
  }
  /**
   * @param {number} x
   * @param {number} y
   * @param {number} w
   * @param {number} h
   */
  rect(x, y, w, h) {
    this.to(MOVE, x, y);
    for (const [i, j] of [[1, 0], [1, 1], [0, 1]]) this.to(LINE, x + i * w, y + j * h);
    this.closePath();
  }
  /**
   * A whole circle: the front end draws no other arcs.
   *
   * @param {number} x
   * @param {number} y
   * @param {number} r
   */
  arc(x, y, r) {
    this.to(CIRCLE, x, y);
    this.path.push(round(this.t.a * r));
  }
  fill() {
    this.add("fill", this.fillStyle, this.globalAlpha, this.path);
  }
  stroke() {
    const { a } = this.t;
    const line = [a * this.lineWidth, this.lineCap, this.lineJoin, this.dashes.map((v) => v * a)];
    this.add("stroke", this.strokeStyle, this.globalAlpha, this.path, ...line);
  }
  clip() {
    this.clipped = true;
    this.add("clip", this.path);
  }
  /** @param {number[]} box */
  boxed([x, y, w, h], act = () => {}) {
    const { path } = this;
    this.path = [];
    this.rect(x, y, w, h);
    act();
    this.path = path;
  }
  /**
   * Forget all shapes if a box covers the whole canvas.
   *
   * @param {number[]} box
   */
  cover([x, y, w, h]) {
    const { a, e, f } = this.t;
    const { width, height } = this.canvas;
    const whole = a * x + e <= 0 && a * y + f <= 0 && a * (x + w) + e >= width && a * (y + h) + f >= height;
    if (whole && !this.clipped && this.globalAlpha === 1) this.canvas.shapes = this.stack.map(() => ["save"]);
  }
  /** @param {number[]} box */
  fillRect(...box) {
    this.cover(box);
    this.boxed(box, () => this.fill());
  }
  /** @param {number[]} box */
  strokeRect(...box) {
    this.boxed(box, () => this.stroke());
  }
  /** @param {number[]} box */
  clearRect(...box) {
    this.cover(box);
  }
  /** The weight, the style and the size of the text. */
  get type() {
    const [, italic, weight, size] = /^(italic )?(\d+) ([\d.]+)px/.exec(this.font) ?? ["", "", "400", "10"];
    return { italic: Boolean(italic), weight, size: Number(size) };
  }
  /** @param {string} text */
  measureText(text) {
    const { weight, size } = this.type;
    const known = widths[weight] ?? {};
    let width = 0;
    for (const letter of text) width += known[letter] ?? USUAL;
    return { width: width * size };
  }
  /**
   * @param {string} text
   * @param {number} x
   * @param {number} y
   * @param {number} [most] width
   */
  fillText(text, x, y, most = 0) {
    const { a, e, f } = this.t;
    const { italic, weight, size } = this.type;
    const place = [a * x + e, a * y + f, this.textAlign, this.textBaseline, most * a];
    this.add("text", this.fillStyle, this.globalAlpha, `${text}`, italic ? "italic" : weight, size * a, ...place);
  }
  /** @param {number[]} dashes */
  setLineDash(dashes) {
    this.dashes = dashes;
  }
  getLineDash() {
    return this.dashes;
  }
  /**
   * @param {number} width
   * @param {number} height
   */
  createImageData(width, height) {
    return /** @type {ImageData} */ ({ width, height, data: new Uint8ClampedArray(4 * width * height) });
  }
  /**
   * There are no pixels here, so all are transparent.
   *
   * @param {number} _x
   * @param {number} _y
   * @param {number} w
   * @param {number} h
   */
  getImageData(_x, _y, w, h) {
    return this.createImageData(w, h);
  }
  /** @param {ImageData} image which covers the canvas */
  putImageData(image) {
    this.canvas.pixels = image;
  }
  /**
   * @param {Paper} source
   * @param {number} x
   * @param {number} y
   * @param {number} [w]
   * @param {number} [h]
   */
  drawImage(source, x, y, w = source.width, h = source.height) {
    const { a, e, f } = this.t;
    const { pixels, shapes } = source;
    if (pixels) this.canvas.shown = pixels;
    const place = [a * x + e, a * y + f, (a * w) / source.width, (a * h) / source.height];
    if (pixels) this.add("pixels", images.push(pixels) - 1, pixels.width, pixels.height, ...place);
    else this.add("shapes", ...layer(shapes), ...place);
  }
}

class PageRecording extends Recording {}
class SheetRecording extends Recording {}

/** A canvas, whose shapes are in its own pixels. */
export class Paper {
  /**
   * @param {number} width
   * @param {number} height
   * @param {typeof Recording} [Kind]
   */
  constructor(width, height, Kind = SheetRecording) {
    this.width = width;
    this.height = height;
    /** @type {Shape[]} */
    this.shapes = [];
    /** @type {ImageData | null} put into it */
    this.pixels = null;
    /** @type {ImageData | null} drawn on it */
    this.shown = null;
    this.style = { width: "", height: "" };
    this.x = this.y = 0; // its place among others, in CSS pixels
    this.context = new Kind(this);
  }
  getContext() {
    return this.context;
  }
  get clientWidth() {
    return parseFloat(this.style.width) || this.width;
  }
  getBoundingClientRect() {
    const [width, height] = [this.clientWidth, parseFloat(this.style.height) || this.height];
    return { left: this.x, top: this.y, right: this.x + width, bottom: this.y + height, width, height };
  }
  /** A name for the image that was drawn on it. */
  toDataURL() {
    return this.shown ? `pixels:${images.push(this.shown) - 1}` : "";
  }
}

/** A canvas as `document.createElement` makes it. */
export const page = () => /** @type {any} */ (new Paper(1, 1, PageRecording));

class Letters {
  /** @param {Uint8Array} bytes */
  decode(bytes) {
    let text = ""; // Python escapes what is not ASCII
    for (let i = 0; i < bytes.length; i += PIECE) text += String.fromCharCode(...bytes.subarray(i, i + PIECE));
    return text;
  }
}

if (typeof document === "undefined") {
  Object.assign(globalThis, {
    window: globalThis,
    document: { createElement: page },
    addEventListener: () => {},
    CanvasRenderingContext2D: PageRecording,
    OffscreenCanvasRenderingContext2D: SheetRecording,
    OffscreenCanvas: Paper,
    TextDecoder: Letters,
  });
}
