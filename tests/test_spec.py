"""Spec: every round trip is exact, every bad value is refused by name, equality is by value."""

import itertools
import json
import math
import pickle
import typing
from dataclasses import FrozenInstanceError, fields

import numpy as np
import pytest

from ganlab.comparison import spread
from ganlab.declarations import IN_ITS_ENTRY, from_entries
from ganlab.engine.structure import Structure
from ganlab.losses import LOSSES
from ganlab.registry import Param, SpecError
from ganlab.spec import PARAMS, Spec
from ganlab.stabilisers import STABILISERS
from ganlab.targets import TARGETS

DESIGNED = (
    "target target_params latent latent_dim g_hidden d_hidden g_activation d_activation init loss "
    "k unroll optimizer g_lr d_lr betas momentum batch seed"
)
# Fields whose other value needs more than the default Spec: the other fields, and the value.
BESIDE = {
    "g_start": ({"g_hidden": ()}, (0.5, -1.0)),
    "latent_points": ({}, (0.5, -1.0)),
    "d_start": ({"d_hidden": ()}, (2.0, 0.0)),
    "g_output": ({"target": "drawn_digits"}, "sigmoid"),
    "conditional": ({"target": "drawn_digits"}, "yes"),
    "balanced": ({"target": "two_gaussians"}, "yes"),
    "few_labels": ({"target": "moons"}, 4),
    "e_lr": ({"inference": "regression"}, 0.02),
}
NUMERIC_STRENGTHS = [name for name in STABILISERS if STABILISERS[name].numeric]


def base_and_value(name: str):
    """A Spec, and another value of one of its fields."""
    if name in BESIDE:
        beside, value = BESIDE[name]
        return Spec(**beside), value
    return Spec(), spread(PARAMS[name], PARAMS[name].default, 2)[1]


# Fields whose value may be refused because of another field.
TOGETHER = (
    "balanced",
    "d_to_optimum",
    "data_size",
    "g_steps",
    "g_start",
    "d_start",
    "g_hidden",
    "d_hidden",
    "g_output",
    "conditional",
    "few_labels",
    "inference",
    "gradient_clip",
    "consensus",
    "ode_regulariser",
    "momentum_rise",
    "rule",
    "loss",
    "batch",
    "latent_points",
)


def random_value(param: Param, rng: np.random.Generator):
    def number():
        if param.kind in ("int", "ints"):
            return int(rng.integers(param.low, param.high, endpoint=True))
        edge = [param.low, param.high, float(rng.uniform(param.low, param.high))]
        if param.low > 0:
            edge.append(float(np.exp(rng.uniform(math.log(param.low), math.log(param.high)))))
        return float(np.clip(edge[rng.integers(len(edge))], param.low, param.high))

    if param.kind == "text":
        return param.default
    if param.kind in ("choice", "data"):
        return str(rng.choice(tuple(param.choices)))
    if param.kind in ("ints", "floats"):
        return tuple(number() for _ in range(rng.integers(0, param.longest, endpoint=True)))
    return number()


def random_spec(rng: np.random.Generator) -> Spec:
    """A valid Spec drawn over the live registries; combinations that are refused are redrawn."""
    while True:
        values = {name: random_value(p, rng) for name, p in PARAMS.items()}
        for name in STABILISERS:  # with all of them on, nearly all combinations are refused
            if rng.random() < 0.7:
                values[name] = PARAMS[name].default
        for name in TOGETHER:
            if rng.random() < 0.8:
                values[name] = PARAMS[name].default
        values["betas"] = tuple(float(b) for b in rng.uniform(0, 0.9999, 2))
        inner = {p.name: random_value(p, rng) for p in TARGETS[values["target"]].params}
        if rng.random() < 0.7:
            inner.pop("weights", None)
        if "means" in inner:
            modes, dim = int(rng.integers(1, 9)), TARGETS[values["target"]].dim
            inner["means"] = tuple(float(v) for v in rng.normal(0, 9, modes * dim))
            inner["stds"] = tuple(float(v) for v in rng.uniform(0.01, 9, rng.choice([1, modes])))
        if "formula" in inner:  # which has mass between a low and a high end
            inner["low"], inner["high"] = -float(rng.uniform(1, 9)), float(rng.uniform(1, 9))
        if "cov" in inner:
            inner["cov"] = float(
                rng.uniform(-0.99, 0.99) * (inner["var_x"] * inner["var_y"]) ** 0.5
            )
        try:
            return Spec(**values, target_params=inner)
        except SpecError as error:
            together = error.name in (*STABILISERS, *TOGETHER)
            assert together or error.name not in PARAMS, error


