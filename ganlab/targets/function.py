"""A density that the user writes as a formula, normalised numerically."""

from __future__ import annotations

import math

import numpy as np
import torch

from ganlab.languages import _
from ganlab.registry import Param, SpecError
from ganlab.targets.base import (
    FARTHEST,
    TARGETS,
    Floats,
    Target,
    Target1D,
    TargetEntry,
    check_resolved,
    frozen,
    line_box,
    square_box_about,
)
from ganlab.targets.formula import GRAMMAR, LONGEST, Formula
from ganlab.targets.one_d import float32_inside

LINE_TABLE, PLANE_TABLE = 16_384, 512  # cells along each axis, from which samples are drawn
_LINE_CELLS, _PLANE_CELLS = 1024, 192  # whose masses are computed first
_NODES = 8  # of Gauss-Legendre quadrature; its difference from the rule below estimates its error
# Gauss-Lobatto quadrature in [-1, 1], which also sees jumps near the ends of a cell.
_LOBATTO = (0.0, 0.468848793470714, 0.830223896278567, 1 - 1e-9)
_LOBATTO_WEIGHTS = (0.487619047619048, 0.431745381209863, 0.276826047361566, 1 / 21)
_PLANE_NODES, _PLANE_FEWER = 4, 3
_ACCURATE = 1e-8  # error of a cell that is not divided further, relative to the whole
_HALVINGS = 40
_MOST_CELLS = 6000
_LINE_ERROR, _PLANE_ERROR = 1e-6, 2e-3  # allowed, relative to the whole
_BELOW = 1e-12  # 0, as a share of the largest value: rounding


def _rule(nodes: int) -> tuple[Floats, Floats]:
    """Places in [0, 1] and weights of Gauss-Legendre quadrature."""
    t, w = np.polynomial.legendre.leggauss(nodes)
    return (t + 1) / 2, w / 2


def _lobatto() -> tuple[Floats, Floats]:
    """Places in [0, 1] and weights of Gauss-Lobatto quadrature with seven nodes."""
    t, w = np.array(_LOBATTO), np.array(_LOBATTO_WEIGHTS)
    return (np.concatenate([-t[:0:-1], t]) + 1) / 2, np.concatenate([w[:0:-1], w]) / 2


class _Function(Target):
    """What 1-D and 2-D share: the checked values of a formula."""

    names: tuple[str, ...]

    def _start(self, formula: str, low: float, high: float) -> None:
        if not low < high:
            raise SpecError("high", high, _("more than the lower end, {low:g}", low=low))
        check_resolved(max(abs(low), abs(high)), "high", high - low)
        self._formula = Formula(formula, self.names)
        self._low, self._high = low, high
        least, most = float32_inside(np.array(low), np.array(high))
        self._clamp = float(least), float(most)
        self._top = 0.0

    def _values(self, *x: Floats) -> Floats:
        """The formula at x, (...) on each axis. Raises `SpecError` if it is no density."""
        flat = {
            n: torch.from_numpy(np.ascontiguousarray(v).ravel())
            for n, v in zip(self.names, x, strict=True)
        }
        found = self._formula(**flat).numpy().reshape(x[0].shape)
        wrong = ~np.isfinite(found)
        if wrong.any():
            what = _("no number") if np.isnan(found[wrong][0]) else "infinite"
            self._refuse(wrong, x, _("a finite number everywhere: it is {what}", what=what))
        self._top = max(self._top, float(found.max(initial=0)))
        below = found < -_BELOW * self._top
        if below.any():
            self._refuse(
                below, x, _("at least 0 everywhere: it is {found:.3g}", found=found[below][0])
            )
        return np.maximum(found, 0)

    def _refuse(self, where: np.ndarray, x: tuple[Floats, ...], why: str) -> None:
        at = " and ".join(f"{n} = {v[where][0]:.4g}" for n, v in zip(self.names, x, strict=True))
        raise SpecError("formula", self._formula.text, _("{why} at {at}", why=why, at=at))

    def _check_whole(self, whole: float, error: float, most: float, where: str) -> None:
        if not whole > 0:
            ends = f"from {self._low:g} to {self._high:g}"
            raise SpecError(
                "formula", self._formula.text, _("more than 0 somewhere {ends}", ends=ends)
            )
        if not math.isfinite(whole):
            raise SpecError("formula", self._formula.text, _("smaller: its integral is infinite"))
        if error > most * whole:
            allowed = _(
                "a function with a finite integral and no finer details{where}", where=where
            )
            raise SpecError("formula", self._formula.text, allowed)

    def table(self) -> tuple[str, float, float, tuple[float, float]]:
        """What samples are drawn from: the formula's source, its ends, and those of samples."""
        return self._formula.source(), self._low, self._high, self._clamp

    def _middles(self, cells: int) -> torch.Tensor:
        step = (self._high - self._low) / cells
        return self._low + (torch.arange(cells, dtype=torch.float64) + 0.5) * step


