// The page's theme for the canvases: Streamlit's CSS variables, and the colours that ganlab.theme serves.

import { COLUMN, SHADES, THEMES } from "./tokens.js";

/** @typedef {import("./types.js").Rgb} Rgb */

const VARIABLES = ["background-color", "text-color", "secondary-background-color", "border-color", "font"];

/** @type {CanvasRenderingContext2D | null} */
let probe = null;

/**
 * Red, green and blue of any CSS colour; of an empty one, the light theme's background.
 *
 * @param {string} colour
 * @returns {Rgb}
 */
function parse(colour) {
  probe ??= document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  if (!probe) throw new Error("this browser has no canvas");
  probe.clearRect(0, 0, 1, 1);
  probe.fillStyle = THEMES.light.background;
  probe.fillStyle = colour;
  probe.fillRect(0, 0, 1, 1);
  const [red, green, blue] = probe.getImageData(0, 0, 1, 1).data;
  return [red, green, blue];
}

/**
 * Red, green and blue of "#rrggbb".
 *
 * @param {string} colour
 * @returns {Rgb}
 */
export function rgb(colour) {
  const value = Number.parseInt(colour.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/**
 * @param {Rgb} colour
 * @param {number} a
 */
export const alpha = ([red, green, blue], a) => `rgba(${red},${green},${blue},${a})`;

/**
 * The colour `share` of the way from a to b.
 *
 * @param {Rgb} a
 * @param {Rgb} b
 * @param {number} share
 * @returns {Rgb}
 */
export function mix(a, b, share) {
  const [red, green, blue] = a.map((v, i) => Math.round(v + (b[i] - v) * share));
  return [red, green, blue];
}

/**
 * A colour as one pixel of ImageData: little-endian RGBA.
 *
 * @param {Rgb} colour
 */
export const pixelOf = ([red, green, blue]) => ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;

/**
 * 256 pixels from the first of three colours over the second to the third.
 *
 * @param {Rgb[]} stops
 */
export function fieldTable(stops) {
  const table = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    const u = (i / 255) * 2;
    table[i] = pixelOf(u < 1 ? mix(stops[0], stops[1], u) : mix(stops[1], stops[2], u - 1));
  }
  return table;
}

/**
 * The inputs of the theme as one string, to detect changes.
 *
 * @param {HTMLElement} root
 */
export function themeKey(root) {
  const css = getComputedStyle(root);
  return VARIABLES.map((name) => css.getPropertyValue(`--st-${name}`).trim()).join("|");
}

/**
 * One of `THEMES` for the canvases, over this background and with this text.
 *
 * @param {"light" | "dark"} name
 * @param {Rgb} [back]
 * @param {Rgb} [text]
 * @returns {import("./types.js").Theme}
 */
export function themeOf(name, font = "system-ui, sans-serif", back = rgb(THEMES[name].background), text = rgb(THEMES[name].text)) {
  const own = THEMES[name];
  const shade = (/** @type {number} */ share) => {
    const [red, green, blue] = mix(text, back, share);
    return `rgb(${red},${green},${blue})`;
  };
  /** @type {Record<string, string>} */
  const roles = { ...own.roles, game: shade(0), muted: shade(SHADES.muted) };
  const role = (/** @type {string} */ of) => roles[of] ?? shade(0);
  /** @type {Record<string, string>} */
  const inks = own.inks;
  return {
    name,
    dark: name === "dark",
    back: shade(1),
    text: shade(0),
    muted: shade(SHADES.muted),
    faint: shade(SHADES.faint),
    line: shade(SHADES.line),
    fill: own.fill,
    rgb: Object.fromEntries(Object.entries(own.roles).map(([of, colour]) => [of, rgb(colour)])),
    font,
    labels: own.labels.map(rgb),
    field: fieldTable(own.field.map(rgb)),
    u: 1,
    role,
    ink: (of) => inks[of] ?? role(of),
  };
}

/**
 * Read the theme and set it on the root as --gl-* variables. Returns the values for the canvases.
 *
 * @param {HTMLElement} root
 * @returns {import("./types.js").Theme}
 */
export function readTheme(root) {
  const css = getComputedStyle(root);
  const get = (/** @type {string} */ name, /** @type {string} */ other) => css.getPropertyValue(`--st-${name}`).trim() || other;
  const back = parse(get("background-color", THEMES.light.background));
  const dark = 0.2126 * back[0] + 0.7152 * back[1] + 0.0722 * back[2] < 128;
  const own = dark ? THEMES.dark : THEMES.light;
  // An operator may have configured other colours for the pages.
  const theme = themeOf(dark ? "dark" : "light", get("font", "system-ui, sans-serif"), back, parse(get("text-color", own.text)));
  const put = (/** @type {string} */ key, /** @type {string} */ value) => root.style.setProperty(`--gl-${key}`, value);
  for (const key of /** @type {const} */ (["back", "text", "muted", "faint", "line", "font"])) put(key, theme[key]);
  put("second", get("secondary-background-color", own.second));
  put("shadow", own.shadow);
  put("dim", own.dim);
  put("laser", own.laser);
  put("legend", `${COLUMN.legend}px`);
  for (const name of [...Object.keys(own.roles), "game", "muted"]) {
    put(name, theme.role(name));
    put(`${name}-ink`, theme.ink(name));
  }
  put("field", `linear-gradient(90deg, ${own.field.join(",")})`);
  root.dataset.theme = own.name;
  return theme;
}