def test_every_designed_field_exists_and_every_param_is_a_field():
    names = [f.name for f in fields(Spec)]
    assert set(DESIGNED.split()) <= set(names)
    assert set(names) == set(PARAMS) | {"target_params", "extras"}
    for name, param in PARAMS.items():
        assert param.name == name and param.title and param.doc.endswith((".", "?"))
        assert param.owner in ("data", "G", "D", "game", "optimiser")
        assert param.check(param.default) == param.default == getattr(Spec(), name)
        assert not param.knob or param.live or name in STABILISERS


def test_a_field_has_the_type_that_its_line_says():
    """The declared types for editors agree with the values of a Spec."""
    hints = typing.get_type_hints(Spec)
    for name, param in PARAMS.items():
        wanted = {"int": int, "float": float, "choice": str}.get(param.kind)
        if wanted is None:
            item = int if param.kind == "ints" else float
            pair = tuple[item, item]
            assert hints[name] == (pair if name == "betas" else tuple[item, ...]), name
        else:
            assert hints[name] is wanted, name


def test_every_field_of_an_entry_of_this_repository_has_a_line_with_its_type():
    assert not PARAMS.late, "give each of these a line in ganlab/fields.py"


def test_a_line_that_no_entry_declares_is_named():
    with pytest.raises(TypeError, match="Wrong.r9: no stabiliser or optimiser has"):

        @from_entries
        class Wrong:
            r1: float = IN_ITS_ENTRY
            r9: float = IN_ITS_ENTRY


def test_defaults():
    spec = Spec()
    assert (spec.target, spec.loss, spec.k, spec.seed) == ("gaussian", "non-saturating", 1, 0)
    assert dict(spec.target_params) == {"mean": 1.0, "std": 0.7}
    assert spec == Spec(target_params={"std": 0.7}) == Spec.from_query("") == Spec.from_json("{}")
    assert (spec.dim, Spec(target="ring").dim) == (1, 2)


def test_round_trips_over_random_specs():
    rng = np.random.default_rng(1)
    seen, targets = set(), set()
    for _ in range(300):
        spec = random_spec(rng)
        text, query = spec.to_json(), spec.to_query()
        twins = [
            Spec.from_json(text),
            Spec.from_query(query),
            Spec.from_query("?" + query),
            Spec.from_query(spec.to_query_pairs()),
            Spec.from_dict(spec.to_dict()),
            pickle.loads(pickle.dumps(spec)),
            spec.replace(seed=spec.seed),
        ]
        for twin in twins:
            assert twin == spec and hash(twin) == hash(spec)
            assert twin.to_json() == text and twin.batch_key() == spec.batch_key()
        assert len(query) < 2300 and " " not in query and query.isascii()
        json.loads(text, parse_constant=pytest.fail)  # strict JSON: no NaN
        seen.add(spec)
        targets.add(spec.target)
    assert len(seen) == 300
    assert len(set(TARGETS) - targets) <= 2  # some are refused beside most other values
    on = {name for spec in seen for name in spec.stabilisers}
    assert on == set(STABILISERS) and {s.loss for s in seen} == set(LOSSES)


def test_a_spec_is_frozen_and_hashable():
    spec = Spec(target="ring")
    with pytest.raises(FrozenInstanceError):
        spec.k = 2
    with pytest.raises(TypeError):
        spec.target_params["count"] = 3
    given = {"count": 5}
    spec = Spec(target="ring", target_params=given)
    given["count"] = 6
    assert spec.target_params["count"] == 5
    assert {spec: 1}[Spec(target="ring", target_params={"count": 5})] == 1
    assert spec != Spec(target="ring")


@pytest.mark.parametrize("name", PARAMS)
def test_numeric_fields_keep_the_structure_and_others_change_it(name):
    base, value = base_and_value(name)
    changed = base.replace(**{name: value})
    assert changed != base and hash(changed) != hash(base)
    if name in NUMERIC_STRENGTHS:  # if off, it is not on the code path
        assert changed.batch_key() != base.batch_key()
        weak = base.replace(**{name: type(value)(value / 2)})
        assert weak.batch_key() == changed.batch_key()
        assert Structure.of(weak) == Structure.of(changed) != Structure.of(base)
        assert weak.stabilisers == (name,) and base.stabilisers == ()
    elif PARAMS[name].numeric:
        assert changed.batch_key() == base.batch_key()
        assert Structure.of(changed) == Structure.of(base)
    else:
        assert changed.batch_key() != base.batch_key()


