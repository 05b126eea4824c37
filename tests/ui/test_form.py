"""A page's widgets and its run: edits apply, refused ones stay wanted, and all can be undone."""

from __future__ import annotations

from html import unescape
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

import ganlab
from ganlab import Spec
from ganlab.comparison import Comparison
from ganlab.live.scheduler import SCHEDULER
from ganlab.presets import DEFAULTS
from ganlab.ui import navigation

SCRIPT = Path(ganlab.__file__).parent / "ui" / "main.py"


class Page:
    """One page in Streamlit without a browser; nothing trains."""

    def __init__(self, url: str, query: str = ""):
        self.url = url
        self.test = AppTest.from_file(SCRIPT, default_timeout=60)
        if url != navigation.HOME:
            self.test.run()
            self.test.query_params.clear()
            self.test.switch_page(navigation.script(url))
        for name, values in parse_qs(query, keep_blank_values=True).items():
            self.test.query_params[name] = values
        self.test.run()
        assert not self.test.exception

    @property
    def session(self):
        return self.test.session_state["_sessions"][self.url]

    @property
    def spec(self) -> Spec:
        return self.session.spec

    @property
    def words(self) -> str:
        """All texts of the page as plain text."""
        lines = [unescape(e.proto.body) for e in self.test.get("html")]
        return " ".join([*lines, *(e.value for e in self.test.caption)])

    def put(self, name: str, value, kind: str = "number_input") -> None:
        dim = self.spec.dim
        getattr(self.test, kind)(key=f"{self.url}_{dim}_{name}").set_value(value).run()
        assert not self.test.exception

    def open(self, title: str) -> None:
        self.test.session_state[f"box_{self.url}_{self.spec.dim}_{title}"] = True
        self.test.run()

    def click(self, key: str) -> None:
        self.test.button(key=key).click().run()
        assert not self.test.exception


@pytest.fixture(autouse=True)
def _close():
    yield
    for session in list(SCHEDULER.sessions.values()):
        SCHEDULER.drop(session)


@pytest.mark.parametrize("url", ["one", "many"])
def test_a_refused_edit_stands_alone_and_applies_when_nothing_speaks_against_it(url):
    page = Page(url)
    page.session.configure(DEFAULTS[1].replace(minibatch_discrimination=4))
    page.test.run()
    page.open("Discriminator")
    page.put("r1", 1.0)
    assert page.spec.r1 == 0
    assert page.words.count("Not applied: R1, γ = 1") == 2, "beside its field and above the picture"
    assert "minibatch discrimination" in page.words and "r1" not in page.words
    page.put("batch", 128)
    assert page.spec == DEFAULTS[1].replace(minibatch_discrimination=4, batch=128)
    assert "R1, γ = 1" in page.words, "it is not forgotten"
    page.session.set("minibatch_discrimination", 0)  # as the toggle above the picture does
    page.test.run()
    assert page.spec == DEFAULTS[1].replace(r1=1.0, batch=128)
    assert "Not applied" not in page.words and "On: R1." in page.words


def test_one_click_undoes_what_was_refused():
    page = Page("one")
    page.put("g_hidden", "32, x", "text_input")
    page.put("batch", 100)
    assert page.spec == Spec(batch=100)
    assert "G's hidden widths = '32, x' is not allowed" in page.words
    page.click("undo_notice_one_1_g_hidden")
    assert "Not applied" not in page.words
    assert page.test.text_input(key="one_1_g_hidden").value == "32, 32"


def test_each_field_and_all_go_back_to_the_default():
    page = Page("two")
    page.put("batch", 128)
    page.put("t.std".replace("t.", "ring."), 0.1)
    page.session.set("k", 3)
    page.test.run()
    page.click("to_default_two_2_batch")
    assert page.spec == DEFAULTS[2].replace(k=3).changed({"t.std": 0.1})
    assert page.test.number_input(key="two_2_batch").value == 256
    page.session.new_seed(4)
    page.click("all_to_default_two")
    assert page.spec == DEFAULTS[2].replace(seed=4)
    assert page.test.number_input(key="two_2_ring.std").value == 0.02
    assert "all_to_default_two" not in [b.key for b in page.test.button]


def test_what_is_on_is_said_with_the_edit_itself():
    page = Page("one")
    page.open("Discriminator")
    assert "On: no toggle." in page.words
    page.put("r1", 1.0)
    assert "On: R1." in page.words and page.spec.r1 == 1


def test_what_is_too_dear_for_the_server_is_refused_like_any_other(monkeypatch):
    page = Page("one")
    configure = type(page.session).configure

    def frugal(self, spec: Spec, *more) -> None:
        if spec.batch > 1000:
            raise ganlab.SpecError("batch", spec.batch, "at most 1000 on this server")
        configure(self, spec, *more)

    monkeypatch.setattr(type(page.session), "configure", frugal)
    page.put("batch", 4096)
    assert (
        page.spec == Spec() and "batch = 4096 is not allowed; it must be at most 1000" in page.words
    )
    page.put("g_hidden", "8", "text_input")
    assert page.spec == Spec(g_hidden=(8,)) and page.words.count("at most 1000") == 2


def test_runs_side_by_side_have_the_same_rules():
    page = Page("compare")
    spec = DEFAULTS[1].replace(minibatch_discrimination=4)
    page.session.show(Comparison.by(spec, {"r2": (0.0, 0.0), "k": (1, 5)}))
    page.test.session_state["_compare_round"] = 7
    page.test.run()
    page.test.number_input(key="differ_7_r2_b").set_value(1.0).run()
    page.put("batch", 64)
    assert page.session.experiment.columns == {"r2": (0.0, 0.0), "k": (1, 5)}
    assert page.spec.batch == 64
    assert page.words.count("Not applied: Run B: R2, γ = 1") == 2
    page.test.number_input(key="differ_7_k_b").set_value(3).run()
    assert page.session.experiment.columns["k"] == (1, 3)
    page.session.set("minibatch_discrimination", 0)
    page.test.run()
    assert page.session.experiment.columns["r2"] == (0.0, 1.0)
    assert "Not applied" not in page.words


def test_what_a_teacher_locks_keeps_its_value_and_what_is_hidden_is_gone():
    page = Page("one", "lock=field-*&show=batch&hide=latent,page-games,foo&k=2")
    box = page.test.number_input(key="one_1_gaussian.mean")
    assert box.disabled and "Locked by your teacher." in box.help
    assert not page.test.number_input(key="one_1_batch").disabled
    assert "one_1_latent" not in [b.key for b in page.test.selectbox]
    assert "Ignored in this address: hide=foo." in page.words
    begun = page.spec
    page.test.session_state["one_1_gaussian.mean"] = 0.3  # as a browser could
    page.test.run()
    assert page.spec == begun == DEFAULTS[1].replace(k=2)
    assert page.test.number_input(key="one_1_gaussian.mean").value == begun.value("t.mean")
    page.put("batch", 128)
    assert page.spec == begun.replace(batch=128)
    assert page.session.query.endswith("&hide=latent,page-games&lock=field-*&show=batch")
    assert "all_to_default_one" not in [b.key for b in page.test.button]
    page.test.query_params.clear()
    page.test.switch_page(navigation.script("two"))
    page.test.run()  # the menu leads on: the shape stays
    assert page.test.number_input(key="two_2_ring.std").disabled
