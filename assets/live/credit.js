// Credit for frames: the server limits the number of unacknowledged frames, so that none queue up in the network.

/**
 * The frames of one connection. tell(n) acknowledges the first n of them: drawn, or replaced by a newer one.
 *
 * @param {(n: number) => void} tell
 */
export function credit(tell) {
  let received = 0;
  let acknowledged = 0;
  return {
    /** Count from 0 for a new connection. */
    reset() {
      received = acknowledged = 0;
    },
    receive() {
      received += 1;
    },
    /** Acknowledge all frames that have arrived, once. */
    settle() {
      if (received > acknowledged) tell(received);
      acknowledged = received;
    },
  };
}
