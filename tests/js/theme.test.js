import assert from "node:assert/strict";
import { test } from "node:test";

import { alpha, fieldTable, mix, pixelOf, rgb } from "../../assets/live/theme.js";
import { THEMES } from "../../assets/live/tokens.js";

const bytes = (pixel) => [...new Uint8Array(Uint32Array.of(pixel).buffer)];

test("colours are read, mixed and written", () => {
  assert.deepEqual(rgb("#0a80ff"), [10, 128, 255]);
  assert.deepEqual(mix([0, 100, 255], [10, 0, 255], 0.5), [5, 50, 255]);
  assert.equal(alpha([1, 2, 3], 0.5), "rgba(1,2,3,0.5)");
  assert.deepEqual(bytes(pixelOf([1, 2, 255])), [1, 2, 255, 255], "as ImageData has it, opaque");
});

test("the field of D goes from fake over undecided to real", () => {
  for (const { field } of Object.values(THEMES)) {
    const stops = field.map(rgb);
    const table = fieldTable(stops);
    assert.equal(table.length, 256);
    assert.deepEqual(bytes(table[0]).slice(0, 3), stops[0]);
    assert.deepEqual(bytes(table[255]).slice(0, 3), stops[2]);
    for (const middle of [127, 128]) {
      bytes(table[middle]).slice(0, 3).forEach((v, c) => assert.ok(Math.abs(v - stops[1][c]) <= 1));
    }
  }
});