class Function1D(_Function, Target1D):
    """p_data(x) = f(x) / Z for low <= x <= high, by quadrature in cells that are halved as needed.

    Raises `SpecError` for a formula that is negative or not finite somewhere, 0 everywhere, or too
    fine for the quadrature.
    """

    names = ("x",)

    def __init__(self, formula: str, low: float, high: float):
        self._start(formula, low, high)
        self.box = line_box(low, high, 0.0)
        self._edges, masses = self._cells()
        self._z = float(masses.sum())
        self._below = np.append(0.0, np.cumsum(masses)) / self._z
        self._below /= self._below[-1]
        self._above = np.append(np.cumsum(masses[::-1])[::-1], 0.0) / self._z
        self._above /= self._above[0]
        self._reached = self._formula(x=self._middles(LINE_TABLE)).clamp(min=0).cumsum(0)

    def _integral(
        self, low: Floats, high: Floats, rule: tuple[Floats, Floats] | None = None
    ) -> Floats:
        """From low to high, (n,) each."""
        t, w = rule or _rule(_NODES)
        width = high - low
        return self._values(low[:, None] + width[:, None] * t) @ w * width

    def _cells(self) -> tuple[Floats, Floats]:
        """Edges of cells, and the integral over each of them."""
        edges = np.linspace(self._low, self._high, _LINE_CELLS + 1)
        low, high = edges[:-1], edges[1:]
        done: list[tuple[Floats, Floats, Floats]] = []
        error, worst = 0.0, 0.0
        for halving in range(_HALVINGS + 1):
            fine = self._integral(low, high)
            apart = np.abs(fine - self._integral(low, high, _lobatto()))
            known = sum(float(m.sum()) for *_, m in done) + float(fine.sum())
            split = apart > _ACCURATE * known
            last = halving == _HALVINGS or len(low) + split.sum() > _MOST_CELLS
            if last and split.any():
                error, worst = float(apart[split].sum()), float(low[np.argmax(apart)])
                split = np.zeros_like(split)
            done.append((low[~split], high[~split], fine[~split]))
            if not split.any():
                break
            middle = (low[split] + high[split]) / 2
            low = np.concatenate([low[split], middle])
            high = np.concatenate([middle, high[split]])
        lows, highs, masses = (np.concatenate(part) for part in zip(*done, strict=True))
        order = np.argsort(lows)
        self._check_whole(
            float(masses.sum()), error, _LINE_ERROR, _(" than near x = {worst:.4g}", worst=worst)
        )
        return frozen(np.append(lows[order], highs[order][-1])), masses[order]

    def sample(self, n: int, generator: torch.Generator) -> torch.Tensor:
        """See `Target.sample`: a cell of a fine grid, and a place in it."""
        u = torch.rand(2, n, generator=generator, dtype=torch.float64)
        cell = torch.searchsorted(self._reached, u[0] * self._reached[-1], right=True)
        x = self._low + (cell + u[1]) * ((self._high - self._low) / LINE_TABLE)
        return x.float().clamp(*self._clamp)[:, None]

    def _log_density(self, x: Floats) -> Floats:
        return _log(self, x[..., 0])

    def cdf(self, x: Floats) -> Floats:
        """F(x); any shape."""
        x, cell = self._cell(x)
        part = self._integral(self._edges[cell].ravel(), x.ravel()).reshape(x.shape) / self._z
        return np.minimum(self._below[cell] + part, 1.0)

    def sf(self, x: Floats) -> Floats:
        """1 - F(x), from the integral above; any shape."""
        x, cell = self._cell(x)
        part = self._integral(x.ravel(), self._edges[cell + 1].ravel()).reshape(x.shape) / self._z
        return np.minimum(self._above[cell + 1] + part, 1.0)

    def _cell(self, x: Floats) -> tuple[Floats, np.ndarray]:
        x = np.clip(np.asarray(x, np.float64), self._low, self._high)
        cell = np.searchsorted(self._edges, x, "right") - 1
        return x, np.clip(cell, 0, len(self._edges) - 2)

    def _ppf(self, u: Floats) -> Floats:
        """Newton's method inside the cell, with halving where it leaves its bracket."""
        flat = np.asarray(u, np.float64).ravel()
        cell = np.clip(np.searchsorted(self._below, flat) - 1, 0, len(self._edges) - 2)
        low, high = self._edges[cell], self._edges[cell + 1]
        rise = self._below[cell + 1] - self._below[cell]
        share = np.divide(flat - self._below[cell], rise, out=np.zeros_like(flat), where=rise > 0)
        x = low + (high - low) * np.clip(share, 0, 1)
        for _unused in range(8):
            apart = self.cdf(x) - flat
            low, high = np.where(apart < 0, x, low), np.where(apart > 0, x, high)
            slope = self._values(x) / self._z
            step = np.divide(apart, slope, out=np.full_like(x, np.inf), where=slope > 0)
            tried = x - step
            inside = (tried >= low) & (tried <= high)
            x = np.where(apart == 0, x, np.where(inside, tried, (low + high) / 2))
        return x.reshape(np.shape(u))


