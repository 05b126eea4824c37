// The tab "Backward induction": a tree that is solved from its ends, and an editor for it.

import { barButton, barSelect, clock } from "./clock.js";
import { chart } from "./chart.js";
import { el, fill, setText } from "./dom.js";
import { helpButton, placeHelp } from "./help.js";
import { drawTree, shown, treePlaces } from "./matrix_tree_draw.js";
import { _ } from "./words.js";

/** @typedef {import("./types.js").Matrix} Matrix */

/**
 * @typedef {object} Branch a node of the tree as it is edited
 * @property {string} player "" at an end
 * @property {[string, Branch][]} moves
 * @property {number[]} pays
 */

const SPEEDS = [0.5, 1, 2, 4, 8]; // nodes per second
const MARKS = /[():,/]/g; // delimiters in the text of a tree

/** The tree as text. @param {Branch} node @returns {string} */
const write = (node) =>
  node.player ? `${node.player}(${node.moves.map(([name, to]) => `${name}: ${write(to)}`).join(", ")})` : node.pays.map((v) => (typeof v === "number" ? String(v) : v)).join("/");

/** Its nodes in the order of the server's, each before those that follow. @param {Branch} node @returns {Branch[]} */
const flat = (node) => [node, ...node.moves.flatMap(([, to]) => flat(to))];

/** The players in the order in which the tree names them. @param {Branch} root */
const playersOf = (root) => [...new Set(flat(root).map(({ player }) => player).filter(Boolean))];

/**
 * @param {import("./matrix.js").Page} page
 * @returns {import("./matrix.js").Tab}
 */
