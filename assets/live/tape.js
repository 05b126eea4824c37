// A stored recording: frames as ganlab/standalone/tape.py packs them, and with them the scene and the curves.

import { decode } from "./wire.js";

/** @typedef {import("./types.js").NumberArray} NumberArray */
/** @typedef {import("./types.js").Tape} Tape */

/**
 * @typedef {object} Coded one array of all frames that have it
 * @property {string} array its codes in the message
 * @property {string} name
 * @property {"i2" | "u1" | "f4"} kind
 * @property {number[]} shape with the frames first
 * @property {number[]} axes along which the codes are differences
 * @property {number[]} low
 * @property {number | null} step null: the codes are the values
 * @property {number[]} [frames] those that have it; missing: all
 */

const MISSING = -32768; // the code of NaN
const product = (/** @type {number[]} */ list) => list.reduce((all, n) => all * n, 1);

/**
 * The message in gzipped bytes.
 *
 * @param {BlobPart} bytes
 */
export async function unzip(bytes) {
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return decode(await new Response(plain).arrayBuffer());
}

/**
 * The message in a gzipped text in base64.
 *
 * @param {string} text
 */
export const unpack = (text) => unzip(Uint8Array.from(atob(text.trim()), (letter) => letter.charCodeAt(0)));

/**
 * Undo differences along an axis, in place; typed arrays count modulo their size, as the differences did.
 *
 * @param {Int16Array | Uint8Array} codes
 * @param {number[]} shape
 * @param {number} axis
 */
function sum(codes, shape, axis) {
  const stride = product(shape.slice(axis + 1));
  const block = stride * shape[axis];
  for (let start = 0; start < codes.length; start += block) {
    for (let i = start + stride; i < start + block; i++) codes[i] += codes[i - stride];
  }
}

/**
 * @param {Coded} about
 * @param {NumberArray} stored
 * @returns {NumberArray}
 */
function restore({ kind, shape, axes }, stored) {
  if (kind === "f4") return stored;
  const count = product(shape);
  const codes = kind === "u1" ? Uint8Array.from(stored) : new Int16Array(count);
  if (codes instanceof Int16Array) {
    for (let i = 0; i < count; i++) {
      const zigzag = stored[i] | (stored[count + i] << 8);
      codes[i] = (zigzag >>> 1) ^ -(zigzag & 1);
    }
  }
  for (const axis of axes) sum(codes, shape, axis);
  return codes;
}

/**
 * One frame's array.
 *
 * @param {Coded} about
 * @param {NumberArray} codes of all frames
 * @param {number} at
 * @returns {NumberArray}
 */
function valuesOf({ shape, low, step }, codes, at) {
  const size = product(shape.slice(1));
  const part = codes.subarray(at * size, (at + 1) * size);
  if (step === null) return part;
  const count = low.length;
  return Float32Array.from(part, (code, i) => (code === MISSING ? NaN : low[i % count] + step * code));
}

/**
 * The recording in a message.
 *
 * @param {any} message
 * @returns {Tape}
 */
export function tapeOf(message) {
  const { a, shape, frames: headers } = message;
  const pick = (/** @type {string} */ start) => {
    const names = Object.keys(a).filter((name) => name.startsWith(start));
    const of = (/** @type {Record<string, any>} */ all) => Object.fromEntries(names.map((name) => [name.slice(start.length), all[name]]));
    return { a: of(a), shape: of(shape) };
  };
  const coded = message.coded.map((/** @type {Coded} */ about) => ({
    about,
    codes: restore(about, a[about.array]),
    place: about.frames && new Map(about.frames.map((frame, i) => [frame, i])),
  }));
  const { unit, seconds, seed, name, labels, lost, marks, flags } = message;
  return {
    unit, seconds, seed, name, labels, lost,
    count: headers.length,
    at: headers.map((/** @type {{at: number}} */ one) => one.at),
    iterations: headers.map((/** @type {{iteration: number}} */ one) => one.iteration),
    scene: { ...message.scene, ...pick("scene.") },
    curves: { type: "curves", run: message.scene.run, marks, flags, ...pick("row.") },
    frame(i) {
      /** @type {Record<string, NumberArray>} */
      const arrays = {};
      /** @type {Record<string, number[]>} */
      const shapes = {};
      for (const { about, codes, place } of coded) {
        const at = place ? place.get(i) : i;
        if (at === undefined) continue;
        arrays[about.name] = valuesOf(about, codes, at);
        shapes[about.name] = about.shape.slice(1);
      }
      return { ...headers[i], type: "frame", run: message.scene.run, a: arrays, shape: shapes };
    },
  };
}
