// Credit for frames: the server sends few that have not been acknowledged, so that none queue up on the way.

/**
 * The frames of one connection. tell(n) acknowledges the first n of them: drawn, or superseded by a newer one.
 *
 * @param {(n: number) => void} tell
 */
export function credit(tell) {
  let received = 0;
  let acknowledged = 0;
  return {
    /** A new connection counts from 0. */
    reset() {
      received = acknowledged = 0;
    },
    receive() {
      received += 1;
    },
    /** All that came are done with; says so once. */
    settle() {
      if (received > acknowledged) tell(received);
      acknowledged = received;
    },
  };
}
