"""The address holds the whole lab: it restores the lab elsewhere, and can do no harm."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import expect

from ganlab import Spec
from ganlab.spec import PARAMS

from .lab import spec_of
from .server import Server

# Every field differs from its default.
ONE = Spec(
    target="two_gaussians",
    latent="uniform",
    latent_dim=2,
    g_hidden=(24,),
    d_hidden=(16, 16, 16),
    g_activation="tanh",
    d_activation="relu",
    init="orthogonal",
    init_gain=0.8,
    loss="minimax",
    k=3,
    optimizer="momentum",
    g_lr=0.02,
    d_lr=0.03,
    betas=(0.9, 0.99),
    momentum=-0.3,
    batch=64,
    seed=11,
)
TWO = Spec(target="grid", latent_dim=2, k=2, d_hidden=(48, 48), seed=3)


@pytest.mark.parametrize("spec", [ONE, TWO], ids=["one", "two"])
def test_an_address_opens_as_it_was(lab, new_lab, browser, spec):
    lab.open(("/?", "/two?")[spec.dim - 1] + spec.to_query())
    lab.pause()  # the other run must come to the update of the change
    lab.get("knob-k").fill("6")
    lab.wait_field("k", "6")
    changed = spec.replace(k=6)
    assert lab.spec == changed
    # In another browser, without any state of this one.
    elsewhere = browser.new_context(viewport={"width": 1280, "height": 720})
    other = new_lab(context=elsewhere)
    parts = urlsplit(lab.page.url)
    other.open(f"{parts.path}?{parts.query}")
    assert other.spec == changed
    # The other run applies the change at the same update, and has its k from then on.
    status = other.wait_status("s.run === 1 && s.values.k === 6")
    assert status["query"] == parts.query and status["seed"] == spec.seed
    for label, widths in (("G's", spec.g_hidden), ("D's", spec.d_hidden)):
        shown = other.page.get_by_role("textbox", name=f"{label} hidden widths").input_value()
        assert shown == ", ".join(map(str, widths))
    other.wait("document.querySelector('[data-testid=knob-k]').value === '6'")
    elsewhere.close()


def test_what_an_address_says_of_the_way_happens_on_the_way(lab):
    lab.open("/?g_hidden=8&d_hidden=8&events=30:g_steps:3:k:2,60:D")
    lab.wait_status("s.iteration > 40 && s.values.k === 2")
    mark = lab.js("live.last.curves.marks")[0]
    assert mark["iteration"] == 15 and "updates" in mark["text"]
    # The sidebar shows the change, and a change there keeps it.
    steps = lab.page.get_by_test_id("stSidebar").get_by_role("slider", name=PARAMS["g_steps"].title)
    expect(steps).to_have_value("3")
    widths = lab.page.get_by_role("textbox", name="D's hidden widths")
    widths.fill("16")
    widths.press("Enter")
    lab.wait_status("s.run === 2 && s.values.k === 2")
    lab.wait_field("events", None)
    assert lab.spec == Spec(g_hidden=(8,), d_hidden=(16,), k=2, g_steps=3)
    # What is not allowed is reported, and the rest is used.
    lab.open("/?k=3&events=30:k:4,20:k:5")
    lab.page.get_by_text("events").first.wait_for()
    assert lab.spec == Spec(k=3)


def test_an_address_of_the_other_lab_leads_there(lab):
    lab.open("/two?target=laplace&k=4&seed=2")
    lab.wait("live.last.scene.dim === 1")
    lab.moves()
    assert not lab.page.url.split("?")[0].endswith("two")
    assert lab.spec == Spec(target="laplace", k=4, seed=2)
    lab.open("/?target=ring&latent_dim=2", moving=False)
    lab.wait("live.last.scene && live.last.scene.dim === 2 && ganlab.iteration > 0")
    assert urlsplit(lab.page.url).path == "/two"
    assert lab.spec == Spec(target="ring", latent_dim=2)


def test_a_restart_of_the_server_keeps_what_was_turned(new_lab, tmp_path):
    with Server(tmp_path / "log.txt") as server:
        lab = new_lab(base=server.url).open("/?k=3&seed=4")
        before = lab.js("live.socket.url")
        lab.get("knob-k").fill("5")
        lab.get("knob-loss").select_option("minimax")
        turned = Spec(k=5, seed=4, loss="minimax")
        lab.wait_status("s.values.k === 5 && s.values.loss === 'minimax'")
        lab.wait_field("loss", "minimax")
        lab.wait("live.last.curves.marks.length === 2")
        # So slowly, a run that starts again would need many minutes to get as far.
        lab.get("speed").fill("12")
        lab.wait_status("s.iteration > 1500", seconds=60)
        lab.get("speed").fill("2")
        lab.wait_status("s.speed === 4")
        marks = lab.js("live.last.curves.marks")
        seen = lab.counters["iteration"]
        server.restart()
        lab.js("(live.last = {})")
        lab.wait(f"live.socket.url !== {before!r} && ganlab.socketOpen", seconds=60)
        # The run continues, if perhaps after a moment in which it starts again.
        lab.wait_status(f"s.iteration >= {seen}")
        lab.wait("live.last.curves?.marks.length > 1")
        assert lab.js("live.last.curves.marks") == marks and len(marks) == 2
        lab.wait_status("s.values.k === 5 && s.values.loss === 'minimax'")
        lab.moves()
        assert lab.counters["mounts"] <= 3
        assert lab.spec == turned == spec_of(lab.status["query"])
        # So do changes from here on.
        lab.get("knob-k").fill("2")
        lab.wait_field("k", "2")
        lab.page.get_by_role("spinbutton", name="standard deviation").fill("1.5")
        lab.page.keyboard.press("Enter")
        lab.wait_field("t.std", "1.5")
        assert lab.spec == turned.replace(k=2, target_params={"mean": 1.0, "std": 1.5})
        lab.page.goto("about:blank")  # else it may say that the server has stopped
        # The browser reports each failed attempt to connect, and Streamlit reports unsent messages;
        # the view reconnects.
        known = ("ERR_CONNECTION", "when disconnected from server", "reaching server endpoint")
        known += ("server is not responding",)
        lab.console[:] = [line for line in lab.console if not any(k in line for k in known)]


_SCRIPT = "<script>alert(1)</script>"
_IMAGE = "<img src=x onerror=alert(1)>"
_MARKDOWN = "` ![x](http://example.com/x.png) <img src=x> `"


@pytest.mark.parametrize(
    ("query", "says"),
    [
        (
            f"target={quote(_SCRIPT)}&betas=" + "0.5," * 1250,
            ["p_data = '<script>alert(1)</script>' is not allowed", "Adam's β₁, β₂ = "],
        ),
        (
            f"{quote(_IMAGE)}=1&\u202ejunk={'x' * 5000}&{quote('a%0D%0A# b')}=1"
            f"&{quote('[x](http://example.com)')}=2",
            ["Ignored in this address: <img", "[x](http"],
        ),
        (
            f"batch=1e99&init={quote(_MARKDOWN)}&seed=3&seed=2&r1=1&minibatch_discrimination=4",
            [
                "batch = '1e99' is not allowed",
                "initial weights = ",
                "seed is given twice: the first value is used",
                "R1, γ = 1 is not allowed",
            ],
        ),
    ],
    ids=["values", "names", "four fields"],
)
def test_of_a_hostile_address_what_is_wrong_is_named_and_the_rest_moves(lab, query, says):
    lab.open(f"/?{query}&k=3&embed_options=light_theme")
    said = lab.page.locator(".st-key-notes")
    said.wait_for()
    text = said.inner_text()
    assert all(words in text for words in says), text
    assert len(text) < 450 * len(says) and "\u202e" not in text
    # The text is shown as text: no such element exists.
    assert lab.page.locator(".stMain :is(img, script, h1 + h1, .st-key-notes a)").count() == 0
    lab.moves()
    good = "seed=3&minibatch_discrimination=4" if "minibatch" in query else ""
    shown = lab.page.url.removesuffix("&embed_options=light_theme")
    assert shown != lab.page.url, "what is Streamlit's own stays"
    assert Spec.from_query(urlsplit(shown).query) == Spec.from_query(f"k=3&{good}".rstrip("&"))


def test_a_link_that_was_shared_with_tracking_fields_is_the_lab_it_was(lab):
    lab.open("/two?target=ring&latent_dim=2&k=3&seed=7&fbclid=x&utm_source=y&__theme=dark")
    assert lab.spec == Spec(target="ring", latent_dim=2, k=3, seed=7)
    line = lab.page.locator(".ganlab-quiet")
    expect(line).to_have_text("Ignored in this address: fbclid, utm_source, __theme.")
    for page, query in (("many", "runs=36&k=2&fbclid=x"), ("compare", "b.k=7&k=2&fbclid=x")):
        lab.open(f"/{page}?{query}")
        expect(line).to_have_text("Ignored in this address: fbclid.")
        lab.wait_field("k", "2")
        lab.wait_field("fbclid", None)


def test_one_press_of_back_leads_to_the_page_before(lab):
    lab.open("/two?target=ring&latent_dim=2&k=3")
    lab.page.get_by_role("spinbutton", name="batch").fill("64")
    lab.page.keyboard.press("Enter")
    lab.wait_field("batch", "64")
    lab.page.get_by_role("link", name="Home").click()
    lab.wait("location.pathname === '/'")
    lab.get("open-hopping").click()
    lab.wait("location.pathname !== '/' && location.search.includes('preset=')")
    lab.moves()
    lab.page.go_back()
    lab.wait("location.pathname === '/'")
    lab.get("open-hopping").wait_for()
    lab.page.go_back()  # to the previous state, although the same page showed the preset
    lab.wait_field("batch", "64")
    lab.wait_status("s.values.k === 3")
    assert lab.spec == Spec(target="ring", latent_dim=2, k=3, batch=64)
    assert lab.page.get_by_role("spinbutton", name="batch").input_value() == "64"
    lab.page.go_back()
    assert lab.page.url == "about:blank"
    # An address of the other lab redirects there without breaking the "back" button.
    lab.open("/two?target=laplace")
    lab.wait("location.pathname === '/one' && location.search.includes('laplace')")
    lab.page.go_back()
    assert lab.page.url == "about:blank"
