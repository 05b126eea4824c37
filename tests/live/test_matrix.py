"""The answers to the page of matrix games: what is shown agrees with an independent computation."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.optimize import linprog

from ganlab.games.tables import table
from ganlab.games.tables.setup import GameSetup
from ganlab.live.matrix import answer, as_csv
from ganlab.live.wire import MOST_TEXT, decode


def told(query):
    return decode(answer(query))


def value_of(a):
    """The value of a zero-sum game by a linear program of the column player's."""
    m, n = a.shape
    found = linprog(
        [*np.zeros(n), 1],
        A_ub=np.hstack([a, -np.ones((m, 1))]),
        b_ub=np.zeros(m),
        A_eq=[[*np.ones(n), 0]],
        b_eq=[1],
        bounds=[(0, None)] * n + [(None, None)],
    )
    return found.fun


def by_supports(a, b):
    """The equilibria with equal numbers of strategies, by solving for each pair of supports."""
    m, n = a.shape
    out = []
    for size in range(1, min(m, n) + 1):
        for rows in combinations(range(m), size):
            for columns in combinations(range(n), size):
                sums = np.ones(size)

                def mixed(pays, sums=sums):
                    """Probabilities against which all of the support pay the same."""
                    left = np.block([[pays, -sums[:, None]], [sums[None], np.zeros((1, 1))]])
                    try:
                        return np.linalg.solve(left, [*np.zeros(len(sums)), 1])[:-1]
                    except np.linalg.LinAlgError:
                        return None

                y, x = mixed(a[np.ix_(rows, columns)]), mixed(b[np.ix_(rows, columns)].T)
                if x is None or y is None or min(x.min(), y.min()) < -1e-9:
                    continue
                full_x, full_y = np.zeros(m), np.zeros(n)
                full_x[list(rows)], full_y[list(columns)] = x, y
                gains, losses = a @ full_y, full_x @ b
                if gains.max() <= full_x @ gains + 1e-9 and losses.max() <= losses @ full_y + 1e-9:
                    out.append(np.concatenate([full_x, full_y]))
    return np.array(out)


@pytest.mark.parametrize("seed", range(12))
def test_a_random_game_is_solved(seed):
    rng = np.random.default_rng(seed)
    m, n = rng.integers(2, 5, 2)
    a, b = rng.normal(size=(2, m, n)).round(3)
    zero = seed % 3 == 0
    header, _ = told(GameSetup(table(a, None if zero else b)).query() + "&updates=10")
    b = -a if zero else b
    wanted = by_supports(a, b)
    found = np.array([[*one["x"], *one["y"]] for one in header["equilibria"]])
    order = [np.lexsort(np.round(p, 6).T) for p in (wanted, found)]
    np.testing.assert_allclose(found[order[1]], wanted[order[0]], atol=1e-7)
    for one in header["equilibria"]:
        x, y = np.array(one["x"]), np.array(one["y"])
        assert one["gets"] == pytest.approx([x @ a @ y, x @ b @ y])
    assert not header["degenerate"]
    for player, pays in enumerate((a, b.T)):
        own = header["security"][player]
        assert own["value"] == pytest.approx(value_of(pays), abs=1e-8)
        assert own["low"] == max(min(row) for row in pays.tolist())
        assert own["high"] == min(max(column) for column in pays.T.tolist())
        assert min(np.array(own["own"]) @ pays) == pytest.approx(own["value"], abs=1e-8)
        assert max(pays @ np.array(own["other"])) == pytest.approx(own["value"], abs=1e-8)
    for i in range(m):
        for j in range(n):
            assert header["best"][0][i][j] == (a[i, j] >= a[:, j]).all()
            assert header["best"][1][i][j] == (b[i, j] >= b[i]).all()


def test_the_games_of_the_texts():
    header, arrays = told("")
    (one,) = header["equilibria"]
    assert one["words"] == ["3/8 heads + 5/8 tails"] * 2 and one["texts"] == ["−1/8", "1/8"]
    assert "both are −1/8" in header["security"][0]["says"]
    # The play of the replicator keeps its distance, its average comes to the equilibrium.
    rest = np.array([3, 5, 3, 5]) / 8
    away = abs(arrays["path"] - rest).max(2)
    mean = abs(arrays["mean"] - rest).max(2)
    assert away[:, 100:].max(1).min() > 0.2 and mean[:, -1].max() < 0.02
    assert header["notes"] == [] and header["steps"] == arrays["path"].shape[1] - 1
    for query in ("game=prisoners", "game=cooperation"):
        header, _ = told(query)
        (one,) = header["equilibria"]
        assert one["x"] == one["y"] == [1, 0]
        assert [d["strategy"] for d in header["drops"]] == [1, 1]
    header, _ = told("game=pigs")
    assert header["equilibria"][0]["words"] == ["press", "wait"]
    header, _ = told("game=stag")
    assert [one["texts"][0] for one in header["equilibria"]] == ["4", "3", "3"]
    assert told("a=1,1;1,1")[0]["degenerate"]
    # Only what has an effect can be set.
    for rule, fields in (("weights", ["step", "updates"]), ("fictitious", ["updates"])):
        assert [knob["field"] for knob in told(f"dynamics={rule}")[0]["knobs"]] == fields
    slow, quick = (told(f"dynamics=fictitious&step={h}")[1]["path"] for h in (0.01, 5))
    assert (slow == quick).all()


