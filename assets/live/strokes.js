// What a pen does to a drawing: heights of a curve, ink of a picture, and changes that can be undone. No page is needed.

export const LEVELS = 15; // of ink: from 0 to this

/**
 * Set the heights of a curve from one point of a stroke to the next. A fast stroke skips places: they lie on the line
 * between.
 *
 * @param {number[]} heights
 * @param {{at: number, height: number} | null} from the point before; null: the stroke begins
 * @param {{at: number, height: number}} to
 * @param {(height: number) => number} round
 */
export function sweep(heights, from, to, round) {
  const start = from ?? to;
  const step = Math.sign(to.at - start.at) || 1;
  for (let i = start.at; ; i += step) {
    const share = to.at === start.at ? 1 : (i - start.at) / (to.at - start.at);
    heights[i] = round(start.height + (to.height - start.height) * share);
    if (i === to.at) break;
  }
}

/**
 * Draw a line with a round pen, or erase along it. Places are in pixels: the centre of the first is (0.5, 0.5).
 *
 * @param {Uint8Array} ink `size` rows of `size` pixels, the first row at the top
 * @param {number} size
 * @param {[x: number, y: number]} from
 * @param {[x: number, y: number]} to
 * @param {number} radius
 * @param {boolean} erase
 * @returns {boolean} whether anything has changed
 */
export function stroke(ink, size, [x0, y0], [x1, y1], radius, erase) {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const square = dx * dx + dy * dy;
  const ends = (/** @type {number} */ a, /** @type {number} */ b) => [
    Math.max(0, Math.floor(Math.min(a, b) - radius - 1)),
    Math.min(size - 1, Math.ceil(Math.max(a, b) + radius + 1)),
  ];
  const [[left, right], [top, bottom]] = [ends(x0, x1), ends(y0, y1)];
  let changed = false;
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const [px, py] = [column + 0.5 - x0, row + 0.5 - y0];
      const along = square ? Math.min(1, Math.max(0, (px * dx + py * dy) / square)) : 0;
      const far = Math.hypot(px - along * dx, py - along * dy);
      const cover = Math.min(1, Math.max(0, radius + 0.5 - far));
      const at = row * size + column;
      const next = erase ? Math.min(ink[at], Math.round(LEVELS * (1 - cover))) : Math.max(ink[at], Math.round(LEVELS * cover));
      changed ||= next !== ink[at];
      ink[at] = next;
    }
  }
  return changed;
}

/**
 * Ink as text: two pixels in each byte, in base64.
 *
 * @param {Uint8Array} ink
 */
export function packed(ink) {
  let text = "";
  for (let i = 0; i < ink.length; i += 2) text += String.fromCharCode(16 * ink[i] + (ink[i + 1] ?? 0));
  return btoa(text);
}

/**
 * The inverse of `packed`, for an even number of pixels.
 *
 * @param {string} text
 */
export function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  return Uint8Array.from({ length: 2 * bytes.length }, (_, i) => (i % 2 ? bytes[i >> 1] & 15 : bytes[i >> 1] >> 4));
}

/**
 * Versions of a drawing, of which the oldest are forgotten: keep(now) before a change; undo(now) and redo(now) return
 * another version, or null if there is none.
 *
 * @template T
 * @param {(values: T) => T} copy
 */
export function versions(copy, most = 100) {
  /** @type {T[]} */
  let before = [];
  /** @type {T[]} */
  let after = [];
  return {
    /** @param {T} now */
    keep(now) {
      before = [...before.slice(1 - most), copy(now)];
      after = [];
    },
    /** @param {T} now */
    undo(now) {
      const found = before.pop();
      if (found === undefined) return null;
      after.push(copy(now));
      return found;
    },
    /** @param {T} now */
    redo(now) {
      const found = after.pop();
      if (found === undefined) return null;
      before.push(copy(now));
      return found;
    },
    can: () => ({ undo: before.length > 0, redo: after.length > 0 }),
    forget() {
      before = [];
      after = [];
    },
  };
}
