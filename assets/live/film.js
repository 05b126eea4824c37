// A film of the view, recorded by the browser while it is shown.

import { compose } from "./picture.js";

const FRAMES = 30; // per second
const BITS = 8e6; // per second
const KINDS = ["video/mp4;codecs=avc1.42E01F", "video/mp4", "video/webm;codecs=vp9", "video/webm"];

/** The type of films that this browser records; "" if it records none. */
export const filmType = () => {
  if (typeof MediaRecorder === "undefined") return "";
  return KINDS.find((kind) => MediaRecorder.isTypeSupported(kind)) ?? "";
};

/**
 * Record the canvases of `root` for some seconds, or until stop() is called.
 *
 * told(seconds) is called with the seconds so far; ready(film) once with the whole film.
 *
 * @param {HTMLElement} root
 * @param {number} seconds
 * @param {(seconds: number) => void} told
 * @param {(film: Blob) => void} ready
 * @returns {() => void} stop
 */
export function record(root, seconds, told, ready) {
  const type = filmType();
  // One pixel for each CSS pixel: more would slow the view down, which is drawn at the same time.
  const sheet = compose(document.createElement("canvas"), root, 1);
  const stream = sheet.captureStream(FRAMES);
  const recorder = new MediaRecorder(stream, { mimeType: type, videoBitsPerSecond: BITS });
  /** @type {Blob[]} */
  const parts = [];
  const begun = performance.now();
  let frame = 0;
  recorder.ondataavailable = ({ data }) => void (data.size && parts.push(data));
  recorder.onstop = () => {
    for (const track of stream.getTracks()) track.stop();
    ready(new Blob(parts, { type: type.split(";")[0] }));
  };
  const stop = () => {
    cancelAnimationFrame(frame);
    if (recorder.state !== "inactive") recorder.stop();
  };
  function next() {
    const so_far = (performance.now() - begun) / 1000;
    if (so_far >= seconds || !root.isConnected) {
      stop();
      return;
    }
    compose(sheet, root, 1);
    told(so_far);
    frame = requestAnimationFrame(next);
  }
  recorder.start(500);
  next();
  return stop;
}
