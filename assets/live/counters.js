// Counters of the current view for tests, benchmarks and the socket: `window.ganlab`.

/** @type {import("./types.js").Counters} */
export const counters = (window.ganlab ??= {
  frames: 0, gaps: 0, mounts: 0, iteration: 0, state: "waiting", lastFrameAt: 0, socketOpen: false, run: -1, waits: "",
});