def test_which_fields_are_numbers():
    """The declared fields are those of Algorithm 1: rates, counts, initial values and strengths."""
    assert {name for name, param in PARAMS.items() if param.numeric} == {
        "init",
        "init_gain",
        "d_init_gain",
        "g_start",
        "d_start",
        "k",
        "g_steps",
        "g_lr",
        "d_lr",
        "betas",
        "momentum",
        "momentum_rise",
        "momentum_ramp",
        "lr_decay",
        "lr_floor",
        "seed",
        *(name for name in STABILISERS if PARAMS[name].kind == "float"),
        "temperature",
        "temperature_decay",
        "temperature_floor",
        "instance_noise_decay",
        "dragan_spread",
        "lookahead",
        "lookahead_share",
        "data_size",
        "balanced",
        "e_lr",
    }


def test_another_target_parameter_is_another_structure():
    assert Spec(target_params={"mean": 2.0}).batch_key() != Spec().batch_key()


def test_each_entry_is_named_for_its_first_param_whose_default_is_off():
    for name in STABILISERS:
        entry = STABILISERS[name]
        assert entry.params[0].name == name == entry.name and not entry.on(Spec())
        assert entry.title and entry.equation and entry.doc.endswith(".") and entry.cite
        assert entry.player in ("D", "G", "")
        assert all(PARAMS[p.name] is p for p in entry.params)
        assert all(p.owner == (entry.player or "game") for p in entry.params)
        if entry.numeric:
            assert entry.params[0].default == 0.0 == entry.params[0].low


REFUSED = [
    ({"batch": 1, "minibatch_discrimination": 4}, "minibatch_discrimination", "at least 2"),
    ({"batch": 255, "packing": 2}, "packing", "divisor of the minibatch of 255"),
    ({"d_hidden": (), "d_dropout": 0.5}, "d_dropout", "no hidden layer"),
    (
        {"loss": "wasserstein", "smooth_real": 0.1},
        "smooth_real",
        "Wasserstein, which has no labels",
    ),
    ({"loss": "hinge", "smooth_fake": 0.1}, "smooth_fake", "hinge, which has no labels"),
    ({"smooth_real": 0.5, "smooth_fake": 0.5}, "smooth_real", "less than 1"),
    ({"minibatch_discrimination": 4, "r1": 1.0}, "r1", "depends on the other samples"),
    ({"minibatch_discrimination": 4, "r2": 1.0}, "r2", "depends on the other samples"),
    (
        {"minibatch_discrimination": 4, "gradient_penalty": 1.0},
        "gradient_penalty",
        "depends on the other samples",
    ),
    ({"g_hidden": (), "g_norm": "batch"}, "g_norm", "no hidden layer"),
    ({"batch": 1, "g_norm": "virtual"}, "g_norm", "no variance"),
    ({"momentum": 0.9, "momentum_rise": 0.2}, "momentum_rise", "between -0.95 and 0.99"),
]


@pytest.mark.parametrize(("values", "named", "words"), REFUSED, ids=lambda v: str(v)[:40])
def test_combinations_that_mean_nothing_are_refused_by_name(values, named, words):
    for make in (lambda: Spec(**values), lambda: Spec.from_json(json.dumps(values))):
        with pytest.raises(SpecError) as caught:
            make()
        assert caught.value.name == named and caught.value.value == values[named]
        assert words in str(caught.value)
    for name in values:  # each alone is allowed
        Spec(**{name: values[name]})


def test_smoothing_adds_up_to_less_than_1():
    Spec(smooth_real=0.5, smooth_fake=0.49, loss="least-squares")
    Spec(batch=256, packing=8)
    with pytest.raises(SpecError, match="packing = 7"):
        Spec(batch=256, packing=7)


def test_images():
    spec = Spec(target="mnist", g_output="sigmoid", conditional="yes", g_hidden=(2048,))
    assert (spec.dim, spec.labels) == (784, 10)
    assert spec.replace(conditional="no").labels == 0
    for change in ({"g_output": "linear"}, {"conditional": "no"}, {"target": "drawn_digits"}):
        assert spec.replace(**change).batch_key() != spec.batch_key()
    with pytest.raises(SpecError, match="target = 'mnist' .* 1-D or 2-D"):
        spec.in_a_lab()
    with pytest.raises(SpecError, match="g_output"):
        spec.replace(target="ring", g_hidden=(32,))
    assert Spec().in_a_lab() == Spec()


