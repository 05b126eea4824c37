"""An entry that is added to a registry, however late, is one: to the Spec, the address, a Run."""

import dataclasses

import pytest
import torch

from ganlab import Run, Spec, SpecError
from ganlab.latents import LATENTS
from ganlab.losses import LOSSES
from ganlab.networks import ACTIVATIONS, INITS, NORMS, OUTPUTS
from ganlab.optim import OPTIMIZERS
from ganlab.registry import Entry
from ganlab.spec import PARAMS
from ganlab.stabilisers import RULES, STABILISERS
from ganlab.targets import TARGETS

# Each is an entry there is, under another name: what a notebook adds is made alike.
OPEN = {
    "target": (TARGETS, "two_gaussians"),
    "latent": (LATENTS, "uniform"),
    "g_activation": (ACTIVATIONS, "tanh"),
    "d_activation": (ACTIVATIONS, "tanh"),
    "g_output": (OUTPUTS, "linear"),
    "init": (INITS, "orthogonal"),
    "loss": (LOSSES, "minimax"),
    "optimizer": (OPTIMIZERS, "sgd"),
}
SMALL = {"g_hidden": (6,), "d_hidden": (6,), "batch": 16}


@pytest.mark.parametrize("field", OPEN)
def test_an_entry_added_later_trains_as_the_one_that_it_equals(field):
    registry, like = OPEN[field]
    with pytest.raises(SpecError):
        Spec(**{field: "late"})
    registry.add(dataclasses.replace(registry[like], name="late"))
    try:
        assert "late" in PARAMS[field].allowed
        spec = Spec(**SMALL, **{field: "late"})
        assert Spec.from_query(spec.to_query()) == spec == Spec.from_json(spec.to_json())
        late, known = Run(spec), Run(Spec(**SMALL, **{field: like}))
        for run in (late, known):
            assert run.advance(5) == 5
        assert torch.equal(late.state.g, known.state.g)
        assert late.snapshot().metrics["jsd"] == known.snapshot().metrics["jsd"]
    finally:
        del registry.entries["late"]
    with pytest.raises(SpecError):
        Spec(**{field: "late"})


@pytest.mark.parametrize("registry", [NORMS, RULES, STABILISERS], ids=lambda r: r.field)
def test_where_an_entry_alone_would_do_nothing_none_can_be_added(registry):
    names = list(registry)
    with pytest.raises(ValueError, match="can be added: .* ganlab/"):
        registry.add(Entry("late", "late", "x", "y."))
    assert list(registry) == names


def test_a_target_within_0_and_1_that_is_no_images_may_have_a_sigmoid():
    late = dataclasses.replace(TARGETS["two_gaussians"], name="late", unit=True)
    TARGETS.add(late)
    try:
        run = Run(Spec(**SMALL, target="late", g_output="sigmoid"))
        x = run.sample(100)
        assert run.advance(2) == 2 and x.shape == (100, 1) and (x > 0).all() and (x < 1).all()
    finally:
        del TARGETS.entries["late"]


def test_every_choice_of_a_registry_is_that_registry():
    kinds = {id(r): r for r, _ in OPEN.values()} | {id(r): r for r in (NORMS, RULES)}
    chosen = [p.choices for p in PARAMS.values() if p.kind == "choice"]
    copied = [c for c in chosen if id(c) not in kinds and c not in (("no", "yes"),)]
    assert [tuple(c) for c in copied] == [("same", "fresh")]
