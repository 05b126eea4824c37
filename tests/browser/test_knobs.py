"""Knobs change the current run, the sidebar starts a new one, and the address follows both."""

from __future__ import annotations

from playwright.sync_api import TimeoutError

from ganlab import Spec

from .lab import FIELD


def test_knobs_change_the_run_without_a_new_one(lab):
    lab.open()
    before = lab.counters
    lab.get("knob-k").fill("7")
    lab.wait_status("s.values.k === 7")
    lab.wait_field("k", "7")
    lab.get("knob-loss").select_option("minimax")
    lab.wait_status("s.values.loss === 'minimax'")
    lab.wait_field("loss", "minimax")
    for field, place in (("g_lr", "150"), ("d_lr", "60")):
        lab.get(f"knob-{field}").fill(place)
        # The ends are 1e-5 and 1; the slider's 240 steps are even in the logarithm.
        expected = 10 ** (-5 + 5 * int(place) / 240)
        lab.wait_status(f"Math.abs(s.values.{field} / {expected} - 1) < 0.06")
        value = lab.status["values"][field]
        lab.wait(f"+({FIELD})('{field}') === {value}")
    assert lab.counters["run"] == before["run"] == 1
    lab.moves()
    assert lab.counters["iteration"] > before["iteration"]
    sent = [command for command in lab.sent if command["cmd"] == "set"]
    assert [command["field"] for command in sent] == ["k", "loss", "g_lr", "d_lr"]
    lab.wait("live.last.curves.marks.length === 4")
    marks = lab.js("live.last.curves.marks")
    assert [mark["text"] for mark in marks][:2] == [
        "k 1→7",
        "loss non-saturating→minimax (saturating)",
    ]
    assert all(mark["iteration"] >= before["iteration"] for mark in marks)
    values = lab.status["values"]
    assert lab.spec == Spec(k=7, loss="minimax", g_lr=values["g_lr"], d_lr=values["d_lr"])


def test_k_is_the_number_of_updates_of_d(lab):
    lab.open("/?k=5")
    lab.wait_status("s.g_updates > 20")
    status = lab.pause()
    assert 5 * status["g_updates"] <= status["d_updates"] <= 5 * status["g_updates"] + 5
    lab.get("knob-k").fill("0")
    lab.wait_status("s.values.k === 0")
    lab.get("step").click()
    one = lab.wait_status(f"s.g_updates > {status['g_updates']}")
    lab.get("step").click()
    two = lab.wait_status(f"s.g_updates > {one['g_updates']}")
    assert two["d_updates"] == one["d_updates"], "k = 0 freezes D"


def choose(lab, label: str, option: str) -> None:
    """Choose an option in one of the sidebar's menus."""
    box = lab.page.get_by_test_id("stSidebar").get_by_role("combobox", name=label)
    wanted = lab.page.get_by_role("option", name=option, exact=True)
    for _ in range(3):  # an open menu closes when the script is executed again
        box.click()
        try:
            wanted.click(timeout=5000)
            return
        except TimeoutError:
            continue
    raise AssertionError(f"{label} cannot be set to {option}")


def test_the_sidebar_starts_a_new_run_and_says_so(lab):
    lab.open("/?k=2")
    choose(lab, "p_data", "Laplace")
    lab.wait_status("s.run === 2")
    lab.wait_field("target", "laplace")
    lab.wait("!document.querySelector('[data-testid=message]').hidden")
    assert "p_data" in lab.message and "estart" in lab.message
    lab.moves()
    assert lab.js("live.last.scene.target") == "Laplace"
    assert lab.spec == Spec(target="laplace", k=2)
    widths = lab.page.get_by_role("textbox", name="G's hidden widths")
    widths.fill("16, 24, 16")
    widths.press("Enter")
    lab.wait_status("s.run === 3")
    lab.wait_field("g_hidden", "16,24,16")
    lab.moves()
    assert lab.spec == Spec(target="laplace", k=2, g_hidden=(16, 24, 16))
    assert lab.counters["mounts"] == 1, "the view is never mounted anew"


def test_bad_widths_are_told_and_the_run_goes_on(lab):
    lab.open()
    sidebar = lab.page.get_by_test_id("stSidebar")
    widths = sidebar.get_by_role("textbox", name="D's hidden widths")
    said = sidebar.get_by_text("D's hidden widths = ")
    for text in ("32, x", "0", "1e3", "8, 8, 8, 8, 8"):
        widths.fill(text)
        widths.press("Enter")
        said.filter(has_text=f"= '{text}' is not allowed").wait_for()
        assert widths.input_value() == text, "what was typed stays"
    assert "at most 4 integers" in said.inner_text()
    lab.moves()
    assert lab.counters["run"] == 1
    assert lab.spec == Spec()
    widths.fill("8")
    widths.press("Enter")
    lab.wait_status("s.run === 2")
    lab.wait_field("d_hidden", "8")
    said.wait_for(state="detached")


def test_a_toggle_above_the_picture_restarts_and_all_are_in_step(lab):
    lab.open("/two?target=ring&latent_dim=2&batch=32")
    lab.wait("live.last.curves && live.last.curves.arrays[0][2][0] > 5")
    toggle = lab.get("knob-minibatch_discrimination")
    assert "starts a new run" in toggle.locator("..").get_attribute("title")
    toggle.select_option("4")
    lab.wait_status("s.run === 2 && s.values.minibatch_discrimination === 4")
    lab.wait_field("minibatch_discrimination", "4")
    assert "Restarted" in lab.message
    ghost = [name for name, *_ in lab.js("live.last.scene.arrays") if name.startswith("ghost.")]
    assert {"ghost.iteration", "ghost.jsd", "ghost.modes"} <= set(ghost)
    # The sidebar shows the change, and a change there keeps it.
    choose(lab, "G's activation", "tanh")
    lab.wait_status("s.run === 3")
    assert lab.spec.minibatch_discrimination == 4 and lab.spec.g_activation == "tanh"
    # A refused combination is reported beside the toggle, in the words of the labels.
    toggle.select_option("0")
    lab.wait_status("s.run === 4")
    lab.wait_field("minibatch_discrimination", "0")
    lab.page.goto(f"{lab.base}/two?{lab.spec.replace(r1=1.0).to_query()}")
    lab.wait("live.last.scene && ganlab.frames > 1")
    before = lab.counters["run"]
    toggle.select_option("4")
    said = lab.get("refused-minibatch_discrimination")
    said.wait_for()
    assert (
        "R1, γ = 1 is not allowed; it must be 0 with minibatch discrimination" in said.inner_text()
    )
    lab.wait("document.querySelector('[data-testid=knob-minibatch_discrimination]').value === '0'")
    lab.moves()
    assert lab.counters["run"] == before and lab.spec.r1 == 1.0
