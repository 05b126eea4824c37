// Mixed strategies and where they are drawn.

import assert from "node:assert/strict";
import { test } from "node:test";

import { inSquare, inTriangle, playerPad, rounded, squarePad } from "../../assets/live/matrix_pads.js";
import { shown } from "../../assets/live/matrix_tree_draw.js";

const box = { x: 0, y: 0, w: 300, h: 300 };
const near = (/** @type {ArrayLike<number>} */ a, /** @type {number[]} */ b, eps = 1e-9) => b.forEach((v, i) => assert.ok(Math.abs(a[i] - v) < eps, `${[...Array.from(a)]} and ${b}`));

test("a place in a pad is that of the probabilities which it gives back", () => {
  for (const names of [["a", "b", "c"], ["a", "b"]]) {
    const pad = playerPad(box, 1, names, "G", "row player");
    for (const p of [[0.2, 0.5, 0.3], [1, 0, 0], [0.1, 0.1, 0.8]].map((q) => (names.length === 3 ? q : [q[0], 1 - q[0]]))) {
      near(pad.back(...pad.start(p)), p);
    }
  }
  const square = squarePad(box, 1, ["a", "b"], ["c", "d"]);
  near(square.back(...square.start([0.3, 0.7, 0.9, 0.1])), [0.3, 0.7, 0.9, 0.1]);
  // Four strategies: another mixture at the same place.
  const four = playerPad(box, 1, ["a", "b", "c", "d"], "G", "row player");
  const there = four.start([0.4, 0.1, 0.3, 0.2]);
  near(four.start(four.back(...there)), there);
});

test("outside of the triangle it is the nearest point", () => {
  near(inTriangle(0.5, -2), [0.5, 0.5, 0]);
  near(inTriangle(-3, -1), [1, 0, 0]);
  near(inTriangle(0.5, 5), [0, 0, 1]);
  // The right edge, from the middle of which this is a step outwards at a right angle.
  near(inTriangle(0.75 + 0.3 * Math.cos(Math.PI / 6), Math.sqrt(3) / 4 + 0.3 * Math.sin(Math.PI / 6)), [0, 0.5, 0.5]);
  near(inSquare(2, -1), [0, 1, 0, 0]);
});

test("rounded probabilities add up to 1", () => {
  for (const p of [[1 / 3, 1 / 3, 1 / 3], [0.9996, 0.0002, 0.0002], [0.00049, 0.5, 0.49951], [1, 0, 0, 0]]) {
    const out = rounded(p);
    assert.ok(out.every((v) => v >= 0) && Math.abs(out.reduce((a, b) => a + b) - 1) < 1e-9, `${out}`);
    near(out, p, 0.0011);
  }
});

test("what many players get is written together", () => {
  assert.equal(shown(["1", "2", "3"]), "1, 2, 3");
  assert.equal(shown(["−1", "−1", "−1", "−1", "−1", "1", "0", "0"]), "−1 ×5, 1, 0 ×2");
});
