"""The page of matrix games in the browser: edit, drag, change a rule; numbers in closed form."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from playwright.sync_api import expect

from .accessible import check

DRAWN = "document.querySelector('.gl-matrix[data-drawn]')"
MINUS = "\N{MINUS SIGN}"


def shown(lab, *parts: str) -> None:
    """Wait until the answer to an address with these parts is on the page, and no other comes."""
    there = " && ".join(f"drawn.includes({part!r})" for part in parts) or "true"
    lab.wait(
        f"((drawn) => drawn && location.search === '?' + drawn && {there})({DRAWN}?.dataset.drawn)"
    )


def field(lab, name: str) -> str:
    return parse_qs(urlsplit(lab.page.url).query).get(name, [""])[0]


def enter(lab, testid: str, text: str) -> None:
    """Type into a field and leave it."""
    lab.get(testid).fill(text)
    lab.get(testid).press("Tab")


def numbers(text: str) -> list[float]:
    return [float(x) for x in re.findall(r"-?\d+(?:\.\d+)?", text.replace(MINUS, "-"))]


def drag(lab, testid: str, dx: float, dy: float) -> None:
    box = lab.get(testid).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    lab.page.mouse.move(x, y)
    lab.page.mouse.down()
    lab.page.mouse.move(x + dx / 2, y + dy / 2)
    lab.page.mouse.move(x + dx, y + dy)
    lab.page.mouse.up()


def usable(lab) -> None:
    """Nothing to scroll at 1280 × 720, and WCAG 2.2 AA in both themes and on a phone."""
    lab.get("scrub").focus()
    lab.page.keyboard.press("End")  # stops the play
    assert lab.js("document.querySelector('.stMain').scrollHeight <= innerHeight")
    check(lab, live=False)


def test_one_game_is_solved_as_it_is_edited_and_dragged(lab):
    lab.open("/matrix", moving=False)
    lab.wait(DRAWN)
    lab.wait("window.ganlab.frames > 20 && window.ganlab.iteration > 3")
    expect(lab.get("equilibrium-0")).to_have_text(
        f"3/8 heads + 5/8 tails against 3/8 heads + 5/8 tails: pays {MINUS}1/8, 1/8"
    )
    # Another pay-off: by indifference, each plays heads with (d - b) / (a - b - c + d).
    enter(lab, "a-0-0", "5")
    shown(lab, "a=5,-2;-2,1")
    expect(lab.get("equilibrium-0")).to_contain_text("3/10 heads + 7/10 tails")
    expect(lab.get("equilibrium-0")).to_contain_text(f"pays 1/10, {MINUS}1/10")
    expect(lab.get("security-says")).to_contain_text("both are 1/10")
    expect(lab.get("preset").or_(lab.get("game"))).to_have_value("")
    # What is refused is said beside its field, which keeps it; the rest stays.
    enter(lab, "a-1-1", "many")
    expect(lab.get("refused")).to_contain_text("the row player's pay-offs")
    assert lab.get("a-1-1").get_attribute("aria-invalid") == "true"
    assert lab.get("cell-1-1").get_by_test_id("refused").count() == 1
    lab.wait("new URLSearchParams(location.search).get('a') === '5,-2;-2,1'")
    expect(lab.get("refused")).to_contain_text("row 2, column 2")
    enter(lab, "a-1-1", "2/3")
    shown(lab, "a=5,-2;-2,2/3")
    expect(lab.get("a-1-1")).to_have_value("2/3")
    enter(lab, "a-1-1", "1")
    shown(lab, "a=5,-2;-2,1")
    expect(lab.get("refused")).to_be_hidden()

    # Drag a starting point, change the dynamics; the last numbers are those of the rule.
    lab.get("one").click()
    drag(lab, "point-0", 60, -50)
    lab.wait("(new URLSearchParams(location.search).get('start') ?? '').split(',')[0] > 0.25")
    lab.get("dynamics").select_option("weights")
    shown(lab, "dynamics=weights", "start=")
    x, y = (float(v) for v in field(lab, "start").split(",")[:2])
    assert 0.25 < x < 0.5 and 0.25 < y < 0.5
    lab.page.keyboard.press("Escape")
    lab.get("dynamics").blur()
    lab.page.keyboard.press("End")
    lab.says("update", "300 of 300")
    lab.get("point-0").click()
    expect(lab.get("of-start")).to_contain_text("starting point 1 of 2")
    a = np.array([[5.0, -2], [-2, 1]])
    p, q = np.array([x, 1 - x]), np.array([y, 1 - y])
    path = [[*p, *q]]
    for _ in range(300):
        up, vp = a @ q, -(p @ a)
        p, q = p * np.exp(0.1 * up), q * np.exp(0.1 * vp)
        p, q = p / p.sum(), q / q.sum()
        path.append([*p, *q])
    mean = np.mean(path, 0)
    for testid, wanted in (("now-play", path[-1]), ("now-average", mean)):
        u, v = np.array(wanted[:2]), np.array(wanted[2:])
        regret = (a @ v).max() - u @ a @ v + (-u @ a).max() + u @ a @ v
        found = numbers(lab.get(testid).inner_text())
        assert found == pytest.approx([*wanted, regret], abs=0.002)

    # Keys move the point; a click adds one; Delete removes it.
    lab.get("point-0").focus()
    lab.page.keyboard.press("Shift+ArrowRight")
    lab.wait(f"(new URLSearchParams(location.search).get('start')).split(',')[0] > {x + 0.05}")
    count = len(field(lab, "start").split(",")) // 2
    box = lab.get("strategies").bounding_box()
    lab.page.mouse.click(box["x"] + 0.8 * box["width"], box["y"] + 0.3 * box["height"])
    lab.get(f"point-{count}").wait_for()
    lab.get(f"point-{count}").focus()
    lab.page.keyboard.press("Delete")
    expect(lab.get(f"point-{count}")).to_have_count(0)

    # Dominated strategies, one after the other.
    lab.get("game").select_option("prisoners")
    shown(lab, "game=prisoners")
    for _ in range(2):
        lab.get("strike").click()
    shown(lab, "dropped=2")
    assert lab.get("drops").locator("li").all_inner_texts() == [
        "Row deny: pays less than confess, whatever column is played.",
        "Column deny: pays less than confess, whatever row is played.",
    ]
    assert lab.get("cell-1-1").get_attribute("data-struck") == "true"
    expect(lab.get("equilibrium-0")).to_have_text(
        f"confess against confess: pays {MINUS}8, {MINUS}8"
    )
    # A strategy more and one less; a game that is no longer zero-sum.
    lab.get("add-column").click()
    lab.get("a-0-2").wait_for()
    enter(lab, "column-2", "flee")
    shown(lab, "columns=confess,deny,flee")
    lab.get("drop-column-0").click()
    shown(lab, "columns=deny,flee")
    lab.get("zero-sum").check()
    lab.wait("!new URLSearchParams(location.search).has('b')")
    # Three strategies: a triangle for each player, whose handles are dragged.
    lab.get("game").select_option("rock-paper-scissors")
    shown(lab, "game=rock-paper-scissors")
    drag(lab, "row-point-0", 20, -30)
    shown(lab, "start=")
    start = [float(v) for v in field(lab, "start").split(",")]
    assert len(start) == 4 and sum(start[:2]) < 5 / 6 - 0.05, "the third one is likelier"
    with lab.page.expect_download() as download:
        lab.get("export").click()
        lab.get("export-csv").click()
    rows = open(download.value.path()).read().splitlines()
    assert rows[0].startswith("start,update,row rock,row paper") and len(rows) == 302
    query = urlsplit(lab.page.url).query
    assert field(lab, "dynamics") == "weights"
    lab.page.reload()
    lab.wait(DRAWN)
    assert urlsplit(lab.page.url).query == query
    usable(lab)


def test_repeated_and_backward_induction(lab):
    lab.open("/matrix?tab=repeated&bogus=1", moving=False)
    lab.wait(DRAWN)
    assert "Ignored in this address: bogus." in lab.get("message").inner_text()
    t, r, p, s = 5, 3, 1, 0
    expect(lab.get("crossing")).to_contain_text("2/3; the curves cross at 0.6667")
    lab.get("pair-grim-grim").click()
    shown(lab, "one=grim&other=grim")
    expect(lab.get("crossing")).to_contain_text(
        f"{(t - r) // 2}/{(t - p) // 2}; the curves cross at 0.5"
    )
    expect(lab.get("verdict")).to_contain_text("is an equilibrium")
    # δ below the crossing, by the hand.
    box = lab.get("discount").bounding_box()
    drag(lab, "delta", -0.45 * box["width"], 0)
    lab.wait("(new URLSearchParams(location.search).get('again') ?? 1) < 0.45")
    again = float(field(lab, "again"))
    shown(lab, f"again={again:g}")
    best = (1 - again) * t + again * p
    assert numbers(lab.get("verdict").inner_text()) == pytest.approx([r, best], rel=1e-3)
    assert lab.get("pair-grim-grim").get_attribute("data-stable") == "false"
    # Against a defector grim is cheated once.
    wanted = (1 - again) * s + again * p
    assert numbers(lab.get("pair-grim-defect").inner_text()) == pytest.approx([wanted], abs=0.006)
    # Other pay-offs, one by one; an order that is no dilemma is refused beside its field.
    enter(lab, "pay-r", "9")
    expect(lab.get("refused")).to_contain_text("temptation > reward")
    enter(lab, "pay-r", "4")
    shown(lab, "pays=5,4,1,0")
    expect(lab.get("crossing")).to_contain_text("1/4; the curves cross at 0.25")
    # A known end unravels.
    lab.get("end").select_option("known")
    shown(lab, "end=known")
    expect(lab.get("plan")).to_have_text("Best reply to grim in 10 rounds: C C C C C C C C C D")
    expect(lab.get("expected")).to_have_text("expected, exactly: 4.00 and 4.00 a round")
    lab.page.keyboard.press("End")
    expect(lab.get("totals")).to_have_text(
        "after 10 rounds: 40.00 and 40.00, a mean of 4.00 and 4.00"
    )

    usable(lab)
    lab.get("tab-repeated").focus()
    lab.page.keyboard.press("ArrowRight")
    shown(lab, "tab=tree")
    for n in (4, 7):
        lab.get(f"lions-{n}").click()
        shown(lab, f"lions={n}")
        lab.get(f"lions-{n}").blur()
        lab.page.keyboard.press("End")
        lab.says("update", f"{n + 1} of {n + 1}")
        first = "eat" if n % 2 else "wait"
        expect(lab.get("outcome")).to_contain_text(f"Played: {first}")
        assert lab.get(f"lions-{n}").get_attribute("data-eats") == str(bool(n % 2)).lower()
    # A tree by hand: text, then a pay-off, a choice more, and its removal.
    enter(lab, "tree-text", "ann(left: bob(up: 3/1, down: 0/2), right: 1/1)")
    shown(lab, "tree=ann")
    expect(lab.get("lions-7")).to_be_hidden()
    lab.get("tree-text").blur()
    lab.page.keyboard.press("End")
    expect(lab.get("outcome")).to_have_text("Played: right. ann gets 1, bob gets 1.")
    lab.get("node-2").click()
    enter(lab, "edit-pay-1", "2.5")
    shown(lab, "up:+3/2.5")
    lab.page.keyboard.press("Escape")
    lab.get("node-0").click()
    lab.page.keyboard.press("End")
    expect(lab.get("outcome")).to_have_text("Played: left, up. ann gets 3, bob gets 5/2.")
    lab.get("add-choice").click()
    shown(lab, "choice+3:+0/0")
    enter(lab, "edit-player", "carl")
    shown(lab, "carl(left")
    lab.get("node-5").click()
    lab.get("remove-node").click()
    lab.wait(f"!{DRAWN}.dataset.drawn.includes('choice+3')")
    enter(lab, "tree-text", "carl(left: 1")
    expect(lab.get("refused")).to_contain_text("closing parenthesis")
    lab.wait(
        "(new URLSearchParams(location.search).get('tree') ?? '').startsWith('carl(left: bob')"
    )
    enter(lab, "tree-text", "carl(left: 1, right: 2)")
    shown(lab, "left:+1")
    usable(lab)
    lab.get("tab-game").click()
    lab.wait("document.querySelector('[data-testid=equilibrium-0]')")
