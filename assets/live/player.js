// The server's side of a view's connection for a stored recording: answers commands from a tape.

import { lastBy, nearestTo } from "./places.js";

/** @typedef {import("./types.js").Tape} Tape */

const TELL = 100; // ms between two statuses while it plays
const LONGEST = 250; // ms between two ticks that count as time; more is a hidden page

/**
 * A function for `Settings.connect` that plays a tape. moves: it plays at once. moment(i): frame i is shown.
 *
 * @param {Tape} tape
 * @param {{moves?: boolean, moment?: (i: number) => void}} [options]
 * @returns {(client: import("./types.js").Client) => import("./types.js").Link}
 */
export function player(tape, { moves = false, moment = () => {} } = {}) {
  const { at: places, iterations, count } = tape;
  const [first, last] = [places[0], places[count - 1]];
  const span = last - first || 1;
  const { jsd = null } = tape.curves.a;
  const steps = tape.curves.a.iteration;

  return (client) => {
    let playing = false;
    let factor = 1; // of the speed
    let time = 0; // seconds from the first frame
    let index = 0;
    let raf = 0;
    let ticked = -1; // when the last tick was; -1 before the first one
    let told = -Infinity;

    /**
     * The JSD of a compared run at the shown moment.
     *
     * @param {number} run
     */
    function jsdOf(run) {
      const values = tape.curves.a[`jsd.${run}`] ?? jsd;
      const value = values?.[lastBy(Array.from(steps), iterations[index])];
      return value === undefined || Number.isNaN(value) ? null : value;
    }

    function status() {
      told = performance.now();
      const now = iterations[index];
      client.message({
        type: "status", run: tape.scene.run, state: playing ? "playing" : "paused", speed: factor,
        rate: (factor * (iterations[count - 1] - iterations[0])) / tape.seconds,
        iteration: iterations[count - 1], values: {}, seed: tape.seed, seeds: 1, message: "", query: "", complete: true,
        fields: tape.scene.fields ?? [],
        runs: tape.labels.map((label, i) => {
          const [iteration, how] = tape.lost[i];
          const lost = how && now >= iteration ? how : "";
          return { label, iteration: now, lost, jsd: lost ? null : jsdOf(i) };
        }),
        timeline: {
          unit: tape.unit, first, last, at: places[index], iteration: now, past: index < count - 1, wanted: -1, done: 1,
          exact: true, places,
        },
      });
    }

    /** @param {number} i */
    function show(i) {
      index = i;
      client.message(tape.frame(i));
      moment(i);
    }

    /** @param {number} i */
    function jump(i) {
      time = ((places[i] - first) / span) * tape.seconds;
      if (i !== index) show(i);
    }

    function stop() {
      playing = false;
      cancelAnimationFrame(raf);
      raf = 0;
    }

    /** @param {number} now */
    function tick(now) {
      raf = requestAnimationFrame(tick);
      const passed = ticked < 0 ? 0 : Math.min(LONGEST, now - ticked);
      ticked = now;
      time = Math.min(tape.seconds, time + (factor * passed) / 1000);
      const i = time >= tape.seconds ? count - 1 : lastBy(places, first + (time / tape.seconds) * span);
      if (i !== index) show(i);
      if (i === count - 1) {
        stop();
        status();
      } else if (performance.now() - told > TELL) status();
    }

    /** @type {Record<string, ((command: any) => void) | undefined>} */
    const commands = {
      play() {
        if (index === count - 1) jump(0);
        playing = count > 1;
        ticked = -1;
        if (playing && !raf) raf = requestAnimationFrame(tick);
      },
      pause: stop,
      speed: ({ value }) => void (factor = value),
      scrub({ at }) {
        stop();
        jump(nearestTo(places, at));
      },
      present() {
        stop();
        jump(count - 1);
      },
      export: ({ value }) => client.message({ type: "export", what: value, name: `${tape.name}.${value}`, text: "", a: {}, shape: {} }),
    };

    // After the caller has this connection.
    const begun = setTimeout(() => {
      client.opened();
      client.message(tape.scene);
      client.message(tape.curves);
      show(0);
      if (moves) commands.play?.({});
      status();
    });

    return {
      send(command) {
        const act = commands[command.cmd];
        act?.(command);
        if (act && command.cmd !== "export") status();
        return Boolean(act);
      },
      close() {
        clearTimeout(begun);
        stop();
      },
    };
  };
}
