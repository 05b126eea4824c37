"""One variant of each kind from an outside package, each in one file, works like our own."""

from __future__ import annotations

import importlib
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import ganlab
from ganlab import Run, Spec, export, variants
from ganlab.engine.native.compile_queue import CompileQueue
from ganlab.engine.structure import Structure
from ganlab.live.scene import knobs
from ganlab.params import LIVE, PARAMS
from ganlab.testing import checks
from ganlab.testing.common import REGISTRIES
from ganlab.testing.pages import opened
from ganlab.ui.gallery import sections
from ganlab.ui.navigation import PAGES

SCRATCH = Path(__file__).parent / "scratch"
KINDS = ("loss", "target", "latent", "optimiser", "stabiliser", "rule", "preset")
MODULES = tuple(f"scratch_variants.{kind}" for kind in (*KINDS, "page"))
_ANCHOR = ("anchor", "anchor_at")
ALL = {
    "loss": "exponential",
    "target": "logistic",
    "latent": "triangular",
    "optimizer": "softsign",
    "rule": "halved",
    "softness": 0.2,
    "anchor": 0.5,
    "anchor_at": 0.25,
}


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    """The entries by kind, of a package imported by GANLAB_VARIANTS and removed afterwards."""
    root = tmp_path_factory.mktemp("outside")
    shutil.copytree(SCRATCH, root / "scratch_variants")
    before = [(registry, set(registry)) for registry in (*REGISTRIES, PAGES)]
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(root)
        patch.setenv(variants.VARIABLE, ", ".join(MODULES))
        variants.load()
        kinds = (*KINDS, "page")
        modules = {kind: importlib.import_module(f"scratch_variants.{kind}") for kind in kinds}
        yield {kind: module.ENTRY for kind, module in modules.items()} | {"root": root}
    for registry, names in before:
        for name in set(registry) - names:
            del registry.entries[name]
    for name in [name for name in sys.modules if name.partition(".")[0] == "scratch_variants"]:
        del sys.modules[name]


@pytest.mark.parametrize("kind", (*KINDS, "page"))
def test_it_keeps_the_contract(scratch, kind):
    """Words, bounds, address, JSON, documentation, a training run, and the checks of its kind."""
    found = checks(scratch[kind])
    assert len(found) >= (2 if kind == "page" else 5)
    for check in found:
        check()


def test_fields_are_fields_of_every_spec(scratch):
    spec = Spec(**ALL)
    assert (spec.softness, spec.anchor, spec.anchor_at) == (0.2, 0.5, 0.25)
    assert Spec().anchor == 0.0 and spec.extras == {n: ALL[n] for n in ("softness", *_ANCHOR)}
    assert set(_ANCHOR) <= set(LIVE) and "softness" not in LIVE
    loss = next(knob for knob in knobs() if knob["field"] == "loss")
    assert ["exponential", "exponential"] in loss["choices"]
    run = Run(spec, events="40:anchor:2:anchor_at:-1")
    assert run.advance(40) == 40 and run.spec.anchor == 2.0
    again = Run(spec, events=run.events)
    again.advance(40)
    assert torch.equal(run.state.g, again.state.g)
    assert 0 < run.snapshot(points=4096).metrics["jsd"][0] < math.log(2)


def test_an_exported_script_imports_them(scratch):
    """`ganlab toggles` lists them, in another process."""
    spec = Spec(**ALL)
    text = export.python([spec], 3, ["2:anchor_at:1"])
    assert text.count("import scratch_variants.") == 6 and "import" not in export.call(spec)
    code = f"{text}\nfrom ganlab.reference import markdown\nprint(markdown())"
    roots = (str(scratch["root"]), str(Path(ganlab.__file__).parents[1]))
    place = os.environ | {"PYTHONPATH": os.pathsep.join(roots), variants.VARIABLE: ""}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=place, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said, text = done.stdout.split("\n", 1)
    run = Run(spec, events="2:anchor_at:1")
    run.advance(3)
    jsd = run.snapshot(picture=False).metrics["jsd"][0]
    assert said == f"0 3 {jsd}"
    for kind in KINDS[:-1]:
        entry = scratch[kind]
        assert entry.equation in text and entry.doc in text
    off = Spec(anchor_at=1.0)  # a field of an unused stabiliser needs its module as well
    assert off.outside == ("scratch_variants.stabiliser",) and Spec().outside == ()


