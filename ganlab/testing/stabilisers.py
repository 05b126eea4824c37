"""Checks of stabilisers."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from ganlab.engine import Run
from ganlab.params import PARAMS
from ganlab.registry import SpecError
from ganlab.spec import Spec
from ganlab.stabilisers import StabiliserEntry
from ganlab.testing.common import another, spec_of, using


def is_off_by_default(entry: StabiliserEntry, beside: Mapping[str, object]) -> None:
    """Its strength has its name and is off by default; its other fields are then hidden."""
    strength = entry.params[0]
    assert strength.name == entry.name, "its first parameter has the name of the entry"
    assert not entry.on(Spec()) and entry.on(spec_of(entry, beside))
    for param in entry.params:
        assert PARAMS[param.name] is param and param.more
        assert param.owner == (entry.player or "game")
    for param in entry.params[1:]:
        values = {name: getattr(Spec(), name) for name in PARAMS}
        assert not param.matters(values), f"{param.name} is shown while it is off"
        assert param.matters(values | using(entry)), f"{param.name} is hidden while it is on"


def changes_the_game(entry: StabiliserEntry, beside: Mapping[str, object]) -> None:
    """At this strength or a hundredth of it, it changes the run, unless it only watches."""
    on = spec_of(entry, beside)
    off = _after(on.replace(**{entry.name: entry.params[0].default}))
    strengths = [getattr(on, entry.name)]
    if entry.numeric and entry.params[0].kind == "float":
        strengths.append(strengths[0] / 100)  # for example of a bound on gradients
    runs = [_after(on.replace(**{entry.name: strength})) for strength in strengths]
    if entry.watches:
        assert not any(_differ(run, off) for run in runs), "it watches, but changes the run"
        return
    assert any(_differ(run, off) for run in runs), "it makes no difference"


def _after(spec: Spec) -> tuple[torch.Tensor, torch.Tensor]:
    run = Run(spec)
    run.advance(6)
    return run.state.g, run.state.d


def _differ(one: tuple[torch.Tensor, ...], other: tuple[torch.Tensor, ...]) -> bool:
    pairs = zip(one, other, strict=True)
    return any(a.shape != b.shape or not torch.equal(a, b) for a, b in pairs)


def strengths_are_numbers(entry: StabiliserEntry, beside: Mapping[str, object]) -> None:
    """If the strength is a number, another strength uses the same program."""
    if entry.numeric:
        one = spec_of(entry, beside)
        other = one.replace(**{entry.name: another(entry.params[0]) * 0.75})
        assert one != other and one.batch_key() == other.batch_key()


def goes_with_an_unrolled_d(entry: StabiliserEntry, beside: Mapping[str, object]) -> None:
    """With unrolling, if allowed, G's gradient through D's updates is finite."""
    if entry.name == "unroll":
        return
    try:
        spec = spec_of(entry, beside, unroll=2)
    except SpecError:
        return
    run = Run(spec)
    run.advance(2)
    assert run.state.g.isfinite().all(), "G's gradient through D's updates is not finite"


def changes_on_the_way(entry: StabiliserEntry, beside: Mapping[str, object]) -> None:
    """If live, it can be switched on during a run."""
    if not entry.params[0].live:
        return
    off = spec_of(entry, beside).replace(**{entry.name: entry.params[0].default})
    run = Run(off)
    run.advance(1)
    run.change(**using(entry))
    assert run.advance(2) == 2 and entry.on(run.spec)


CHECKS = (
    is_off_by_default,
    changes_the_game,
    strengths_are_numbers,
    goes_with_an_unrolled_d,
    changes_on_the_way,
)
