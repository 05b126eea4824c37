"""Specs beyond the server's limits are refused in words before memory is allocated."""

import pytest

from ganlab import Run, Spec
from ganlab.comparison import Comparison
from ganlab.engine.cost import surely_below
from ganlab.experiment import SEEDS, Experiment
from ganlab.limits import limit, limited
from ganlab.live.budget import afford, afford_experiment, demand
from ganlab.live.scheduler import Scheduler
from ganlab.params import PARAMS
from ganlab.presets import DEFAULTS, PRESETS
from ganlab.registry import SpecError
from ganlab.ui import start

WIDE = "g_hidden=512,512,512,512&d_hidden=512,512,512,512&latent_dim=256&batch=4096"
TOO_DEAR = {
    "every bound at once": f"target=grid&{WIDE}&unroll=20&k=20",
    "137 GB of pairs": "target=grid&latent_dim=2&batch=4096"
    "&minibatch_discrimination=64&minibatch_dims=16",
    "unrolled wide nets": f"target=ring&{WIDE}&unroll=3",
}
BOUNDED = [
    {},
    {"batch": 4096},
    {"unroll": 5},
    {"d_hidden": (512,) * 4},
    {"g_hidden": (512,) * 4, "batch": 64},
    {"minibatch_discrimination": 64, "minibatch_dims": 16, "batch": 64},
    {"r1": 1.0, "gradient_penalty": 1.0, "consensus": 0.1, "unroll": 2},
    {"d_activation": "maxout", "packing": 8, "rule": "extragradient"},
]


@pytest.mark.parametrize("query", TOO_DEAR.values(), ids=list(TOO_DEAR))
def test_what_is_too_dear_is_refused_with_what_to_lower(query):
    spec = Spec.from_query(query)
    with limited(update_seconds=1.0, memory_gb=2.0), pytest.raises(SpecError) as refused:
        afford([spec])
    said = str(refused.value)
    assert "this server allows" in said and refused.value.name in PARAMS
    assert PARAMS[refused.value.name].title in refused.value.allowed
    assert "_" not in refused.value.allowed  # labels, not names of fields


@pytest.mark.parametrize("query", TOO_DEAR.values(), ids=list(TOO_DEAR))
def test_what_is_advised_is_allowed(query):
    spec = Spec.from_query(query)
    with limited(update_seconds=1.0, memory_gb=2.0):
        with pytest.raises(SpecError) as refused:
            afford([spec])
        advice = refused.value.allowed.partition("Lower ")[2]
        assert advice
        titles = {param.title: name for name, param in PARAMS.items()}
        changes = {}
        for part in advice.split(" and "):
            _, title, rest = part.replace("”", "“").split("“")
            name, (old, new) = titles[title], rest.removeprefix(" from ").split(" to ")
            assert PARAMS[name].parse(old.replace(" ", "")) == getattr(spec, name)
            changes[name] = PARAMS[name].parse(new.replace(" ", ""))
        afford([spec.replace(**changes)])


def test_runs_together_are_counted_together():
    spec = Spec(target="ring", latent_dim=2)
    with limited(update_seconds=20 * demand([spec]).update):
        afford([spec])
        afford([spec] * 4)
        few = demand([spec], 16).excess
    with limited(memory_gb=demand([spec], 36).peak / 1e9):
        afford([spec], 16)
        with pytest.raises(SpecError, match="number of seeds to 16"):
            afford([spec], 64)
    assert few < demand([spec], 64).excess * 20
    with limited(memory_gb=max(0.05, 3 * demand([spec]).peak / 1e9)):
        afford([spec])


def test_a_dear_comparison_is_refused_though_each_run_is_allowed():
    spec = Spec.from_query(f"target=ring&{WIDE}")
    with limited(update_seconds=2 * demand([spec]).update):
        afford([spec])
        with pytest.raises(SpecError, match="of all 4 runs"):
            afford([spec] * 4)


RING = Spec(target="ring", latent_dim=2)
KINDS = {
    "lab": Experiment.of(RING),
    "many": Experiment.of(RING, SEEDS[0]),
    "compare": Comparison.pair(RING),
}


