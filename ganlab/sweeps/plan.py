"""The plan of a sweep, a value: a Spec, the fields that vary, and the length and number of runs."""

from __future__ import annotations

import itertools
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

from ganlab.events import reseeded
from ganlab.languages import _
from ganlab.reading import parse_json
from ganlab.registry import SpecError
from ganlab.spec import PARAMS, Spec
from ganlab.sweeps.axis import Axis
from ganlab.sweeps.spread import arranged

MOST_AXES = 3
MOST_CELLS = 40_000
MOST_RUNS = 1_000_000
BLOCK = 32  # runs that are trained together: more are no faster, and lose more if a process dies
_LAST_SEED = int(PARAMS["seed"].high)
_BOUNDS = {
    "seeds": (1, 10_000),
    "iterations": (1, 10_000_000),
    "checks": (1, 1000),
}
_EXAMPLE = _("[base], [axes] and [sweep] with seeds, iterations, checks, stop_below")


@dataclass(frozen=True)
class Cell:
    """One combination of the axes' values. spec: None if it is not allowed; why: the reason."""

    at: tuple[int, ...]
    spec: Spec | None
    why: str = ""


@dataclass(frozen=True)
class Block:
    """Runs that are trained together, of cells of one structure: neighbours, or spread widely.

    runs: the number of a cell and of a seed, for each. Which runs share a block depends on the
    plan alone, because the last bits of a run can depend on those beside it.
    """

    number: int
    runs: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Plan:
    """The experiment of a map: every combination of the axes' values, with several seeds each.

    base: the Spec of what does not vary; its own seed is the first one. axes: one to three fields
    with their values. seeds: runs per cell. iterations: the length of a run. checks: how often a
    run is measured, at equal distances, besides its start. stop_below: a run ends early at the
    first check where its JSD is below this, in nats; 0: never. Raises `SpecError`.
    """

    base: Spec
    axes: tuple[Axis, ...]
    seeds: int = 8
    iterations: int = 2000
    checks: int = 20
    stop_below: float = 0.0

    def __post_init__(self) -> None:
        self.base.in_a_lab()
        for name, (low, high) in _BOUNDS.items():
            value = getattr(self, name)
            if type(value) is not int or not low <= value <= high:
                raise SpecError(
                    name, value, _("an integer from {low} to {high:,}", low=low, high=high)
                )
        if self.checks > self.iterations:
            raise SpecError(
                "checks",
                self.checks,
                _("at most the {iterations} iterations", iterations=self.iterations),
            )
        if not isinstance(self.stop_below, (int, float)) or not 0 <= self.stop_below < 0.7:
            raise SpecError(
                "stop_below", self.stop_below, _("a JSD in nats, 0 (never) or up to 0.69")
            )
        if not 1 <= len(self.axes) <= MOST_AXES:
            raise SpecError("axes", len(self.axes), _("1 to {most_axes} axes", most_axes=MOST_AXES))
        names = [name for axis in self.axes for name in axis.fields]
        if len(set(names)) < len(names):
            raise SpecError("axes", ", ".join(names), _("each field once"))
        if self.size > MOST_CELLS:
            raise SpecError(
                "axes",
                _("{size:,} cells", size=self.size),
                _("at most {most_cells:,} cells", most_cells=MOST_CELLS),
            )
        if self.size * self.seeds > MOST_RUNS:
            raise SpecError(
                "seeds",
                self.seeds,
                _("at most {most_runs:,} runs in all cells", most_runs=MOST_RUNS),
            )

    @classmethod
    def of(cls, base: Spec, axes: Mapping[str, Any], **options: Any) -> Self:
        """A plan from fields and values: see `Axis.of`. Raises `SpecError`.

        `Plan.of(Spec(), {"k": [1, 2, 5], "d_lr": "1e-4..1e-2:9:log"}, seeds=4)`
        """
        if not isinstance(axes, Mapping):
            raise SpecError("axes", axes, _("fields with their values"))
        return cls(base, tuple(Axis.of(base, n, v) for n, v in axes.items()), **options)

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of values along each axis."""
        return tuple(len(axis.values) for axis in self.axes)

    @property
    def size(self) -> int:
        """The number of cells."""
        size = 1
        for n in self.shape:
            size *= n
        return size

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """All cells; the last axis varies fastest."""
        return tuple(self._cell(at) for at in itertools.product(*map(range, self.shape)))

    def _cell(self, at: tuple[int, ...]) -> Cell:
        pairs = zip(self.axes, at, strict=True)
        values = {name: axis.values[i] for axis, i in pairs for name in axis.fields}
        try:
            return Cell(at, self.base.changed(values))
        except SpecError as error:
            return Cell(at, None, str(error))

    @property
    def allowed(self) -> tuple[int, ...]:
        """The numbers of the cells that can be trained. Raises `SpecError` if there are none."""
        found = tuple(i for i, cell in enumerate(self.cells) if cell.spec is not None)
        if not found:
            raise SpecError(
                "axes", self.cells[0].why, _("at least one combination that is allowed")
            )
        return found

    def seed(self, number: int) -> int:
        """The seed of a cell's run; after the last possible seed follows 0."""
        return (self.base.seed + number) % (_LAST_SEED + 1)

    def spec(self, cell: int, number: int) -> Spec:
        """The Spec of one run."""
        spec = self.cells[cell].spec
        assert spec is not None
        return reseeded(spec, self.seed(number))

    @cached_property
    def at(self) -> tuple[int, ...]:
        """The iterations at which runs are measured, from 0 to `iterations`."""
        return tuple(round(i * self.iterations / self.checks) for i in range(self.checks + 1))

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """All runs, in blocks of at most `BLOCK` that can be advanced together."""
        groups: dict[object, list[int]] = {}
        for cell in self.allowed:
            spec = self.cells[cell].spec
            assert spec is not None
            key = (spec.batch_key(), spec.k)
            groups.setdefault(key, []).append(cell)
        parts = []
        for cells in groups.values():
            runs = [(c, n) for c in arranged(cells, self.shape) for n in range(self.seeds)]
            parts += [tuple(runs[i : i + BLOCK]) for i in range(0, len(runs), BLOCK)]
        return tuple(Block(number, runs) for number, runs in enumerate(parts))

    def to_dict(self) -> dict[str, Any]:
        """The plan in types that JSON can represent."""
        return {
            "base": self.base.to_dict(),
            "axes": [[axis.field, list(axis.values)] for axis in self.axes],
            **{name: getattr(self, name) for name in (*_BOUNDS, "stop_below")},
        }

    def to_json(self) -> str:
        """The plan as JSON."""
        return json.dumps(self.to_dict())

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The inverse of `to_json`. Raises `SpecError`."""
        items = parse_json(text, "sweep", _("JSON as written by Plan.to_json()"))
        if not isinstance(items, dict) or not isinstance(items.get("axes"), list):
            raise SpecError("sweep", "JSON", _("JSON as written by Plan.to_json()"))
        base = Spec.from_dict(items.get("base", {}))
        pairs = items["axes"]
        if not all(isinstance(p, list) and len(p) == 2 and isinstance(p[0], str) for p in pairs):
            raise SpecError("axes", pairs, _("pairs of a field and its values"))
        axes = tuple(Axis.of(base, field, _tuples(values)) for field, values in pairs)
        rest = {n: v for n, v in items.items() if n not in ("base", "axes")}
        return cls(base, axes, **_options(rest))

    @classmethod
    def from_toml(cls, text: str) -> Self:
        """A plan from a file: tables base (a Spec's fields), axes, and sweep (the options).

        Raises `SpecError`.
        """
        try:
            items = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise SpecError("file", str(error), _("TOML with ") + _EXAMPLE) from None
        for name, value in items.items():
            if name not in ("base", "axes", "sweep") or not isinstance(value, dict):
                raise SpecError("table", name, _("one of ") + _EXAMPLE)
        base = Spec.from_dict(_with_own(items.get("base", {})))
        axes = {name: _tuples(values) for name, values in _flat(items.get("axes", {})).items()}
        return cls.of(base, axes, **_options(items.get("sweep", {})))

    def replace(self, **changes: Any) -> Self:
        """A copy with other values."""
        return replace(self, **changes)


def _options(given: Mapping[str, Any]) -> dict[str, Any]:
    known = (*_BOUNDS, "stop_below")
    for name in given:
        if name not in known:
            raise SpecError("option of a sweep", name, _("one of ") + ", ".join(known))
    return dict(given)


def _tuples(values: Any) -> Any:
    """Lists within a list, as tuples, which can be compared."""
    if isinstance(values, Sequence) and not isinstance(values, str):
        return [tuple(v) if isinstance(v, list) else v for v in values]
    return values


def _with_own(base: Mapping[str, Any]) -> dict[str, Any]:
    """The target's parameters, which TOML reads of `t.name = ...`, by the name that a Spec has."""
    own = base.get("t")
    if not isinstance(own, dict):
        return dict(base)
    rest = {name: value for name, value in base.items() if name != "t"}
    return rest | {"target_params": {**rest.get("target_params", {}), **own}}


def _flat(axes: Mapping[str, Any]) -> dict[str, Any]:
    """TOML reads `t.name = ...` as a table within the table; its fields get their names back."""
    own = axes.get("t")
    inner = {f"t.{n}": v for n, v in own.items()} if isinstance(own, dict) else {}
    return {n: v for n, v in axes.items() if not (n == "t" and inner)} | inner
