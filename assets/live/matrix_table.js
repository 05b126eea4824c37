// The pay-off table: its cells and names are edited in place, best responses are marked, dominated strategies struck out.

import { el, fill, setText } from "./dom.js";
import { _ } from "./words.js";

/** The room of a text, in digits: Chinese characters take two. @param {string} text */
const wide = (text) => [...text].reduce((sum, c) => sum + (c > "\u2e80" ? 2 : 1), 0);

/** @typedef {import("./types.js").Matrix} Matrix */

const write = (/** @type {string[][]} */ cells) => cells.map((row) => row.join(",")).join(";");
const minus = (/** @type {string} */ text) => text.replace("-", "−");

/**
 * {node, width(), show(game)}.
 *
 * @param {import("./matrix.js").Page} page
 */
export function tableEditor(page) {
  /** @type {Matrix} */
  let game;
  let built = "";
  const table = el("table", { class: "gl-pays", "data-testid": "table" });
  const zero = el("input", { type: "checkbox", "data-testid": "zero-sum", onchange: () => setZero() });
  const addRow = small("add-row", _("Add a strategy of the row player"), _("+ row"), () => grow(0));
  const addColumn = small("add-column", _("Add a strategy of the column player"), _("+ column"), () => grow(1));
  const node = el(
    "div",
    { class: "gl-table-box" },
    table,
    el("div", { class: "gl-table-tools" }, addRow, addColumn, el("label", { class: "gl-check" }, zero, _("zero-sum")), el("span", { class: "gl-quiet gl-key-note" }, _("underlined: best response"))),
  );

  /**
   * @param {string} id
   * @param {string} title
   * @param {string} text
   * @param {() => void} act
   */
  function small(id, title, text, act) {
    return el("button", { class: "gl-button gl-small", type: "button", "data-testid": id, title, "aria-label": title, onclick: act }, text);
  }

  /** The table as texts, to be changed. */
  const now = () => ({
    a: game.cells[0].map((/** @type {string[]} */ row) => [...row]),
    b: game.zero ? null : game.cells[1].map((/** @type {string[]} */ row) => [...row]),
    rows: [...game.rows],
    columns: [...game.columns],
  });

  /**
   * @param {ReturnType<typeof now>} made
   * @param {HTMLElement} [input]
   * @param {boolean} [shape] whether its shape has changed
   */
  function turn(made, input, shape = false) {
    page.turn({
      game: null,
      a: write(made.a),
      b: made.b && write(made.b),
      rows: made.rows.join(","),
      columns: made.columns.join(","),
      dropped: null,
      ...(shape ? { start: null } : {}),
    }, input);
  }

  function setZero() {
    const made = now();
    made.b = zero.checked ? null : game.cells[1].map((/** @type {string[]} */ row) => [...row]);
    turn(made, zero);
  }

  /** Add a strategy of a player. @param {number} player */
  function grow(player) {
    const made = now();
    const names = player ? made.columns : made.rows;
    let n = names.length + 1;
    const word = player ? _("Column") : _("Row");
    while (names.includes(`${word} ${n}`)) n += 1;
    names.push(`${word} ${n}`);
    for (const cells of [made.a, made.b]) {
      if (!cells) continue;
      if (player) for (const row of cells) row.push("0");
      else cells.push(game.columns.map(() => "0"));
    }
    turn(made, undefined, true);
  }

  /**
   * Remove strategy `i` of a player.
   *
   * @param {number} player
   * @param {number} i
   */
  function shrink(player, i) {
    const made = now();
    (player ? made.columns : made.rows).splice(i, 1);
    for (const cells of [made.a, made.b]) {
      if (!cells) continue;
      if (player) for (const row of cells) row.splice(i, 1);
      else cells.splice(i, 1);
    }
    turn(made, undefined, true);
  }

  /**
   * The name of a strategy, and the button that removes it.
   *
   * @param {number} player
   * @param {number} i
   */
  function name(player, i) {
    const who = player ? _("column") : _("row");
    const id = `${player ? "column" : "row"}-${i}`;
    const input = el("input", {
      class: "gl-input gl-strategy",
      "data-testid": id,
      "aria-label": _("Name of {who} {i}", { who, i: i + 1 }),
      maxlength: 24,
      onchange: () => {
        const made = now();
        (player ? made.columns : made.rows)[i] = input.value.replaceAll(",", " ").trim();
        turn(made, input);
      },
    });
    const away = small(`drop-${id}`, _("Remove {who} {i}", { who, i: i + 1 }), "×", () => shrink(player, i));
    away.classList.add("gl-away");
    return el("th", { class: "gl-field", scope: player ? "col" : "row", "data-player": player }, el("span", { class: "gl-strategy-box" }, input, away));
  }

  /**
   * @param {number} player
   * @param {number} i
   * @param {number} j
   */
  function cell(player, i, j) {
    const who = player ? _("column") : _("row");
    const input = el("input", {
      class: "gl-input gl-pay",
      inputmode: "decimal",
      "data-testid": `${player ? "b" : "a"}-${i}-${j}`,
      "data-player": player,
      "aria-label": _("Pay-off of the {who} player, row {i}, column {j}", { who, i: i + 1, j: j + 1 }),
      title: _("A number or a fraction such as 2/3"),
      onchange: () => {
        const made = now();
        const cells = player ? made.b : made.a;
        if (cells) cells[i][j] = input.value.trim().replaceAll("−", "-").replace(/[,;]/g, "_") || "?";
        turn(made, input);
      },
    });
    return input;
  }

  function build() {
    const [m, n] = [game.rows.length, game.columns.length];
    const head = el("tr", {}, el("td", { class: "gl-corner" }, el("b", { "data-player": 0 }, _("row")), ", ", el("b", { "data-player": 1 }, _("column"))));
    for (let j = 0; j < n; j++) head.append(name(1, j));
    const body = Array.from({ length: m }, (_, i) =>
      el("tr", {}, name(0, i), ...Array.from({ length: n }, (_unused, j) =>
        el("td", { class: "gl-field", "data-testid": `cell-${i}-${j}` }, cell(0, i, j), game.zero ? el("span", { class: "gl-pay gl-minus", "data-player": 1 }) : cell(1, i, j)),
      )),
    );
    table.replaceChildren(el("tbody", {}, head, ...body));
  }

  return {
    node,
    width: () => table.offsetWidth,
    /** @param {Matrix} made */
    show(made) {
      game = made;
      const [m, n] = [game.rows.length, game.columns.length];
      const kind = `${m} ${n} ${game.zero}`;
      if (kind !== built) {
        built = kind;
        build();
      }
      table.dataset.wide = String(n === game.bounds.most);
      zero.checked = game.zero;
      addRow.disabled = m >= game.bounds.most;
      addColumn.disabled = n >= game.bounds.most;
      const struck = [new Set(), new Set()];
      for (const { player, strategy } of game.drops.slice(0, game.dropped)) struck[player].add(strategy);
      const rows = [.../** @type {HTMLTableRowElement} */ (table.firstElementChild).children].map((row) => [...row.children]);
      game.columns.forEach((/** @type {string} */ title, /** @type {number} */ j) => names(rows[0][j + 1], title, struck[1].has(j), n > game.bounds.least));
      game.rows.forEach((/** @type {string} */ title, /** @type {number} */ i) => {
        names(rows[i + 1][0], title, struck[0].has(i), m > game.bounds.least);
        for (let j = 0; j < n; j++) {
          const td = /** @type {HTMLElement} */ (rows[i + 1][j + 1]);
          const [own, other] = /** @type {HTMLElement[]} */ ([...td.children]);
          fill(/** @type {HTMLInputElement} */ (own), minus(game.cells[0][i][j]));
          if (other instanceof HTMLInputElement) fill(other, minus(game.cells[1][i][j]));
          else setText(other, minus(game.cells[1][i][j]));
          own.dataset.best = game.best[0][i][j];
          other.dataset.best = game.best[1][i][j];
          td.dataset.pure = String(game.best[0][i][j] && game.best[1][i][j]);
          td.dataset.struck = String(struck[0].has(i) || struck[1].has(j));
        }
      });
    },
  };

  /**
   * @param {Element} th
   * @param {string} title
   * @param {boolean} gone
   * @param {boolean} many whether it can be removed
   */
  function names(th, title, gone, many) {
    const [input, away] = /** @type {[HTMLInputElement, HTMLButtonElement]} */ ([...th.children[0].children]);
    fill(input, title);
    input.style.width = `${Math.min(12, Math.max(4, wide(title) + 1))}ch`;
    away.disabled = !many;
    /** @type {HTMLElement} */ (th).dataset.struck = String(gone);
  }
}