def test_a_module_that_fails_is_named(scratch, monkeypatch):
    (scratch["root"] / "scratch_variants" / "broken.py").write_text("1 / 0\n")
    for name, why in (("nothing", "No module named"), ("broken", "division by zero")):
        monkeypatch.setenv(variants.VARIABLE, f"scratch_variants.loss,scratch_variants.{name}")
        with pytest.raises(ImportError, match=f"names 'scratch_variants.{name}'.*{why}"):
            variants.load()


@pytest.fixture
def page(scratch):
    """Opens a page of the app, by url path, in Streamlit without a browser."""
    return opened


def test_each_has_a_widget_that_changes_the_run(page):
    test = page("one")

    def spec() -> Spec:
        return test.session_state["_sessions"]["one"].spec

    for name, value in (("latent", "triangular"), ("optimizer", "softsign"), ("rule", "halved")):
        test.selectbox(key=f"one_1_{name}").set_value(value).run()
        assert getattr(spec(), name) == value
    test.number_input(key="one_1_softness").set_value(0.3).run()
    test.session_state["box_one_1_Discriminator"] = True
    test.run()
    keys = [w.key for w in test.number_input]
    assert "one_1_anchor" in keys and "one_1_anchor_at" not in keys
    test.number_input(key="one_1_anchor").set_value(0.5).run()
    test.number_input(key="one_1_anchor_at").set_value(0.25).run()
    test.selectbox(key="one_1_target").set_value("logistic").run()
    test.number_input(key="one_1_logistic.scale").set_value(0.5).run()
    assert not test.exception
    wanted = {n: v for n, v in ALL.items() if n != "loss"} | {"softness": 0.3}
    assert spec() == Spec(**wanted, target_params={"scale": 0.5}, seed=spec().seed)
    assert "anchored logits" in " ".join(caption.value for caption in test.caption)


def test_a_page_from_outside_is_in_the_menu_and_is_drawn(page, scratch):
    test = page("counted")
    words = [e.proto.body for e in test.get("html")]
    assert any("<h1>Counted</h1>How many losses there are." in body for body in words)
    losses = PARAMS["loss"].choices
    assert test.markdown[-1].value == f"There are **{len(losses)}** losses."


def test_a_preset_from_outside_is_in_the_gallery(page):
    assert not page().exception
    cards = [card for section in sections() for card in section["cards"]]
    (card,) = (card for card in cards if card["name"] == "anchored")
    assert not card["moves"], "its picture would be made by `ganlab cards`"


@pytest.mark.timeout(1000)  # half a minute on an idle machine
def test_they_are_compiled_together(scratch):
    """One program for all of them equals the eager updates."""
    spec = Spec(**ALL, g_hidden=(8,), d_hidden=(8,), batch=32)
    structure = Structure.of(spec)
    names = tuple(
        f"scratch_variants.{kind}" for kind in ("stabiliser", "loss", "optimiser", "rule")
    )
    assert set(structure.outside) == set(names) and Structure.of(Spec()).outside == ()
    assert variants.digest(names) != variants.digest(names[:2])
    queue = CompileQueue()
    try:
        request = queue.ask(structure, nice=0)
        program = request.wait(900)
        assert request.state == "ready", request.reason
    finally:
        queue.close()
    eager, fast = Run(spec), Run(spec)
    fast.use(program)
    for run in (eager, fast):
        assert run.advance(20) == 20
    torch.testing.assert_close(fast.state.g, eager.state.g, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(fast.state.d, eager.state.d, rtol=1e-3, atol=1e-4)
