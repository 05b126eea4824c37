import assert from "node:assert/strict";
import { test } from "node:test";

import { decode } from "../../assets/live/wire.js";

/** A message, put together by the protocol's words alone. */
function message(header, ...parts) {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const length = text.length + ((8 - ((4 + text.length) % 8)) % 8);
  const padded = parts.map((array) => Math.ceil(array.byteLength / 8) * 8);
  const out = new Uint8Array(4 + length + padded.reduce((sum, n) => sum + n, 0)).fill(32);
  new DataView(out.buffer).setUint32(0, length, true);
  out.set(text, 4);
  let at = 4 + length;
  parts.forEach((array, i) => {
    out.set(new Uint8Array(array.buffer), at);
    at += padded[i];
  });
  return out.buffer;
}

test("arrays are found behind a header of any length", () => {
  for (let n = 0; n < 9; n++) {
    const arrays = [["bytes", "u1", [3]], ["floats", "f4", [2, 1]], ["shorts", "i2", [1]], ["none", "i4", [0, 2]]];
    const header = { type: "t", text: "½".repeat(n), arrays };
    const got = decode(message(header, Uint8Array.of(1, 2, 255), Float32Array.of(1.5, -2), Int16Array.of(-3), new Int32Array(0)));
    assert.equal(got.text, header.text);
    assert.deepEqual(got.a, {
      bytes: Uint8Array.of(1, 2, 255), floats: Float32Array.of(1.5, -2), shorts: Int16Array.of(-3), none: new Int32Array(0),
    });
    assert.deepEqual(got.shape, { bytes: [3], floats: [2, 1], shorts: [1], none: [0, 2] });
  }
});

test("arrays are views, not copies", () => {
  const buffer = message({ arrays: [["x", "f4", [2]]] }, Float32Array.of(1, 2));
  assert.equal(decode(buffer).a.x.buffer, buffer);
});

test("a type that is not known is refused", () => {
  assert.throws(() => decode(message({ arrays: [["x", "f8", [1]]] }, Float64Array.of(1))), /f8/);
});