/**
 * The equilibria and the dominated strategies in words: {node, show(game)}.
 *
 * @param {import("./matrix.js").Page} page
 */
export function findings(page) {
  /** @type {Matrix} */
  let game;
  let ahead = 0; // how many are struck out, with what was asked for
  const list = el("ol", { class: "gl-equilibria gl-scrolls", "data-testid": "equilibria", tabindex: 0, "aria-label": _("Nash equilibria") });
  const title = el("h2", {});
  const ties = el("p", { class: "gl-quiet" }, _("The game has ties: its equilibria may form whole segments, of which these are the ends."));
  const button = (/** @type {string} */ id, /** @type {string} */ text, /** @type {number} */ by, /** @type {string} */ says) =>
    el("button", { class: "gl-button gl-small", type: "button", "data-testid": id, title: says, onclick: () => {
      ahead = Math.min(game.drops.length, Math.max(0, ahead + by));
      page.turn({ dropped: String(ahead) });
    } }, text);
  const next = button("strike", _("Strike out"), 1, _("Strike out the next dominated strategy"));
  const undo = button("unstrike", _("Undo"), -1, _("Bring the last one back"));
  const weakly = el("input", { type: "checkbox", "data-testid": "weakly", onchange: () => page.turn({ weakly: weakly.checked ? "1" : null, dropped: null }) });
  const says = el("ol", { class: "gl-drops", "data-testid": "drops" });
  const left = el("p", { class: "gl-quiet", "data-testid": "drops-left" });
  const node = el(
    "div",
    { class: "gl-findings" },
    title,
    list,
    ties,
    el("h2", {}, _("Dominated strategies")),
    el("div", { class: "gl-table-tools" }, next, undo, el("label", { class: "gl-check" }, weakly, _("weakly, too"))),
    says,
    left,
  );
  return {
    node,
    title,
    /**
     * @param {Matrix} made
     * @param {boolean} newest
     */
    show(made, newest) {
      game = made;
      if (newest) ahead = made.dropped;
      const { equilibria, drops, dropped } = game;
      setText(title, equilibria.length === 1 ? _("One Nash equilibrium") : _("{count} Nash equilibria", { count: equilibria.length }));
      list.replaceChildren(...equilibria.map((/** @type {any} */ one, /** @type {number} */ i) => el(
        "li",
        { "data-testid": `equilibrium-${i}` },
        el("b", { "data-player": 0 }, one.words[0]),
        _(" against "),
        el("b", { "data-player": 1 }, one.words[1]),
        ": ",
        el("span", { class: "gl-nobreak" }, _("pays "), el("b", { "data-player": 0 }, one.texts[0]), ", ", el("b", { "data-player": 1 }, one.texts[1])),
      )));
      ties.hidden = !game.degenerate;
      weakly.checked = Boolean(game.weakly);
      next.disabled = dropped >= drops.length;
      undo.disabled = !dropped;
      says.replaceChildren(...drops.slice(0, dropped).map((/** @type {any} */ one) => el("li", {}, one.says)));
      const kind = game.weakly ? "dominated" : _("strictly dominated");
      setText(left, !drops.length ? _("No strategy is {kind}.", { kind }) : dropped < drops.length ? _("{count} can be struck out.", { count: drops.length - dropped }) : _("No other strategy is {kind}.", { kind }));
    },
  };
}
