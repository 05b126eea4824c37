"""Checks of all variants: words, bounds, addresses, and independence of runs."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from ganlab.engine import Run
from ganlab.estimators import ESTIMATORS
from ganlab.latents import LATENTS
from ganlab.losses import LOSSES
from ganlab.networks import ACTIVATIONS, D_NORMS, INITS, NORMS, OUTPUTS
from ganlab.optim import OPTIMIZERS
from ganlab.params import PARAMS
from ganlab.presets import PRESETS
from ganlab.reference import markdown
from ganlab.registry import Entry, Param, Registry, SpecError
from ganlab.spec import Spec
from ganlab.stabilisers import STABILISERS
from ganlab.targets import TARGETS
from ganlab.update_rules import RULES

REGISTRIES: tuple[Registry[Any], ...] = (
    TARGETS,
    LATENTS,
    ACTIVATIONS,
    OUTPUTS,
    ESTIMATORS,
    INITS,
    NORMS,
    D_NORMS,
    LOSSES,
    STABILISERS,
    RULES,
    OPTIMIZERS,
    PRESETS,
)
# With SGD, since Adam turns rounding errors in a gradient into full steps.
SMALL: Mapping[str, object] = {
    "g_hidden": (5,),
    "d_hidden": (6,),
    "batch": 16,
    "optimizer": "sgd",
    "g_lr": 0.05,
    "d_lr": 0.05,
}
_IMAGES: Mapping[str, object] = {"target": "drawn_digits", "latent_dim": 4}  # [0, 1]
_CLOSE = {"rtol": 2e-4, "atol": 2e-6}  # for float32 sums in another order


@dataclass(frozen=True)
class Check:
    """One check of an entry's contract; calling it raises AssertionError if the entry breaks it."""

    entry: Entry
    made: Callable[[Any, Mapping[str, object]], None]
    beside: Mapping[str, object]

    def __call__(self) -> None:
        self.made(self.entry, self.beside)

    def __str__(self) -> str:
        return f"{self.entry.name}-{self.made.__name__}"


def registry_of(entry: Entry) -> Registry[Any] | None:
    """The registry that contains an entry, or None."""
    registries = REGISTRIES
    # Importing the pages takes a second, so it is left to those who have one.
    if (navigation := sys.modules.get("ganlab.ui.navigation")) is not None:
        registries = (*REGISTRIES, navigation.PAGES)
    return next((r for r in registries if r.entries.get(entry.name) is entry), None)


def another(param: Param) -> Any:
    """An allowed value that is not the default."""
    now = param.default
    if param.kind in ("choice", "data"):
        return next(choice for choice in param.choices if choice != now)
    if param.kind == "text":
        return param.typical or param.default
    if param.typical is not None and param.typical != now:
        return param.typical
    if param.kind in ("ints", "floats"):
        return tuple(_moved(param, item) for item in now) or (_moved(param, 1),)
    return _moved(param, now)


def _moved(param: Param, number: Any) -> Any:
    whole = param.kind in ("int", "ints")
    made = (number + 1, number - 1) if whole else (number * 1.1, number * 0.9, 0.1, param.high)
    return next(m for m in made if m != number and param.low <= m <= param.high)


def using(entry: Entry) -> dict[str, Any]:
    """Fields with which a Spec uses an entry."""
    registry = registry_of(entry)
    if registry is STABILISERS:
        return {entry.name: another(entry.params[0])}
    lines = (n for n, param in PARAMS.items() if param.choices is registry)
    fields: dict[str, Any] = {name: entry.name for name in lines}
    if registry is OUTPUTS and entry.name not in ("linear",):
        fields |= _IMAGES
    if registry is ESTIMATORS:
        fields |= {"target": "categorical"}
    return fields


def spec_of(entry: Entry, beside: Mapping[str, object], **more: Any) -> Spec:
    """A small Spec that uses an entry."""
    return Spec(**{**SMALL, **using(entry), **beside, **more})


def equal(name: str, ours: torch.Tensor, wanted: torch.Tensor, **close: float) -> None:
    """Raise AssertionError unless both have one shape and are equal within float error."""
    bounds: dict[str, Any] = {**_CLOSE, **close}
    torch.testing.assert_close(ours, wanted, **bounds, msg=lambda why: f"{name}: {why}")


def has_words(entry: Entry, beside: Mapping[str, object]) -> None:
    """The entry has a title, an equation and a sentence; each parameter a title and a sentence."""
    assert entry.name and entry.title, "an entry has a name and a title"
    assert entry.title.strip() == entry.title and not entry.title.endswith("."), entry.title
    assert entry.equation and "$" not in entry.equation, "an equation in LaTeX, without dollars"
    assert entry.equation.count("{") == entry.equation.count("}"), "its braces do not match"
    assert entry.doc.endswith((".", "?")), "its doc is a sentence: what to watch for"
    names = [param.name for param in entry.params]
    assert len(set(names)) == len(names), f"a parameter is declared twice: {names}"
    for param in entry.params:
        assert param.title and param.doc.endswith((".", "?")), f"{param.name} has no sentence"