export function treeView(page) {
  /** @type {Matrix | null} */
  let game = null;
  /** @type {Branch[]} */
  let nodes = [];
  let chosen = 0;
  /** @type {{x: number, y: number}[]} */
  let places = [];
  const time = clock({ unit: _("node"), speeds: SPEEDS, speed: 2, draw });

  const trees = barSelect("tree", _("Tree"), [], (value) => {
    if (!value) return;
    time.restart();
    chosen = 0;
    page.turn(value === "lions" ? { tree: null, lions: null } : { tree: value, lions: null });
  });
  const watch = el("span", { class: "gl-game-watch", "data-testid": "watch" });
  const about = helpButton("tree");
  const head = el("div", { class: "gl-game-head" }, trees, about.node, watch);

  const picture = chart({ "data-testid": "tree-picture", "aria-label": _("The tree") }, (ctx, theme, width, height) => {
    if (game) drawTree(ctx, theme, game, places, Math.floor(time.now()), width, height);
  });
  const layer = el("div", { class: "gl-tree-nodes" });
  const board = el("div", { class: "gl-tree-board" }, picture.node, layer);
  /** @type {HTMLButtonElement[]} */
  let buttons = [];

  // ---- beside it
  const question = el("h2", {}, _("Hungry lions: is the sheep eaten?"));
  const parity = el("div", { class: "gl-parity", role: "group", "aria-label": _("How many lions there are") });
  const says = el("p", { class: "gl-told", "data-testid": "said", "aria-live": "polite" });
  const outcome = el("p", { class: "gl-told", "data-testid": "outcome" });
  const editor = el("div", { class: "gl-edit", "data-testid": "editor" });
  const text = el("textarea", {
    class: "gl-input gl-text",
    spellcheck: "false",
    "data-testid": "tree-text",
    "aria-label": _("The tree as text"),
    onchange: () => {
      chosen = 0;
      page.turn({ tree: text.value.replace(/\s+/g, " ").trim() || "?", lions: null }, text);
    },
  });
  const textBox = el("label", { class: "gl-field" }, el("span", { class: "gl-quiet" }, _("The tree as text: player(choice: …, choice: pay-offs with /)")), text);
  const side = el("div", { class: "gl-column" }, question, parity, says, outcome, editor, textBox);
  const main = el("div", { class: "gl-main" }, board, side);
  const node = el("div", { class: "gl-view" }, head, main);

  /**
   * Change the tree by hand.
   *
   * @param {(root: Branch, one: Branch) => void} act changes the chosen node
   * @param {HTMLElement} [input]
   */
  function edit(act, input) {
    if (!game) return;
    const root = /** @type {Branch} */ (structuredClone(game.root));
    const before = playersOf(root);
    const one = flat(root)[chosen];
    act(root, one);
    // Each end pays each player, in the order in which the tree names them.
    const after = playersOf(root);
    const renamed = before.length === after.length && before.filter((name) => !after.includes(name)).length === 1;
    for (const end of flat(root)) {
      if (end.player || renamed) continue;
      const old = new Map(before.map((name, i) => [name, end.pays[i] ?? 0]));
      end.pays = after.map((name) => old.get(name) ?? 0);
    }
    page.turn({ tree: write(root), lions: null }, input ?? editor);
  }

  const clean = (/** @type {string} */ name) => name.replace(MARKS, " ").replace(/\s+/g, " ").trim() || "?";

  /**
   * @param {string} id
   * @param {string} title
   * @param {() => void} act
   * @param {string} label
   */
  function small(id, title, act, label) {
    const one = barButton(id, title, act, label);
    one.classList.add("gl-small");
    return one;
  }

  /** The fields of the chosen node. */
  function fields() {
    if (!game || editor.querySelector("[aria-invalid=true]")) return; // what was refused is corrected there
    const one = nodes[chosen];
    const spot = game.nodes[chosen];
    const names = /** @type {string[]} */ (game.players);
    const kept = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.testid;
    const where = spot.parent < 0 ? _("The first node") : _("After “{move}”", { move: spot.move });
    /** @type {(Node | string)[]} */
    const rows = [el("h2", {}, one.player ? _("{where}: {player} chooses", { where, player: one.player }) : _("{where}: an end", { where }))];
    if (one.player) {
      const who = el("input", { class: "gl-input", "data-testid": "edit-player", "aria-label": _("Who chooses"), maxlength: 24, list: "gl-tree-players", onchange: () => edit((_, at) => (at.player = clean(who.value)), who) });
      who.value = one.player;
      rows.push(el("div", { class: "gl-edit-row" }, el("label", { class: "gl-field" }, _("who chooses"), who), el("datalist", { id: "gl-tree-players" }, ...names.map((name) => el("option", { value: name })))));
      rows.push(el("div", { class: "gl-edit-row" }, ...one.moves.map(([name], i) => {
        const input = el("input", { class: "gl-input", "data-testid": `edit-move-${i}`, "aria-label": _("Choice {i}", { i: i + 1 }), maxlength: 24, onchange: () => edit((_, at) => (at.moves[i][0] = clean(input.value)), input) });
        input.value = name;
        return el("span", { class: "gl-field" }, input);
      })));
    } else {
      rows.push(el("div", { class: "gl-edit-row" }, ...names.map((name, i) => {
        const input = el("input", {
          class: "gl-input gl-pay",
          inputmode: "decimal",
          "data-testid": `edit-pay-${i}`,
          "aria-label": _("What {name} gets", { name }),
          onchange: () => edit((_, at) => (at.pays[i] = /** @type {any} */ (clean(input.value.replaceAll("−", "-")))), input),
        });
        input.value = String(one.pays[i]).replace("-", "−");
        return el("label", { class: "gl-field" }, name, input);
      })));
    }
    const add = small("add-choice", one.player ? _("Add a choice here, which ends the game") : _("A player chooses here between two ends"), () => edit((root, at) => {
      const ends = () => ({ player: "", moves: [], pays: names.map(() => 0) });
      if (at.player) {
        let n = at.moves.length + 1;
        while (at.moves.some(([name]) => name === `choice ${n}`)) n += 1;
        at.moves.push([`choice ${n}`, ends()]);
        return;
      }
      // The next one in turn chooses.
      const before = spot.parent < 0 ? "" : nodes[spot.parent].player;
      at.player = names[(names.indexOf(before) + 1) % names.length] ?? "player";
      at.moves = [["choice 1", { ...ends(), pays: at.pays }], ["choice 2", ends()]];
      at.pays = [];
      void root;
    }), one.player ? _("+ choice") : _("+ let a player choose"));
    const tools = [add];
    if (spot.parent >= 0) {
      const siblings = nodes[spot.parent].moves.length;
      const gone = small("remove-node", _("Remove this choice and all that follows"), () => {
        const parent = spot.parent;
        const at = nodes[parent].moves.findIndex(([name]) => name === spot.move);
        edit((root) => flat(root)[parent].moves.splice(at, 1));
        chosen = parent;
      }, "remove");
      gone.disabled = siblings < 2;
      tools.push(gone);
      if (one.player) tools.push(small("make-end", _("The game ends here instead"), () => edit((_, at) => {
        Object.assign(at, { player: "", moves: [], pays: names.map(() => 0) });
      }), _("make it an end")));
    }
    rows.push(el("div", { class: "gl-edit-row" }, ...tools));
    editor.replaceChildren(...rows);
    if (kept) /** @type {HTMLElement | null} */ (editor.querySelector(`[data-testid="${kept}"]`))?.focus();
  }

  /** @param {number} index */
  function choose(index) {
    chosen = index;
    buttons.forEach((one, i) => one.setAttribute("aria-pressed", String(i === chosen)));
    fields();
    tell();
  }

  /** What is said at the present time, or of the chosen node. */
  function tell() {
    if (!game) return;
    const at = Math.floor(time.now());
    const turn = game.nodes.find((/** @type {{turn: number}} */ one) => one.turn === at);
    setText(says, turn ? turn.says : at ? game.nodes[chosen].says || "" : _("Nothing is solved yet: play, or step from the ends."));
    setText(outcome, at >= game.steps ? _("Played: {played}. {which}.", { played: game.played.join(", "), which: game.players.length > 4 ? _("They get {shown}", { shown: shown(game.nodes[0].pays) }) : game.players.map((/** @type {string} */ name, /** @type {number} */ i) => `${name} gets ${game?.nodes[0].pays[i]}`).join(", ") }) : "");
  }

  /** @param {number} _now */
  function draw(_now) {
    if (!game || !places.length) return;
    picture.redraw();
    tell();
  }

  return {
    node,
    time,
    /** @param {Matrix} made */
    show(made) {
      game = made;
      nodes = flat(/** @type {Branch} */ (made.root));
      chosen = Math.min(chosen, nodes.length - 1);
      const value = made.lions ? "lions" : (made.trees.find((/** @type {string[]} */ [name]) => name === made.name)?.[2] ?? "");
      trees.replaceChildren(
        ...(value ? [] : [el("option", { value: "" }, _("your own tree"))]),
        el("option", { value: "lions" }, _("hungry lions")),
        ...made.trees.map((/** @type {string[]} */ [, title, written]) => el("option", { value: written }, title)),
      );
      trees.value = value;
      setText(watch, `${made.watch} (${made.cite})`);
      about.set(_("this tab"), [[_("Source:"), made.cite, ""], ...made.help.tree]);
      if (!parity.childElementCount) {
        parity.replaceChildren(...made.parity.map((/** @type {[number, boolean]} */ [n, eats]) =>
          el("button", { type: "button", "data-testid": `lions-${n}`, "data-eats": String(eats), title: _("{n} lion{s}: the sheep is {s2}eaten", { n, s: n > 1 ? "s" : "", s2: eats ? "" : "not " }), "aria-label": _("{n} lion{s}: the sheep is {s2}eaten", { n, s: n > 1 ? "s" : "", s2: eats ? "" : "not " }), onclick: () => {
            time.restart();
            chosen = 0;
            page.turn({ lions: String(n), tree: null });
          } }, String(n), el("br"), eats ? _("yes") : _("no")),
        ));
      }
      question.hidden = parity.hidden = !made.lions;
      [...parity.children].forEach((one, i) => one.setAttribute("aria-pressed", String(made.lions === i + 1)));
      fill(text, made.text);
      if (buttons.length !== nodes.length) {
        buttons = nodes.map((_, i) => el("button", { type: "button", class: "gl-tree-node", "data-testid": `node-${i}`, onclick: () => choose(i) }));
        layer.replaceChildren(...buttons);
      }
      buttons.forEach((one, i) => {
        const spot = made.nodes[i];
        const what = spot.player ? _("{player} chooses", { player: spot.player }) : _("an end: {pays}", { pays: spot.pays.join(", ") });
        one.setAttribute("aria-label", `${spot.parent < 0 ? _("First node") : _("After {move}", { move: spot.move })}: ${what}`);
        one.title = _("{says} Click to edit.", { says: spot.says || `pays ${made.players.map((/** @type {string} */ name, /** @type {number} */ k) => `${name} ${spot.pays[k]}`).join(", ")}` });
        one.setAttribute("aria-pressed", String(i === chosen));
      });
      fields();
    },
    layout({ width, height, u, narrow }, top) {
      if (!game) return;
      const gap = Math.round(18 * u);
      const rest = Math.max(380, height - top - main.offsetTop);
      const wide = narrow ? width : Math.round(width * 0.62);
      const leaves = Math.max(...game.nodes.map((/** @type {{row: number}} */ one) => one.row)) + 1;
      const tall = narrow ? Math.round(Math.max(260, 34 * leaves) * u) : rest;
      board.style.width = `${wide}px`;
      board.style.height = `${tall}px`;
      side.style.width = `${narrow ? width : width - wide - gap}px`;
      main.style.columnGap = `${gap}px`;
      places = treePlaces(game, wide, tall, u);
      buttons.forEach((one, i) => {
        one.style.left = `${places[i].x}px`;
        one.style.top = `${places[i].y}px`;
      });
      picture.resize(wide, tall, page.theme());
      placeHelp(picture.node, [{ id: "tree-help", what: _("backward induction"), lines: game.help.tree, x: wide - 14 * u, y: 12 * u }]);
    },
  };
}
