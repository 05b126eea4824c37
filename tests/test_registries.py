"""An entry that is added at any time works in Spec, addresses and Run."""

import copy
import dataclasses
import pickle

import pytest
import torch

from ganlab import Run, Spec, SpecError
from ganlab.estimators import BASELINES, ESTIMATORS
from ganlab.events import Event
from ganlab.export import call
from ganlab.latents import LATENTS
from ganlab.losses import LOSSES
from ganlab.networks import ACTIVATIONS, D_NORMS, INITS, NORMS, OUTPUTS
from ganlab.optim import OPTIMIZERS, OptimizerEntry
from ganlab.params import LIVE, PARAMS
from ganlab.registry import Entry, Param
from ganlab.stabilisers import STABILISERS, StabiliserEntry
from ganlab.targets import TARGETS
from ganlab.update_rules import RULES

# Each is a copy of an existing entry under another name, as a notebook might add.
OPEN = {
    "target": (TARGETS, "two_gaussians"),
    "latent": (LATENTS, "uniform"),
    "g_activation": (ACTIVATIONS, "tanh"),
    "d_activation": (ACTIVATIONS, "tanh"),
    "g_output": (OUTPUTS, "linear"),
    "init": (INITS, "orthogonal"),
    "loss": (LOSSES, "minimax"),
    "optimizer": (OPTIMIZERS, "sgd"),
    "rule": (RULES, "extragradient"),
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


@pytest.mark.parametrize("registry", [NORMS, D_NORMS, ESTIMATORS], ids=lambda r: r.field)
def test_where_an_entry_alone_would_do_nothing_none_can_be_added(registry):
    names = list(registry)
    with pytest.raises(ValueError, match="can be added: .* ganlab/"):
        registry.add(Entry("late", "late", "x", "y."))
    assert list(registry) == names


def strength(name="late", **more) -> Param:
    return Param(name, "late one", 0.0, 0.0, 10.0, doc="Late.", numeric=True, **more)


def late_stabiliser(*params, **more) -> StabiliserEntry:
    more = {"grad_term": lambda grad, params, weight: grad + weight * params} | more
    return StabiliserEntry("late", "late", "x", "y.", player="D", params=params, **more)


@pytest.fixture
def late():
    """A stabiliser with a second field, equivalent to weight decay; removed afterwards."""
    more = Param("late_more", "more", 3, 1, 9, "int", doc="More.")
    yield STABILISERS.add(late_stabiliser(strength(live=True), more))
    STABILISERS.entries.pop("late", None)


def test_fields_that_a_late_stabiliser_declares_are_fields(late):
    spec = Spec(**SMALL, late=0.5)
    assert spec.late == 0.5 and spec.late_more == 3 and Spec().late == 0.0
    assert spec.stabilisers == ("late",) and spec.extras == {"late": 0.5}
    twins = [
        Spec(**SMALL, extras={"late": 0.5, "late_more": 3}),
        Spec(**SMALL, late=0.1).replace(late=0.5),
        Spec(**SMALL).changed({"late": 0.5}),
        Spec.from_query(spec.to_query()),
        Spec.from_json(spec.to_json()),
        Spec.from_query("late=0.5", base=Spec(**SMALL)),
        pickle.loads(pickle.dumps(spec)),
        copy.deepcopy(spec),
        eval(repr(spec), {"Spec": Spec}),
        eval(call(spec), {"Spec": Spec}),
    ]
    for twin in twins:
        assert twin == spec and hash(twin) == hash(spec) and twin.to_json() == spec.to_json()
    assert "late=0.5" in spec.to_query() and "late_more" not in spec.to_query()
    assert spec.replace(late=0.0) == Spec(**SMALL) != spec
    assert spec.batch_key() == spec.replace(late=1.0).batch_key() != Spec(**SMALL).batch_key()
    assert spec.batch_key() != spec.replace(late_more=4).batch_key()  # it is not numeric
    names = list(PARAMS)
    assert {"late", "late_more"} <= set(names) and "late" in LIVE and "late_more" not in LIVE
    assert PARAMS["late"].owner == "D" and names.index("late") == names.index("d_start") + 1
    assert PARAMS["late_more"].matters({"late": 0.5})
    assert not PARAMS["late_more"].matters({"late": 0.0})
    assert Event(3, (("late", 2),)).of(spec).late == 2.0
    for values, name in (({"late": -1.0}, "late"), ({"late_more": 0}, "late_more")):
        with pytest.raises(SpecError) as caught:
            Spec(**values)
        assert caught.value.name == name
    with pytest.raises(SpecError, match="spec field = 'later'"):
        Spec(extras={"later": 1.0})
    for extras in (None, 0, [("late", 1.0)]):
        with pytest.raises(SpecError, match="extras"):
            Spec(extras=extras)
    with pytest.raises(TypeError, match="later"):
        Spec(later=1.0)
    with pytest.raises(AttributeError, match="later"):
        spec.later  # noqa: B018


def test_a_late_stabiliser_trains_as_the_one_that_it_equals(late):
    ours = Run([Spec(**SMALL, seed=i, late=0.1 + 0.1 * i) for i in range(2)])
    theirs = Run([Spec(**SMALL, seed=i, weight_decay=0.1 + 0.1 * i) for i in range(2)])
    assert ours.advance(5) == theirs.advance(5) == 5
    assert torch.equal(ours.state.d, theirs.state.d) and torch.equal(ours.state.g, theirs.state.g)


def test_a_spec_of_before_has_the_field_of_an_entry_that_came_after(late):
    now = Spec(**SMALL)
    entry = STABILISERS.entries.pop("late")
    before = Spec(**SMALL)
    with pytest.raises(AttributeError):
        before.late  # noqa: B018
    with pytest.raises(TypeError):
        Spec(late=0.5)
    STABILISERS.add(entry)
    assert before == now and before.late == 0.0 and before.stabilisers == ()


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (late_stabiliser(strength(), grad_term=None), "it has no hook"),
        (late_stabiliser(), "its strength"),
        (late_stabiliser(strength("other")), "its strength"),
        (late_stabiliser(Param("late", "late", 0, 0, 5, "int", doc="Late.")), "its strength"),
        (
            late_stabiliser(strength(), Param("k", "k", 1, 0, 5, "int", doc="k.")),
            "'k' is declared elsewhere",
        ),
        (late_stabiliser(strength(), Param("dim", "x", 1.0, doc="x.")), "is taken"),
        (late_stabiliser(strength(), Param("t.x", "x", 1.0, doc="x.")), "is not a name"),
        (late_stabiliser(strength(), Param("late_x", "", 1.0, doc="x.")), "no title or no doc"),
        (late_stabiliser(strength(), Param("late_x", "x", 1.0, 2.0, 3.0, doc="x.")), "default"),
    ],
)
def test_an_entry_whose_fields_would_not_work_is_refused_in_words(entry, words):
    with pytest.raises(ValueError, match=f"stabiliser 'late' cannot be added: .*{words}"):
        STABILISERS.add(entry)
    assert "late" not in STABILISERS and not PARAMS.late


