import assert from "node:assert/strict";
import { test } from "node:test";

import { area, logTicks, names, power, short, steady, ticks, trace } from "../../assets/live/plot.js";

test("ticks are round, inside and about as many as wanted", () => {
  const round = (...range) => ticks(...range).map((t) => t + 0); // no negative zero
  assert.deepEqual(round(0, 1, 4), [0, 0.5, 1]);
  assert.deepEqual(round(-3, 3, 6), [-3, -2, -1, 0, 1, 2, 3]);
  for (const [low, high] of [[0, 7], [-0.3, 12.2], [1e-9, 3e-9], [123456, 123499]]) {
    for (const count of [2, 4, 8]) {
      const list = ticks(low, high, count);
      const step = (high - low) / count;
      assert.ok(list.every((t) => t >= low - 1e-6 * step && t <= high + 1e-6 * step));
      assert.ok(list.length >= count / 2.5 - 1 && list.length <= count + 1, `${low} ${high} ${count}: ${list}`);
    }
  }
  assert.deepEqual(ticks(1, 1, 4), []);
  assert.deepEqual(ticks(0, Infinity, 4), []);
});

test("of powers of ten the highest stays where they are thinned", () => {
  assert.deepEqual(logTicks(0.01, 100, 9).map(Math.log10), [2, 1, 0, -1, -2]);
  const few = logTicks(1e-9, 1e3, 4);
  assert.ok(few.length <= 5 && few[0] === 1e3);
  assert.deepEqual([power(3), power(-12)], ["10³", "10⁻¹²"]);
});

test("numbers are short, with a true minus sign", () => {
  const wanted = { 0: "0", 0.25: "0.25", "-3": "−3", 12345: "12.3k", 4.2e6: "4.2M", 3e-7: "3e−7", 2e12: "2e12" };
  for (const [value, text] of Object.entries(wanted)) assert.equal(short(Number(value)), text);
  assert.deepEqual(names([0.6929, 0.693, 0.6931]), ["0.6929", "0.693", "0.6931"]);
});

test("a value that changes has a steady number of digits", () => {
  const wanted = [[NaN, "–"], [0, "0"], [7, "7"], [0.03512, "0.035"], [-1.3863, "−1.39"], [12.34, "12.3"], [250.4, "250"], [3e-9, "3.0e−9"]];
  for (const [value, text] of wanted) assert.equal(steady(value), text);
});

test("a line has a gap where there is no value", () => {
  const said = [];
  const ctx = { moveTo: (x, y) => said.push(["move", x, y]), lineTo: (x, y) => said.push(["line", x, y]) };
  const values = [1, NaN, 2, 3];
  trace(ctx, 4, (i) => i, (i) => values[i]);
  assert.deepEqual(said, [["move", 0, 1], ["move", 2, 2], ["line", 3, 3]]);
  said.length = 0;
  area(ctx, 2, (i) => i, () => 0, (i) => i + 1);
  assert.deepEqual(said.map(([, ...at]) => at), [[0, 0], [1, 0], [1, 2], [0, 1]]);
});
