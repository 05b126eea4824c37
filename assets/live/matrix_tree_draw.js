// The picture of a tree, from its first node at the left to its ends at the right.

import { font } from "./plot.js";
import { SIZES } from "./tokens.js";

/** @typedef {import("./types.js").Matrix} Matrix */

const NODE = 8; // px of a node's radius
const WIDEST = 230; // px between two depths
const ENDS = 7; // px of text that a character of an end's pay-offs needs

/**
 * The place of each node in pixels.
 *
 * @param {Matrix} game
 * @param {number} width
 * @param {number} height
 * @param {number} u
 */
export function treePlaces(game, width, height, u) {
  const deepest = Math.max(1, ...game.nodes.map((/** @type {{depth: number}} */ one) => one.depth));
  const rows = Math.max(1, ...game.nodes.map((/** @type {{row: number}} */ one) => one.row));
  const ends = game.nodes.filter((/** @type {{player: string}} */ one) => !one.player);
  const text = Math.max(...ends.map((/** @type {{pays: string[]}} */ { pays }) => shown(pays).length)) * ENDS * u + 16 * u;
  const step = Math.min(WIDEST * u, (width - 22 * u - text) / deepest);
  const [top, bottom] = [34 * u, height - 24 * u];
  return game.nodes.map((/** @type {{depth: number, row: number}} */ { depth, row }) => ({
    x: 22 * u + depth * step,
    y: top + ((bottom - top) * row) / rows,
  }));
}

/** What each player gets; of many players, equal neighbours together. @param {string[]} pays */
export function shown(pays) {
  if (pays.length <= 6) return pays.join(", ");
  /** @type {[string, number][]} */
  const groups = [];
  for (const v of pays) {
    const last = groups.at(-1);
    if (last?.[0] === v) last[1] += 1;
    else groups.push([v, 1]);
  }
  return groups.map(([v, n]) => (n > 1 ? `${v} ×${n}` : v)).join(", ");
}

/**
 * The tree with what is solved after `turn` turns; after the last one, the path that is played.
 *
 * @param {CanvasRenderingContext2D} ctx
 * @param {import("./types.js").Theme} theme
 * @param {Matrix} game
 * @param {{x: number, y: number}[]} places
 * @param {number} turn
 * @param {number} width
 * @param {number} _height
 */
export function drawTree(ctx, theme, game, places, turn, width, _height) {
  const u = theme.u;
  const done = turn >= game.steps;
  ctx.lineJoin = "round";
  game.nodes.forEach((/** @type {any} */ one, /** @type {number} */ i) => {
    if (one.parent < 0) return;
    const solved = game.nodes[one.parent].turn <= turn;
    const [from, to] = [places[one.parent], places[i]];
    const lit = solved && one.chosen;
    const played = done && one.played;
    ctx.strokeStyle = played ? theme.role("accent") : lit ? theme.role("G") : solved ? theme.faint : theme.muted;
    ctx.lineWidth = (played ? 4.5 : lit ? 3.5 : 1.2) * u;
    ctx.setLineDash(solved && !one.chosen ? [3 * u, 4 * u] : []);
    ctx.beginPath();
    ctx.moveTo(from.x, from.y);
    ctx.lineTo(to.x, to.y);
    ctx.stroke();
    ctx.setLineDash([]);
  });
  // Names of choices on a patch of the background, in the middle of their lines.
  ctx.font = font(theme, SIZES.axis);
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  game.nodes.forEach((/** @type {any} */ one, /** @type {number} */ i) => {
    if (one.parent < 0) return;
    const [from, to] = [places[one.parent], places[i]];
    const solved = game.nodes[one.parent].turn <= turn;
    const short = to.x - from.x < ctx.measureText(one.move).width + 44 * u;
    const part = short && to.y > from.y ? 0.78 : 0.55;
    let [x, y] = [from.x + part * (to.x - from.x), from.y + part * (to.y - from.y)];
    const half = ctx.measureText(one.move).width / 2 + 2 * u;
    if (!short) {
      ctx.fillStyle = theme.back;
      ctx.globalAlpha = 0.85;
      ctx.fillRect(x - half, y - 8 * u, 2 * half, 16 * u);
      ctx.globalAlpha = 1;
    } else {
      // Beside a short line, on its outer side.
      const [dx, dy] = [to.x - from.x, to.y - from.y];
      const away = (half + 3 * u) * Math.abs(dy / Math.hypot(dx, dy)) + 8 * u * (dx / Math.hypot(dx, dy));
      [x, y] = dy < 0 ? [x + away * 0.8, y + away * 0.45] : [x - away * 0.8, y + away * 0.45];
    }
    ctx.fillStyle = solved && one.chosen ? theme.ink(done && one.played ? "accent" : "G") : theme.muted;
    ctx.fillText(one.move, x, y);
  });
  game.nodes.forEach((/** @type {any} */ one, /** @type {number} */ i) => {
    const { x, y } = places[i];
    const solved = one.turn <= turn;
    ctx.beginPath();
    ctx.arc(x, y, (one.player ? NODE : 5) * u, 0, 2 * Math.PI);
    ctx.fillStyle = !one.player ? theme.muted : one.turn === turn ? theme.role("accent") : solved ? theme.role("G") : theme.back;
    ctx.fill();
    ctx.strokeStyle = theme.text;
    ctx.lineWidth = 1.5 * u;
    if (one.player) ctx.stroke();
    ctx.textBaseline = "middle";
    if (!one.player) {
      ctx.font = font(theme, SIZES.axis, done && one.played ? 700 : 400);
      ctx.fillStyle = done && one.played ? theme.ink("accent") : theme.text;
      ctx.textAlign = "left";
      ctx.fillText(shown(one.pays), x + 10 * u, y);
      return;
    }
    ctx.font = font(theme, SIZES.axis, 600);
    ctx.fillStyle = theme.text;
    ctx.textAlign = x < 30 * u ? "left" : "center";
    ctx.textBaseline = "bottom";
    const wide = ctx.measureText(one.player).width / 2;
    const at = Math.max(x < 30 * u ? 4 : wide + 2, x < 30 * u ? x - 14 * u : x);
    ctx.fillText(one.player, Math.min(at, width - wide), y - 11 * u);
    // What happens from here on, once it is known.
    if (solved && game.players.length <= 4) {
      ctx.font = font(theme, SIZES.panel_axis);
      ctx.fillStyle = theme.ink("G");
      ctx.textBaseline = "top";
      ctx.textAlign = "center";
      ctx.fillText(one.pays.join(", "), Math.max(x, 26 * u), y + 11 * u);
    }
  });
}