class Function2D(_Function):
    """p_data(x, y) = f(x, y) / Z in a square, by quadrature in the cells of a grid.

    Raises `SpecError` as `Function1D` does.
    """

    dim = 2
    names = ("x", "y")

    def __init__(self, formula: str, low: float, high: float):
        self._start(formula, low, high)
        middle = np.full(2, (low + high) / 2)
        self.box = square_box_about(middle, (high - low) / 2)
        self._edges = frozen(np.linspace(low, high, _PLANE_CELLS + 1))
        fine = self._integrals(self._edges, self._edges, _PLANE_NODES)
        rough = self._integrals(self._edges, self._edges, _PLANE_FEWER)
        self._z = float(fine.sum())
        error = float(np.abs(fine - rough).sum())
        self._check_whole(self._z, error, _PLANE_ERROR, "")
        self._reached = self._table()

    def _table(self) -> torch.Tensor:
        at = self._middles(PLANE_TABLE)
        x, y = at.repeat_interleave(PLANE_TABLE), at.repeat(PLANE_TABLE)
        return self._formula(x=x, y=y).clamp(min=0).cumsum(0)

    def _integrals(self, x: Floats, y: Floats, nodes: int) -> Floats:
        """Over each cell between edges (n + 1,), (m + 1,): (n, m)."""
        t, w = _rule(nodes)
        wide, high = np.diff(x), np.diff(y)
        at = [(e[:-1, None] + d[:, None] * t).ravel() for e, d in ((x, wide), (y, high))]
        p = self._values(*np.meshgrid(*at, indexing="ij")).reshape(len(wide), nodes, -1, nodes)
        return np.einsum("iajb,a,b->ij", p, w, w) * wide[:, None] * high

    def sample(self, n: int, generator: torch.Generator) -> torch.Tensor:
        """See `Target.sample`: a cell of a fine grid, and a place in it."""
        u = torch.rand(3, n, generator=generator, dtype=torch.float64)
        flat = torch.searchsorted(self._reached, u[0] * self._reached[-1], right=True)
        cell = torch.stack([flat // PLANE_TABLE, flat % PLANE_TABLE], 1)
        x = self._low + (cell + u[1:].T) * ((self._high - self._low) / PLANE_TABLE)
        return x.float().clamp(*self._clamp)

    def _log_density(self, x: Floats) -> Floats:
        return _log(self, x[..., 0], x[..., 1])

    def _cell_masses(self, *edges: Floats) -> Floats:
        inner, starts = zip(*(self._cut(e) for e in edges), strict=True)
        fine = self._integrals(inner[0], inner[1], _PLANE_NODES) / self._z
        for axis, (at, e) in enumerate(zip(starts, edges, strict=True)):
            out = np.zeros((len(e) - 1, *np.delete(fine.shape, axis)))
            np.add.at(out, at, np.moveaxis(fine, axis, 0))
            fine = np.moveaxis(out, 0, axis)
        return fine

    def _cut(self, edges: Floats) -> tuple[Floats, np.ndarray]:
        """Edges of this grid and the given ones within them; the given cell of each part."""
        low, high = (float(np.clip(e, self._low, self._high)) for e in edges[[0, -1]])
        both = np.unique(np.concatenate([edges, self._edges]))
        both = both[(both >= low) & (both <= high)]
        if len(both) < 2:  # all of it is outside
            both = np.array([self._low, self._low + 1e-300])
        middles = (both[:-1] + both[1:]) / 2
        return both, np.clip(np.searchsorted(edges, middles, "right") - 1, 0, len(edges) - 2)


def _log(target: Function1D | Function2D, *x: Floats) -> Floats:
    """The logarithm of the density at x."""
    inside = np.logical_and.reduce([(v >= target._low) & (v <= target._high) for v in x])
    values = target._values(*(np.where(inside, v, (target._low + target._high) / 2) for v in x))
    with np.errstate(divide="ignore"):
        return np.where(inside, np.log(values / target._z), -np.inf)


def _params(names: str, formula: str, other: str, low: float, high: float) -> tuple[Param, ...]:
    doc = _(
        "A density in {names}, not normalised: {grammar}.",
        names=names,
        grammar=GRAMMAR.format(names=names),
    )
    ends = _("Where the density {} on each axis; it is 0 outside.")
    return (
        Param(
            "formula", _("formula"), formula, kind="text", longest=LONGEST, doc=doc, typical=other
        ),
        Param("low", _("from"), low, -FARTHEST, FARTHEST, doc=ends.format("begins")),
        Param("high", _("to"), high, -FARTHEST, FARTHEST, doc=ends.format("ends")),
    )


_DOC = _("A density that you write, such as exp(-x**2) * sin(3*x)**2: can G follow it?")
TARGETS.add(
    TargetEntry(
        name="function",
        title=_("your own formula…"),
        equation=r"p_{data}(x) = \tfrac1Z f(x),\quad a \le x \le b",
        doc=_DOC,
        params=_params("x", "exp(-x**2) * sin(3*x)**2", "exp(-abs(x))", -3.0, 3.0),
        build=Function1D,
    )
)
TARGETS.add(
    TargetEntry(
        name="function_2d",
        title=_("your own formula in the plane…"),
        equation=r"p_{data}(x, y) = \tfrac1Z f(x, y),\quad a \le x, y \le b",
        doc=_DOC,
        dim=2,
        params=_params(
            "x, y",
            "exp(-20 * (sqrt(x**2 + y**2) - 1.5)**2) * (1.2 + sin(3*x))",
            "exp(-(x**2 + y**2))",
            -2.5,
            2.5,
        ),
        build=Function2D,
    )
)