def test_an_optimiser_shares_the_fields_of_others_and_has_its_own():
    own = Param("late_nu", "ν", 0.5, 0.0, 1.0, doc="Its own.", numeric=True)
    late = OptimizerEntry(
        "late",
        "late",
        "x",
        "y.",
        params=(PARAMS["momentum"], own),
        numbers=lambda t, hyper: (hyper.lr * hyper.own["late_nu"], hyper.momentum),
        apply=OPTIMIZERS["momentum"].apply,
        slots=1,
    )
    OPTIMIZERS.add(late)
    try:
        nu = [Spec(**SMALL, optimizer="late", late_nu=v, g_lr=0.02, d_lr=0.02) for v in (0.5, 1.0)]
        run = Run(nu)
        rates = [{"g_lr": r, "d_lr": r} for r in (0.01, 0.02)]
        like = Run([Spec(**SMALL, optimizer="momentum", **r) for r in rates])
        assert run.advance(4) == like.advance(4) == 4
        torch.testing.assert_close(run.state.g, like.state.g)
        for name in ("momentum", "late_nu"):
            assert PARAMS[name].matters({"optimizer": "late"}) and PARAMS[name].owner == "optimiser"
            assert not PARAMS[name].matters({"optimizer": "adam"})
        assert list(PARAMS).index("late_nu") == list(PARAMS).index("lr_floor") + 1
        with pytest.raises(ValueError, match="betas"):
            copied = dataclasses.replace(PARAMS["betas"])
            OPTIMIZERS.add(dataclasses.replace(late, name="later", params=(copied,)))
    finally:
        del OPTIMIZERS.entries["late"]


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
    kinds = {id(r): r for r, _ in OPEN.values()} | {id(r): r for r in (NORMS, D_NORMS, ESTIMATORS)}
    chosen = [p.choices for p in PARAMS.values() if p.kind == "choice"]
    copied = [c for c in chosen if id(c) not in kinds and c not in (("no", "yes"),)]
    of_one_field = [("none", "regression", "joint"), ("same", "fresh"), ("no", "yes", "alone")]
    assert [tuple(c) for c in copied] == [BASELINES, *of_one_field]
