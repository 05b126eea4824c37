"""Every entry of every registry passes the contract that is exported for authors of variants."""

import dataclasses

import numpy as np
import pytest
import torch

from ganlab.latents import LATENTS
from ganlab.losses import LOSSES
from ganlab.optim import OPTIMIZERS
from ganlab.presets import PRESETS
from ganlab.registry import Entry, Param
from ganlab.stabilisers import STABILISERS
from ganlab.targets import TARGETS, Target, TargetEntry, make_target
from ganlab.testing import checks
from ganlab.testing.common import REGISTRIES, registry_of
from ganlab.ui.navigation import PAGES

# Fields that some entries need.
BESIDE = {
    "cgd": {"loss": "minimax", "optimizer": "sgd"},
    "heun": {"optimizer": "sgd"},
    "rk4": {"optimizer": "sgd"},
    "lipschitz_penalty": {"init_gain": 3.0},  # else no slope exceeds 1
}
EVERY = [
    check
    for registry in (*REGISTRIES, PAGES)
    for entry in registry.entries.values()
    for check in checks(entry, **BESIDE.get(entry.name, {}))
]


@pytest.mark.parametrize("check", EVERY, ids=str)
def test_entry(check):
    check()


def test_what_is_in_no_registry_cannot_be_checked():
    with pytest.raises(ValueError, match="'late' is in no registry"):
        checks(dataclasses.replace(LOSSES["minimax"], name="late"))


class _Shifted:
    """A Target whose samples do not follow its density."""

    def __init__(self, target):
        self._target = target

    def __getattr__(self, name):
        return getattr(self._target, name)

    def sample(self, n, generator):
        return self._target.sample(n, generator) + 0.05


class _Rectangle(Target):
    """Uniform on a rectangle, whose edges are inside cells."""

    dim, box = 2, np.array([[-2.0, 2.0], [-2.0, 2.0]])

    def __init__(self, width, height, height_of_cells=None):
        self._half = np.array([width, height]) / 2
        self._seen = np.array([width, height_of_cells or height]) / 2

    def sample(self, n, generator):
        x = 2 * torch.rand(n, 2, generator=generator) - 1
        return x * torch.tensor(self._half, dtype=torch.float32)

    def _log_density(self, x):
        inside = (np.abs(x) <= self._half).all(-1)
        return np.where(inside, -np.log(4 * self._half.prod()), -np.inf)

    def _cell_masses(self, *edges):
        pairs = zip(edges, self._seen, strict=True)
        return np.outer(*[np.diff(np.clip((e / h + 1) / 2, 0, 1)) for e, h in pairs])


@pytest.mark.parametrize(("height_of_cells", "right"), [(None, True), (0.95, False)])
def test_densities_may_end_inside_a_cell(height_of_cells, right, monkeypatch):
    """Where a quadrature is inaccurate, a correct target passes, and a wrong one still fails."""
    name = "rectangle" if right else "wrong-rectangle"  # targets of one name are cached
    bounds = {"low": 0.1, "high": 3.0, "doc": "Its length."}
    entry = TargetEntry(
        name=name,
        title="rectangle",
        equation="p(x) = 1/(w h)",
        doc="It is flat, with sharp edges.",
        dim=2,
        params=(Param("width", "w", 2.1, **bounds), Param("height", "h", 1.13, **bounds)),
        build=lambda width, height: _Rectangle(width, height, height_of_cells),
    )
    monkeypatch.setitem(TARGETS.entries, name, entry)
    failed = []
    for check in checks(entry):
        try:
            check()
        except AssertionError as error:
            failed.append(str(error))
    assert failed == [] if right else any("integral of the density" in one for one in failed)


def _r1_of_the_first(judged, gamma):
    (slope,) = torch.autograd.grad(judged.real_logits.sum(), judged.real, create_graph=True)
    return (slope**2).sum((1, 2)).mean() * gamma * torch.ones(len(slope))