class Server:
    """What a page needs of the scheduler: it allows an experiment or refuses it."""

    @staticmethod
    def create(experiment):
        afford_experiment(experiment)
        return experiment


@pytest.mark.parametrize(
    "fields, lower",
    [
        ("unroll=10&b.unroll=20&b.k=50", True),
        ("unroll=20&b.d_hidden=512,64", True),
        ("b.unroll=20&events=5:k:3&b.events=7:k:2", True),
        ("unroll=20&b.packing=8&batch=4088", False),  # 511 samples cannot be packed
    ],
)
def test_a_dear_comparison_in_an_address_is_reduced_or_said_to_be_replaced(
    fields, lower, monkeypatch
):
    wanted = Comparison.from_query(f"{fields}&{WIDE}", [])  # of a field given twice, the first
    other, errors = Comparison.pair(DEFAULTS[1]), []
    monkeypatch.setattr(start, "SCHEDULER", Server)
    with limited(update_seconds=0.25, memory_gb=2.0):
        session, shown = start._create(wanted, other, errors)
    said = [start._why(error) for error in errors]
    assert session is shown and said
    if not lower:
        assert shown is other and said[-1].endswith("The default is used.")
        return
    assert shown.fields == wanted.fields and shown.events == wanted.events
    assert all("reduced accordingly" in words for words in said)
    for a, b in zip(shown.specs, wanted.specs, strict=True):
        assert (a.k, a.seed) == (b.k, b.seed) and a.batch <= b.batch and a.unroll <= b.unroll


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_session_refuses_and_stays_as_it_was(kind):
    spec, scheduler = Spec(target="ring", latent_dim=2), Scheduler()
    try:
        session = scheduler.create(KINDS[kind])
        dear = Spec.from_query(next(iter(TOO_DEAR.values())))
        with pytest.raises(SpecError):
            session.configure(dear)
        if kind == "compare":
            with pytest.raises(SpecError):
                session.show(Comparison.by(spec, {"unroll": (0, 20), "d_hidden": ((), (512,) * 4)}))
        with limited(update_seconds=demand([spec], 64).update), pytest.raises(SpecError):
            session.set("unroll", 20)
        assert session.spec == spec
        with pytest.raises(SpecError):
            scheduler.create(dear)
        assert list(scheduler.sessions.values()) == [session]
    finally:
        scheduler.close()


def test_other_numbers_of_seeds_are_refused_too():
    spec, scheduler = Spec(target="ring", latent_dim=2), Scheduler()
    try:
        session = scheduler.create(KINDS["many"])
        with limited(memory_gb=max(0.05, 1.3 * demand([spec], SEEDS[0]).peak / 1e9)):
            with pytest.raises(SpecError, match="number of seeds"):
                session.show(Experiment.of(spec, SEEDS[-1]))
        assert session.experiment.seeds == SEEDS[0]
    finally:
        scheduler.close()


def test_presets_are_within_the_default_bounds():
    for preset in PRESETS.entries.values():
        afford(preset.specs)
    for spec in DEFAULTS.values():
        assert demand([spec], SEEDS[-1]).excess < 0.5
        assert afford([spec]) is None  # counting it would delay the first picture


@pytest.mark.parametrize("fields", BOUNDED, ids=str)
def test_what_is_waved_through_uncounted_is_as_cheap_as_that(fields):
    spec = Spec(target="ring", latent_dim=2, **fields)
    counted = demand([spec])
    seconds = max(counted.update, counted.picture)
    # The bound does not use this machine's speed, while the count does.
    assert not surely_below(spec, 1, seconds / 3, 1e12)
    assert not surely_below(spec, 1, 1e12, counted.peak)


def test_python_is_not_bound():
    with limited(update_seconds=0.001, memory_gb=0.05):
        spec = Spec(batch=2048, d_hidden=(512, 512))
        assert demand([spec]).update > limit("update_seconds")
        Run(spec).advance(1)
