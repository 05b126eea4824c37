// One WebSocket that comes back by itself, with back-off.

import { decode } from "./wire.js";

const GONE = 4404;
const FORBIDDEN = 4403;

/**
 * handlers: message(decoded), open(), lost(reason: "retry" | "forbidden"), gone().
 * Returns {send(object) -> bool, close(), isOpen()}.
 */
export function connect(url, handlers) {
  let socket = null;
  let timer = 0;
  let tries = 0;
  let closed = false;

  function open() {
    const current = new WebSocket(url);
    socket = current;
    current.binaryType = "arraybuffer";
    current.onopen = () => {
      if (current === socket) handlers.open();
    };
    current.onmessage = (event) => {
      if (current !== socket || typeof event.data === "string") return;
      tries = 0;
      handlers.message(decode(event.data));
    };
    current.onclose = (event) => {
      if (current !== socket || closed) return;
      socket = null;
      if (event.code === GONE) return handlers.gone();
      handlers.lost(event.code === FORBIDDEN ? "forbidden" : "retry");
      if (event.code === FORBIDDEN) return;
      // Jitter: a classroom whose server restarts must not come back in one instant.
      const wait = Math.min(8000, 300 * 2 ** tries) * (0.7 + 0.6 * Math.random());
      tries += 1;
      timer = setTimeout(open, wait);
    };
  }
  open();

  return {
    isOpen: () => socket !== null && socket.readyState === WebSocket.OPEN,
    send(command) {
      if (socket === null || socket.readyState !== WebSocket.OPEN) return false;
      socket.send(JSON.stringify(command));
      return true;
    },
    close() {
      closed = true;
      clearTimeout(timer);
      if (socket) socket.close(1000);
      socket = null;
    },
  };
}