_ONE = torch.ones(1, dtype=torch.float64)
NU = Param("broken_nu", "ν", 0.5, 0.0, 1.0, doc="No sentence")
BROKEN = [
    (LOSSES["minimax"], "has_words", {"doc": "no sentence"}),
    (LOSSES["minimax"], "has_words", {"equation": "$x$"}),
    (LOSSES["minimax"], "costs_are_one_number_a_run", {"g": lambda real, fake: fake.mean()}),
    (
        LOSSES["minimax"],
        "costs_are_one_number_a_run",
        {"d": lambda real, fake: (real - real.mean()).mean(1)},
    ),
    (
        LOSSES["minimax"],
        "promotes_nothing",
        {"g": lambda real, fake: (fake * torch.ones(fake.shape[1])).mean(1)},
    ),
    (LOSSES["minimax"], "promotes_nothing", {"g": lambda real, fake: fake.mean(1) * _ONE}),
    (LOSSES["minimax"], "costs_are_means", {"g": lambda real, fake: fake.sum(1)}),
    (
        LOSSES["minimax"],
        "can_be_differentiated_twice",
        {"g": lambda real, fake: fake.detach().exp().mean(1) + 0 * fake.mean(1)},
    ),
    (
        LOSSES["minimax"],
        "is_finite_where_logits_are_moderate",
        {"g": lambda real, fake: torch.log(1 - torch.sigmoid(fake)).mean(1)},
    ),
    (LOSSES["minimax"], "says_what_g_sees", {"g_sees_real": True}),
    (LOSSES["minimax"], "says_whether_an_offset_matters", {"shift_invariant": True}),
    (LOSSES["wasserstein"], "says_whether_an_offset_matters", {"shift_invariant": False}),
    (LOSSES["minimax"], "is_shown_between_0_and_1", {"shown": lambda logits: -logits}),
    (LOSSES["minimax"], "the_best_d_is_the_best", {"optimal": lambda p, q, a, b: q / (p + q)}),
    (LOSSES["minimax"], "the_best_d_is_the_best", {"smooth": lambda r, f, a, b: a * r.mean(1)}),
    (LOSSES["least-squares"], "its_value_is_that_of_the_game", {"value": True}),
    (
        TARGETS["gaussian"],
        "samples_follow_the_masses",
        {"build": lambda mean, std: _Shifted(make_target("gaussian"))},
    ),
    (
        TARGETS["gaussian"],
        "every_parameter_matters",
        {"build": lambda mean, std: make_target("gaussian", {"mean": mean})},
    ),
    (TARGETS["gaussian"], "has_bounds", {"params": (dataclasses.replace(NU, default=2.0),)}),
    (LATENTS["uniform"], "samples_follow_the_quantiles", {"ppf": lambda u: 1.9 * u - 0.95}),
    (LATENTS["uniform"], "quantiles_rise", {"ppf": lambda u: 1 - 2 * np.asarray(u)}),
    (
        LATENTS["normal"],
        "samples_are_a_function_of_the_generator",
        {"sample": lambda shape, generator: torch.randn(shape)},
    ),
    (OPTIMIZERS["momentum"], "updates_are_pure", {"slots": 2}),
    (OPTIMIZERS["sgd"], "it_goes_downhill", {"numbers": lambda t, hyper: (-hyper.lr,)}),
    (
        OPTIMIZERS["sgd"],
        "numbers_may_be_those_of_many_updates",
        {"numbers": lambda t, hyper: (hyper.lr,) * (1 + int(np.max(t) > 3))},
    ),
    (
        OPTIMIZERS["sgd"],
        "rates_of_their_own_act_on_their_own_run",
        {"apply": lambda grad, slots, params, lr: (params - grad * grad.norm() * lr, slots)},
    ),
    (
        OPTIMIZERS["sgd"],
        "can_be_differentiated",
        {"apply": lambda grad, slots, params, lr: (params - grad.detach() * lr, slots)},
    ),
    (STABILISERS["r1"], "trains_each_run_as_if_alone", {"d_term": _r1_of_the_first}),
    (STABILISERS["r1"], "changes_the_game", {"d_term": lambda judged, gamma: 0.0}),
    (PRESETS["collapse"], "has_words_and_a_claim", {"claim": "It always collapses."}),
    (PRESETS["collapse"], "is_checked_often_enough", {"every": 7}),
    (PRESETS["collapse"], "is_cured_above_the_picture", {"cures": (("batch", 3),)}),
    (PRESETS["collapse"], "decides_for_each_seed", {"holds": lambda a: a["nothing"]}),
    (PRESETS["collapse"], "has_specs_side_by_side", {"labels": ("one", "two")}),
    (PAGES["phenomena"], "has_words", {"doc": "Only one sentence."}),
    (PAGES["phenomena"], "is_drawn", {"run": lambda: 1 / 0}),
]


@pytest.mark.parametrize(
    ("entry", "name", "changes"), BROKEN, ids=[f"{e.name}-{n}" for e, n, _ in BROKEN]
)
def test_what_breaks_the_contract_fails_its_check(entry: Entry, name: str, changes, monkeypatch):
    """Each check can fail: for an entry that is correct except for one property."""
    registry, right = registry_of(entry), {str(c): c for c in checks(entry)}
    label = f"{entry.name}-{name}"
    right[label]()
    wrong = dataclasses.replace(entry, **changes)
    monkeypatch.setitem(registry.entries, entry.name, wrong)
    if registry is TARGETS:
        from ganlab.targets.base import _build

        _build.cache_clear()
    try:
        with pytest.raises((AssertionError, KeyError, RuntimeError, ValueError)):
            {str(c): c for c in checks(wrong)}[label]()
    finally:
        if registry is TARGETS:
            _build.cache_clear()
