// The classes of G's samples: the share of each as a bar, with a tick at its expected share.

import { chart } from "./chart.js";
import { font } from "./plot.js";
import { _ } from "./words.js";

/** @typedef {import("./types.js").MnistMessage} MnistMessage */
/** @typedef {import("./types.js").NumberArray[]} Rows [shares, expected, covered or not], each of ten */

const short = (/** @type {number} */ v) => (v >= 1e-4 ? String(+v.toPrecision(2)) : "0");

/** {node, known(), resize(width, height, theme), show(message)} */
export function classes() {
  const { node, resize, redraw } = chart({ "data-testid": "classes" }, draw);
  /** @type {MnistMessage | null} */
  let message = null;

  /** @returns {Rows | null} */
  function rows() {
    const all = message?.a.classes;
    if (!all?.length) return null;
    const n = all.length / 3;
    return [0, 1, 2].map((row) => all.subarray(row * n, (row + 1) * n));
  }

  /** @param {Rows} rows */
  function words([, expected, covered]) {
    let [there, count] = [0, 0];
    for (const v of expected) there += Number(v > 0);
    for (const v of covered) count += v;
    const [kl, floor] = message?.a.class_kl ?? [];
    return { count, there, kl: _("KL {kl} (floor {floor})", { kl: short(kl), floor: short(floor) }) };
  }

  /** @type {import("./chart.js").Draw} */
  function draw(ctx, theme, width, height) {
    const all = rows();
    if (!all) return;
    const { u } = theme;
    const [shares, expected, covered] = all;
    const { count, there, kl } = words(all);
    const left = Math.round(16 * u); // for the "?"
    ctx.textBaseline = "alphabetic";
    ctx.textAlign = "left";
    ctx.font = font(theme, 12.5, 600);
    ctx.fillStyle = count < there ? theme.ink("accent") : theme.text;
    const title = _("{count} of {there} classes", { count, there });
    ctx.fillText(title, left, 13 * u);
    const x = left + ctx.measureText(title).width + 8 * u;
    ctx.font = font(theme, 11.5);
    ctx.fillStyle = theme.muted;
    const below = x + ctx.measureText(kl).width > width; // below its title if there is no room beside it
    ctx.fillText(kl, below ? left : x, below ? 28 * u : 13 * u);
    const top = Math.round((below ? 36 : 22) * u);
    const h = height - top - Math.round(20 * u);
    if (h < 12) return;
    const step = (width - left) / shares.length;
    const full = 1.05 * Math.max(...shares, ...expected, 1e-9);
    const py = (/** @type {number} */ v) => top + h - (v / full) * h;
    const wide = Math.max(2, step * 0.72);
    ctx.textAlign = "center";
    ctx.textBaseline = "top";
    for (let i = 0; i < shares.length; i++) {
      const middle = left + step * (i + 0.5);
      const missed = expected[i] > 0 && !covered[i];
      const y = Math.min(py(shares[i]), top + h - 1);
      ctx.fillStyle = theme.role(missed ? "accent" : "G");
      ctx.fillRect(middle - wide / 2, y, wide, top + h - y);
      if (expected[i] > 0) {
        ctx.fillStyle = theme.role("data");
        ctx.fillRect(left + step * i + 1, Math.round(py(expected[i])) - 1, step - 2, Math.max(1.5, 1.5 * u));
      }
      ctx.font = font(theme, 11, missed ? 700 : 400);
      ctx.fillStyle = missed ? theme.ink("accent") : theme.muted;
      ctx.fillText(String(i), middle, top + h + 5 * u);
    }
    ctx.fillStyle = theme.line;
    ctx.fillRect(left, top + h, width - left, 1);
  }

  return {
    node,
    known: () => rows() !== null,
    resize,
    /** @param {MnistMessage} newMessage */
    show(newMessage) {
      message = newMessage;
      const all = rows();
      node.hidden = !all;
      if (!all) return;
      const { count, there, kl } = words(all);
      const missed = [...all[2]].flatMap((v, i) => (all[1][i] > 0 && !v ? [i] : []));
      const lost = missed.length ? _(", not {missed}", { missed: missed.join(", ") }) : "";
      node.setAttribute("aria-label", _("{count} of {there} classes covered{lost}; {kl} nats", { count, there, lost, kl }));
      redraw();
    },
  };
}
