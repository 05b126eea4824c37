// Binary messages: uint32 LE header length | header JSON, space padded | arrays, each padded to 8 bytes.

/** @type {Record<string, typeof Float32Array | typeof Uint8Array | typeof Int16Array | typeof Int32Array>} */
const KINDS = { f4: Float32Array, u1: Uint8Array, i2: Int16Array, i4: Int32Array };
const text = new TextDecoder();

/**
 * Decode one message. The arrays are views into the buffer (no copy): message.a[name], message.shape[name].
 *
 * @param {ArrayBuffer} buffer
 */
export function decode(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const message = JSON.parse(text.decode(new Uint8Array(buffer, 4, length)));
  message.a = {};
  message.shape = {};
  let at = 4 + length;
  for (const [name, kind, shape] of /** @type {[string, string, number[]][]} */ (message.arrays || [])) {
    const Kind = KINDS[kind];
    if (!Kind) throw new Error(`unknown array type ${kind}`);
    const count = shape.reduce((product, n) => product * n, 1);
    message.a[name] = new Kind(buffer, at, count);
    message.shape[name] = shape;
    at += Math.ceil((count * Kind.BYTES_PER_ELEMENT) / 8) * 8;
  }
  return message;
}