def has_bounds(entry: Entry, beside: Mapping[str, object]) -> None:
    """Each parameter accepts its default and both ends, and nothing beyond them.

    Raises AssertionError otherwise.
    """
    for param in entry.params:
        for value in (param.default, another(param)):
            assert param.check(value) == param.parse(param.format(value)) == value, param.name
        beyond = [None, object(), float("nan")]
        if param.kind in ("int", "float"):
            assert param.check(param.low) == param.low and param.check(param.high) == param.high
            beyond += [param.low - 1, param.high + 1]
        for value in beyond:
            try:
                param.check(value)
            except SpecError as error:
                assert error.name == param.name, "a refusal names the parameter"
            else:
                raise AssertionError(f"{param.name} = {value!r} is not refused")


def survives_addresses_and_files(entry: Entry, beside: Mapping[str, object]) -> None:
    """A Spec that uses the entry, with each of its parameters, survives a round trip as text."""
    own = {param.name: another(param) for param in entry.params}
    values: dict[str, Any] = {**using(entry), **beside}
    specs = [Spec(**values)]
    if registry_of(entry) is TARGETS:
        specs += [_or(specs[0], target_params={name: value}) for name, value in own.items()]
    else:
        specs += [_or(specs[0], **{name: value}) for name, value in own.items()]
    for spec in specs:
        twins = [
            Spec.from_query(spec.to_query()),
            Spec.from_json(spec.to_json()),
            pickle.loads(pickle.dumps(spec)),
        ]
        for twin in twins:
            assert twin == spec and hash(twin) == hash(spec), spec.to_query()


def _or(spec: Spec, **changes: Any) -> Spec:
    """A Spec with changes, or without them if they are not allowed."""
    try:
        return spec.replace(**changes)
    except SpecError:
        return spec


def is_documented(entry: Entry, beside: Mapping[str, object]) -> None:
    """`ganlab toggles` lists the entry."""
    text = markdown()
    for part in (entry.title, entry.equation, entry.doc):
        assert part in text, f"`ganlab toggles` does not say {part!r}"
    for param in entry.params:
        assert f"`{param.name}`" in text or f"`t.{param.name}`" in text, param.name


def trains_each_run_as_if_alone(entry: Entry, beside: Mapping[str, object]) -> None:
    """Two seeds together train as each does alone, and all values are finite."""
    spec = spec_of(entry, beside)
    if not spec.domain.drawn and registry_of(entry) is TARGETS:
        return  # images may be missing; they are tested where they are available
    specs = [spec, spec.replace(seed=1)]
    if registry_of(entry) is STABILISERS and entry.params[0].numeric:
        specs[1] = _or(specs[1], **{entry.name: another(entry.params[0]) * 0.75})
    together = Run(specs)
    first = together.state.g.clone()
    assert together.advance(3) == 3, f"it stopped: {together.diverged}"
    for number, one in enumerate(specs):
        alone = Run(one)
        alone.advance(3)
        for name in ("g", "d"):
            ours, wanted = (getattr(run.state, name) for run in (together, alone))
            assert wanted.isfinite().all(), f"{name} is not finite"
            equal(f"{name} of run {number}", ours[number], wanted[0])
    assert not torch.equal(first, together.state.g), "G does not move"


class _Strict(TorchDispatchMode):
    """Raises AssertionError where an elementwise operation meets two ranks or two precisions."""

    def __torch_dispatch__(
        self,
        func: torch._ops.OpOverload[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, object] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if torch.Tag.pointwise in func.tags:
            given = [x for x in tree_leaves((args, kwargs)) if isinstance(x, torch.Tensor)]
            met = [x for x in given if x.ndim and x.is_floating_point()]
            for what in ("ndim", "dtype"):
                kinds = {getattr(x, what) for x in met}
                shapes = [tuple(x.shape) for x in met]
                assert len(kinds) <= 1, f"{func} of {shapes} promotes {what} {kinds}"
        return func(*args, **kwargs)


def promotes_nothing(entry: Entry, beside: Mapping[str, object]) -> None:
    """No operation of an update broadcasts a tensor of fewer axes, or float32 to float64.

    A missing axis would be taken for the runs', or the runs' for the minibatch's; numbers without
    axes go with all.
    """
    if registry_of(entry) is TARGETS:
        return  # its samples have no axis of runs
    spec = spec_of(entry, beside)
    run = Run([spec, spec.replace(seed=1)])
    with _Strict():  # type: ignore[no-untyped-call]  # torch's own constructor has no types
        run.advance(2)


CHECKS = (
    has_words,
    has_bounds,
    survives_addresses_and_files,
    is_documented,
    trains_each_run_as_if_alone,
    promotes_nothing,
)
