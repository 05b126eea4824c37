// The shell of a page whose data are the server's answers to its address: messages, requests, Export menu, size, theme.

import { asker, handOver } from "./asker.js";
import { exportMenu } from "./export.js";
import { applyRoom, roomOf } from "./layout.js";
import { makeBanner } from "./page.js";
import { stage } from "./stage.js";

/**
 * Returns {banner, server, menu, theme(), layout(), open()}; open() starts the page once everything that `arrange` needs
 * is there, and returns what `mount` must return.
 *
 * @template {{query: string, python: string, file: string}} Answer
 * @param {HTMLElement} root
 * @param {object} page
 * @param {string} page.answers the address below which the server answers
 * @param {import("./export.js").Item[]} page.files what the Export menu offers
 * @param {number} page.least px of height
 * @param {string[]} page.classes of the root
 * @param {string[]} page.styles
 * @param {() => Answer | null} page.answer the newest one
 * @param {(answer: Answer, newest: boolean) => void} page.show see `asker`
 * @param {(room: import("./types.js").Room) => void} page.arrange lays everything out
 * @param {() => HTMLElement[]} page.boxes whose heights `arrange` depends on
 * @param {(event: KeyboardEvent) => boolean} page.key see `stage`
 * @param {() => void} page.close
 */
export function answerPage(root, { answers, files, least, classes, styles, answer, show, arrange, boxes, key, close }) {
  let dead = false;
  let mark = ""; // identifies the current sizes
  const banner = makeBanner(() => layout());
  /** @type {ReturnType<typeof asker<Answer>>} */
  const server = asker(root, { answers, show, trouble: (text) => banner.say(text, true) });
  const menu = exportMenu(({ value }) => void handOver(menu, server, answer(), String(value)), root, () => layout(), files);
  const sizes = () => JSON.stringify([
    roomOf(root, least), window.devicePixelRatio, ...[banner.node, ...boxes()].map((node) => node.offsetHeight),
  ]);

  function layout() {
    const room = dead || !answer() ? null : roomOf(root, least);
    if (!room) return;
    applyRoom(root, room);
    ground.theme().u = room.u;
    arrange(room);
    mark = sizes();
  }

  const ground = stage(root, { classes, styles, layout, changed: () => sizes() !== mark, key });
  return {
    banner,
    server,
    menu,
    theme: ground.theme,
    layout,
    open() {
      ground.open();
      server.start();
      return {
        update: () => void (dead || ground.retheme()),
        destroy() {
          dead = true;
          close();
          server.close();
          banner.close();
          ground.close();
        },
      };
    },
  };
}
