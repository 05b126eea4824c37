// The frames of one connection that wait for a tick of the display. The server limits the number of unacknowledged
// frames, so that none queue up in the network.

const OUTDATED = 40; // ms after which a frame is skipped if a newer one is there

/**
 * tell(n) acknowledges the first n frames: drawn, or replaced by newer ones.
 *
 * @param {(n: number) => void} tell
 */
export function frameQueue(tell) {
  /** @type {{frame: import("./types.js").Frame, at: number}[]} */
  let waiting = [];
  let received = 0;
  let acknowledged = 0;
  return {
    /** Count from 0 for a new connection. */
    reset() {
      waiting = [];
      received = acknowledged = 0;
    },
    /** @param {import("./types.js").Frame} frame @param {number} now in ms */
    receive(frame, now) {
      received += 1;
      waiting.push({ frame, at: now });
    },
    /** Draw none of the waiting frames. */
    drop() {
      waiting = [];
    },
    /**
     * The frame to draw at a tick, or null. Without `smooth` it is the newest. With it, the newest waits for the next
     * tick if there are two, so that a frame that is late by less than a tick leaves no gap.
     *
     * @param {number} tick in ms
     * @param {boolean} smooth
     */
    take(tick, smooth) {
      const before = waiting.at(-2);
      const keeps = smooth && before !== undefined && tick - before.at < OUTDATED;
      const taken = waiting.splice(0, waiting.length - Number(keeps));
      const handled = received - waiting.length;
      if (handled > acknowledged) tell(handled);
      acknowledged = handled;
      return taken.at(-1)?.frame ?? null;
    },
    /** Whether a frame waits for the next tick. */
    waits: () => waiting.length > 0,
  };
}
