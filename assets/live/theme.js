// Colours: Streamlit's CSS variables for the page, fixed colour-blind safe roles for the game.

const ROLES = {
  light: { data: "#111111", G: "#009e73", D: "#0072b2", accent: "#d55e00" },
  dark: { data: "#f2f2f2", G: "#2fd0a0", D: "#56b4e9", accent: "#ff8c42" },
};
// The same roles as words: 4.5 to 1 against the page and the sidebar, where a line's colour has less.
const INKS = {
  light: { G: "#007a58", accent: "#b34f00", run2: "#c22f8f" },
  dark: {},
};
// Runs that are compared; each has a dash of its own, too.
const RUNS = {
  light: ["#6a22ec", "#896b2b", "#e54ab1", "#131d23"],
  dark: ["#d343e8", "#f1b839", "#ef3b69", "#d3dde3"],
};
// D(x) in the plane: 0 (fake) warm brown, 1/2 neutral, 1 (real) blue; soft, so that the dots stand out.
const FIELD = {
  light: [[222, 190, 152], [248, 248, 247], [150, 196, 232]],
  dark: [[92, 64, 38], [27, 29, 34], [24, 74, 116]],
};
const VARIABLES = ["background-color", "text-color", "secondary-background-color", "border-color", "font"];

const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

function parse(colour) {
  probe.clearRect(0, 0, 1, 1);
  probe.fillStyle = "#ffffff";
  probe.fillStyle = colour;
  probe.fillRect(0, 0, 1, 1);
  return [...probe.getImageData(0, 0, 1, 1).data].slice(0, 3);
}

export const alpha = (rgb, a) => `rgba(${rgb[0]},${rgb[1]},${rgb[2]},${a})`;

function mix(a, b, t) {
  return `rgb(${a.map((v, i) => Math.round(v + (b[i] - v) * t)).join(",")})`;
}

function fieldTable(stops) {
  const table = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    const u = (i / 255) * 2;
    const [from, to, t] = u < 1 ? [stops[0], stops[1], u] : [stops[1], stops[2], u - 1];
    const [r, g, b] = from.map((v, c) => Math.round(v + (to[c] - v) * t));
    table[i] = (255 << 24) | (b << 16) | (g << 8) | r; // little-endian RGBA, as canvas ImageData
  }
  return table;
}

/** What the theme depends on, as one string: compare to see whether it changed. */
export function themeKey(root) {
  const css = getComputedStyle(root);
  return VARIABLES.map((name) => css.getPropertyValue(`--st-${name}`).trim()).join("|");
}

/** Read the theme and put it on the root as --gl-* variables. Returns the look that the canvases use. */
export function readTheme(root) {
  const css = getComputedStyle(root);
  const get = (name, other) => css.getPropertyValue(`--st-${name}`).trim() || other;
  const backColour = get("background-color", "#ffffff");
  const back = parse(backColour);
  const dark = 0.2126 * back[0] + 0.7152 * back[1] + 0.0722 * back[2] < 128;
  const textColour = get("text-color", dark ? "#fafafa" : "#31333f");
  const text = parse(textColour);
  const name = dark ? "dark" : "light";
  const roles = { ...ROLES[name], ...Object.fromEntries(RUNS[name].map((colour, i) => [`run${i}`, colour])) };
  const rgb = Object.fromEntries(Object.entries(roles).map(([role, colour]) => [role, parse(colour)]));
  const look = {
    name,
    dark,
    back: mix(back, back, 0),
    text: mix(text, text, 0),
    muted: mix(text, back, 0.32),
    faint: mix(text, back, 0.82),
    line: mix(text, back, 0.55),
    rgb,
    font: get("font", "system-ui, sans-serif"),
    field: fieldTable(FIELD[name]),
    u: 1,
    roles: { ...roles, game: mix(text, text, 0), muted: mix(text, back, 0.32) },
  };
  look.role = (role) => look.roles[role] || look.text;
  look.ink = (role) => INKS[name][role] || look.role(role);
  const put = (key, value) => root.style.setProperty(`--gl-${key}`, value);
  for (const key of ["back", "text", "muted", "faint", "line"]) put(key, look[key]);
  put("second", get("secondary-background-color", mix(text, back, 0.94)));
  put("font", look.font);
  for (const [role, colour] of Object.entries(look.roles)) {
    put(role, colour);
    put(`${role}-ink`, look.ink(role));
  }
  put("field", `linear-gradient(90deg, ${FIELD[name].map((c) => alpha(c, 1)).join(",")})`);
  root.dataset.theme = name;
  return look;
}
