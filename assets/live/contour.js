// The contour line of a field at one level, by marching squares.

/** @typedef {import("./types.js").NumberArray} NumberArray */

/**
 * Segments [x0, y0, x1, y1, ...] in cells: the centre of the first cell is (0.5, 0.5), and rows go along x.
 *
 * @param {(i: number) => number} value of cell i
 * @param {number} rows
 * @param {number} columns
 * @param {number} level
 */
export function contour(value, rows, columns, level) {
  /** @type {number[]} */
  const out = [];
  for (let r = 0; r + 1 < rows; r++) {
    for (let c = 0; c + 1 < columns; c++) {
      const i = r * columns + c;
      const corners = [value(i), value(i + 1), value(i + columns + 1), value(i + columns)].map((v) => v - level);
      /** @type {number[]} */
      const cuts = [];
      for (let k = 0; k < 4; k++) {
        const [a, b] = [corners[k], corners[(k + 1) % 4]];
        if (a < 0 === b < 0) continue;
        const s = a / (a - b);
        const [x, y] = [[s, 0], [1, s], [1 - s, 1], [0, 1 - s]][k];
        cuts.push(c + 0.5 + x, r + 0.5 + y);
      }
      out.push(...cuts); // 0, 2 or 4 points: in pairs
    }
  }
  return out;
}