def test_replace():
    spec = Spec(target="ring", target_params={"count": 5}, seed=3)
    assert spec.replace(k=2) == Spec(target="ring", target_params={"count": 5}, seed=3, k=2)
    assert spec.replace(target="ring").target_params["count"] == 5
    assert spec.replace(target="grid") == Spec(target="grid", seed=3)
    assert spec.replace(target="grid", target_params={"side": 2}).target_params["side"] == 2
    with pytest.raises(SpecError, match="k = 999"):
        spec.replace(k=999)


BAD = [
    *((n, v) for n in PARAMS for v in (None, True, math.nan, math.inf, {}, b"x", object())),
    *((n, "x" * 100_000) for n in PARAMS),
    *((n, 10**400) for n in PARAMS),
    *((n, 10**5000) for n in PARAMS),
    *((n, 1e99) for n in PARAMS),
    ("latent_dim", 0),
    ("latent_dim", 2.5),
    ("latent_dim", "2"),
    ("g_hidden", (0,)),
    ("g_hidden", (32,) * 5),
    ("d_hidden", (513,)),
    ("g_hidden", (2049,)),
    ("g_output", "sigmoid"),
    ("conditional", "yes"),
    ("d_init_gain", -0.1),
    ("momentum_rise", -1.5),
    ("momentum_ramp", 0),
    ("lr_decay", 0.2),
    ("lr_floor", -1e-9),
    ("d_hidden", (32.5,)),
    ("d_hidden", 32),
    ("g_activation", "gelu"),
    ("k", -1),
    ("k", 301),
    ("g_lr", 0.0),
    ("d_lr", -1e-3),
    ("betas", (0.5,)),
    ("betas", (0.5, 0.9, 0.9)),
    ("betas", ()),
    ("betas", (0.5, 1.0)),
    ("momentum", 1.0),
    ("momentum", -0.96),
    ("unroll", 21),
    ("unroll", 1.5),
    ("unroll_data", "stale"),
    ("rule", "Simultaneous"),
    ("minibatch_discrimination", 65),
    ("minibatch_dims", 0),
    ("packing", 0),
    ("packing", 9),
    ("d_dropout", 0.91),
    ("d_dropout_input", -0.1),
    ("smooth_real", 0.51),
    ("smooth_fake", -0.1),
    ("instance_noise", 10.1),
    ("instance_noise_decay", -1),
    ("instance_noise_decay", 2.5),
    ("r1", -1.0),
    ("r2", 1001.0),
    ("gradient_penalty", -1e-9),
    ("weight_clip", 10.5),
    ("g_norm", "layer"),
    ("feature_matching", 1.01),
    ("consensus", 101.0),
    ("historical_averaging", -0.1),
    ("gradient_clip", "1"),
    ("weight_decay", 11.0),
    ("batch", 0),
    ("batch", 4097),
    ("seed", -1),
    ("seed", 2**31),
    ("target", ""),
    ("loss", "Minimax"),
]


@pytest.mark.parametrize(
    ("name", "value"), BAD, ids=lambda v: v[:20] if isinstance(v, str) else repr(type(v))
)
def test_bad_values_are_refused_by_name(name, value):
    for make in (lambda v: Spec(**{name: v}), lambda v: Spec.from_dict({name: v})):
        with pytest.raises(SpecError) as caught:
            make(value)
        assert caught.value.name == name
        assert caught.value.value is value or caught.value.value == value
        assert str(caught.value).startswith(f"{name} = ") and len(str(caught.value)) < 500
        assert caught.value.allowed in str(caught.value)


@pytest.mark.parametrize(
    ("target", "params", "named"),
    [
        ("gaussian", {"count": 3}, "target_params of gaussian"),
        ("gaussian", {3: 3}, "target_params of gaussian"),
        ("gaussian", {"std": 0.0}, "std"),
        ("gaussian", {"std": "1"}, "std"),
        ("gaussian", {"mean": math.nan}, "mean"),
        ("gaussian", [("mean", 1.0)], "target_params"),
        ("gaussian", None, "target_params"),
        ("gaussian", "mean", "target_params"),
        ("ring", {"count": 2.5}, "count"),
        ("ring", {"weights": (1.0, 2.0)}, "weights"),
        ("ring", {"weights": (0.0,) * 8}, "weights"),
    ],
)
def test_bad_target_params_are_refused_by_name(target, params, named):
    with pytest.raises(SpecError) as caught:
        Spec(target=target, target_params=params)
    assert caught.value.name == named


def test_values_without_an_end_are_refused():
    for name in ("g_hidden", "betas"):
        with pytest.raises(SpecError) as caught:
            Spec(**{name: itertools.repeat(3)})
        assert caught.value.name == name