@pytest.mark.parametrize(
    "query, word",
    [
        ("game=coins", "keeps moving"),
        ("game=coins&dynamics=optimistic&updates=2000", "comes to rest at an equilibrium"),
        ("game=prisoners", "comes to rest at an equilibrium"),
        ("game=stag&start=0,0.5", "comes to rest"),
        ("game=rock-paper-scissors&dynamics=weights&step=0.3", "keeps moving"),
    ],
)
def test_a_play_is_told_as_it_goes(query, word):
    header, arrays = told(query)
    a, b = (np.array(p) for p in header["pays"])
    for run, says in enumerate(header["says"]):
        assert word in says
        late = arrays["path"][run, -header["steps"] // 5 :]
        assert (np.ptp(late, 0).max() < 0.01) == ("rest" in word)
        numbers = [
            float(t.strip(".,")) for t in says.split() if t.strip(".,").replace(".", "").isdigit()
        ]
        for name, number in zip(("path", "mean"), numbers, strict=True):
            x, y = np.split(arrays[name][run, -1].astype(float), [len(a)])
            regret = (a @ y).max() - x @ a @ y + (x @ b).max() - x @ b @ y
            assert number == pytest.approx(regret, abs=0.0006)
        near = [one for one in header["equilibria"] if abs(x - one["x"]).max() < 0.1]
        if "average is near" in says:
            assert near


def test_arrows_are_one_update_and_regrets_are_theirs():
    header, arrays = told("game=sexes&dynamics=weights&step=0.3&updates=20")
    a, b = (np.array(p) for p in header["pays"])
    grid = np.linspace(0, 1, len(arrays["field"]))
    p, q = grid[3], grid[8]
    x, y = np.array([p, 1 - p]), np.array([q, 1 - q])
    x_new, y_new = x * np.exp(0.3 * a @ y), y * np.exp(0.3 * x @ b)
    wanted = x_new[0] / x_new.sum() - p, y_new[0] / y_new.sum() - q
    np.testing.assert_allclose(arrays["field"][8, 3], wanted, atol=1e-6)
    x, y = arrays["mean"][1, 7, :2], arrays["mean"][1, 7, 2:]
    np.testing.assert_allclose(x, arrays["path"][1, :8, :2].mean(0), atol=1e-6)
    regret = (a @ y).max() - x @ a @ y + (x @ b).max() - x @ b @ y
    assert arrays["mean_regret"][1, 7] == pytest.approx(regret, abs=1e-6)


def test_what_costs_too_much_is_made_shorter_and_said():
    header, arrays = told("a=1000,-1000;-1000,1000&updates=2000&step=10")
    assert header["steps"] == arrays["path"].shape[1] - 1 < 100
    assert f"{header['steps']} updates instead of 2000" in header["notes"][0]


def test_refusals_name_the_field_and_what_is_allowed():
    header, _ = told("a=1,2;3,x&step=-1&tab=game&bogus=1")
    fields = {one["field"]: one["why"] for one in header["refused"]}
    assert (
        "the row player's pay-offs = x is not allowed; it must be a number or a fraction such as "
        "2/3 in row 2, column 2."
    ) == fields["a"]
    assert (
        "step size h = -1.0 is not allowed; it must be a number from 0.001 to 10" in fields["step"]
    )
    assert "Ignored in this address: bogus." in header["notes"]
    assert header["query"] == "game=coins"
    header, _ = told("tab=other")
    assert header["tab"] == "game" and "one of game, repeated, tree" in header["refused"][0]["why"]


@pytest.mark.parametrize(
    "query", ["game=sexes", "a=2/3,-1;0.5,1/7", "tab=repeated&end=known", "tab=tree&lions=12"]
)
def test_an_answer_leads_to_itself(query):
    header, _ = told(query)
    assert header["query"] == query and not header["refused"]
    assert decode(answer(header["query"]))[0] == header
    assert len(as_csv(query).splitlines()) > 5


def test_a_repeated_dilemma_tells_what_holds_it():
    header, arrays = told("tab=repeated&one=grim&other=grim&again=0.6")
    assert header["crossing"] == pytest.approx(0.5) == pytest.approx(header["closed"])
    assert header["closed_text"] == "1/2" and "is an equilibrium" in header["says"]
    assert header["expected"] == pytest.approx([3, 3])
    np.testing.assert_allclose(arrays["own"], 3, atol=1e-6)
    k = header["replies"].index("defect for ever")
    np.testing.assert_allclose(
        arrays["curves"][k], 5 - 4 * arrays["agains"].astype(float), atol=1e-5
    )
    header, _ = told("tab=repeated&one=grim&other=grim&again=0.4")
    # 3 for ever, against 5 once and 1 for ever after.
    assert "gets 3 a round, and would get 3.4 if it defected in every round" in header["says"]
    header, _ = told("tab=repeated&one=grim&other=grim&end=known&rounds=5")
    assert "would get 3.4 if it defected from round 5 on" in header["says"]
    assert header["plan"] == [0, 0, 0, 0, 1] and header["unravel"] == [1, 1, 2, 3, 4, 5]
    header, arrays = told("tab=repeated&one=random&other=random&seed=3")
    sums = arrays["gets"].sum(0)
    assert header["totals"] == pytest.approx(sums.tolist())
    pays = {(0, 0): 3, (0, 1): 0, (1, 0): 5, (1, 1): 1}
    assert [pays[tuple(m)] for m in arrays["moves"].tolist()] == arrays["gets"][:, 0].tolist()


@pytest.mark.parametrize("name", ["stag", "prisoners", "pigs", "sexes"])
def test_only_a_zero_sum_game_has_a_saddle_point(name):
    """max-min and min-max may meet in other games, whose players are not opposed."""
    header, _ = told(f"game={name}")
    assert not header["opposed"]
    for who, other, own in zip(
        ("row", "column"), ("column", "row"), header["security"], strict=True
    ):
        sure = f"The {who} player is sure of {own['texts'][2]}, whatever the {other} player does"
        assert own["says"].startswith(sure) and "saddle" not in own["says"]
    header, _ = told("a=1,2;0,3")
    assert header["opposed"] and "saddle point" in header["security"][0]["says"]


@pytest.mark.parametrize(
    ("pays", "strict", "lenient"),
    [
        ("5,3,1,0", "1/2", "δ = 2/3"),
        ("0,-1,-8,-10", "1/8", "δ = 1/8"),
        ("5,3,2,1.5", "2/3", "no δ"),
    ],
)
def test_it_is_said_which_pair_cooperates_from_which_discount_on(pays, strict, lenient):
    header, _ = told(f"tab=repeated&pays={pays}")
    assert f"grim players are an equilibrium from δ = {strict} on" in header["watch"]
    assert f"tit for tat {'from' if '=' in lenient else 'at'} {lenient}" in header["watch"]


def test_a_tree_is_told_from_its_ends():
    header, _ = told("tab=tree&lions=3")
    assert header["played"] == ["eat", "wait"]
    turns = sorted((one["turn"], one["says"]) for one in header["nodes"] if one["turn"])
    assert [says for _, says in turns] == [
        "lion 3: eat pays 1, wait pays 0. It chooses eat.",
        "lion 2: eat pays −1, wait pays 0. It chooses wait.",
        "lion 1: eat pays 1, wait pays 0. It chooses eat.",
    ]
    assert [eats for _, eats in header["parity"]] == [True, False] * 6
    tie, _ = told("tab=tree&tree=a(x: 1, y: 1, z: 0)")
    assert tie["nodes"][0]["says"].endswith(
        "It chooses x (x and y are equally good: the first is taken)."
    )
    assert [one["chosen"] for one in tie["nodes"][1:]] == [True, True, False]


def test_the_longest_tree_fits_into_an_address():
    text = "12"
    for i in range(29):
        text = f"player {i % 2}(choice {i}: {text}, stop: {i})"
    header, _ = told(f"tab=tree&tree={text}")
    assert header["refused"]  # its ends pay one player only
    lines = "1/2"
    for i in range(29):
        lines = f"player {i % 2}(choice {i}: {lines}, stop: {i}/1)"
    header, _ = told(f"tab=tree&tree={lines}")
    assert len(header["nodes"]) == 59 and not header["refused"]
    assert len(header["query"]) < MOST_TEXT
