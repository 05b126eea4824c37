"""Proposition 2 as an algorithm: D to its optimum, then a step of p_g, free or with a parameter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, xlogy

from ganlab import theory
from ganlab.demonstrations.densities import Normal
from ganlab.demonstrations.entry import Demonstration
from ganlab.demonstrations.picture import Area, Axis, Dots, Handle, Line, Number, Panel, Shown
from ganlab.languages import _
from ganlab.registry import Param
from ganlab.spec import Spec

Array = NDArray[np.float64]
END = 8.0  # the axis reaches from -END to END
CELLS = 160
EDGES = np.linspace(-END, END, CELLS + 1)
X = (EDGES[1:] + EDGES[:-1]) / 2
WIDTH = EDGES[1] - EDGES[0]
PLACE, STD = 2.0, 0.55  # p_data has bumps of this width at -PLACE and PLACE
STEPS = 80  # iterations
RATE = 0.6  # the step size of θ
TINY = 1e-300  # the smallest mass at the start: a mass of 0 would stay 0
FARTHEST = 5.0  # of θ
THETAS = np.linspace(-END, END, 321)
LOWEST = -2 * theory.LN2


def masses(theta: float | Array) -> Array:
    """Masses (..., CELLS) of p_data moved by θ (...), scaled to sum to 1."""
    raw = _raw(theta)
    return np.asarray(raw / raw.sum(-1, keepdims=True))


def _raw(theta: float | Array) -> Array:
    at = np.asarray(theta, np.float64)[..., None]
    out = np.zeros((*at.shape[:-1], CELLS))
    for c in (-PLACE, PLACE):
        z = (EDGES - at - c) / STD
        low, high = z[..., :-1], z[..., 1:]
        above = low > 0  # from the other tail, so that the smallest masses are exact as well
        out += np.where(above, ndtr(-low) - ndtr(-high), ndtr(high) - ndtr(low)) / 2
    return out


def moved_masses(theta: float) -> Array:
    """The derivative by θ of the masses (CELLS,) that G has at θ."""
    pdf = (Normal(theta - PLACE, STD).pdf(EDGES) + Normal(theta + PLACE, STD).pdf(EDGES)) / 2
    raw, by = _raw(theta), -np.diff(pdf)
    total = raw.sum()
    return np.asarray((by - raw / total * by.sum()) / total)


def value(p: Array, q: Array) -> Array:
    """V(D*, G) = sum p log D* + q log(1 - D*) over the cells, nats; (..., CELLS) -> (...)."""
    return np.asarray((xlogy(p, theory.d_star(p, q)) + q * pulls(p, q)).sum(-1))


def c_of(p: Array, q: Array) -> Array:
    """C(G) = -log 4 + 2 JSD over the cells, nats; (..., CELLS) -> (...)."""
    return theory.c_g(theory.jsd(p, q))


def pulls(p: Array, q: Array) -> Array:
    """The gradient of sup_D V(D, q) by q (CELLS,): that of V at the optimal D, log(1 - D*)."""
    return np.log(q) - np.log(p + q)


def of_densities(p: Array, q: Array, step: float, count: int) -> Array:
    """p_g (count + 1, CELLS) after each iteration: q exp(-step log(1 - D*)), scaled to sum 1.

    With step 1 this is (p_data + p_g)/2. Source: mirror descent, Bauschke et al. 2017.
    """
    out = [q]
    for _unused in range(count):
        log_q = np.log(q) - step * pulls(p, q)
        q = np.exp(log_q - log_q.max())
        q = q / q.sum()
        out.append(q)
    return np.stack(out)


def slope(p: Array, theta: float) -> float:
    """dC/dθ of the G that moves p_data by θ; p (CELLS,)."""
    q = masses(theta)
    return float(moved_masses(theta) @ pulls(p, np.maximum(q, TINY)))


def of_parameter(p: Array, theta: float, rate: float, count: int) -> Array:
    """θ (count + 1,) after each iteration of gradient descent on C(θ), D at its optimum."""
    out = [theta]
    for _unused in range(count):
        theta = float(np.clip(theta - rate * slope(p, theta), -FARTHEST - 0.5, FARTHEST + 0.5))
        out.append(theta)
    return np.array(out)


def show(values: Mapping[str, Any]) -> Shown:
    """Both p_g at every iteration, and C of both."""
    start, step = values["theta"], values["step"]
    p = masses(0.0)
    first = np.maximum(masses(start), TINY)
    q = of_densities(p, first, step, STEPS)
    theta = of_parameter(p, start, RATE, STEPS)
    r = masses(theta)
    c_q, c_r = c_of(p, q), c_of(p, r)
    frames, times = STEPS + 1, np.arange(STEPS + 1)
    high = 1.1 * float(max(p.max(), q.max(), r.max())) / WIDTH
    density = Axis(_("density"), 0.0, high)
    data = Line(x=X, y=p / WIDTH, role="data", title=_("p_data"), dash="data")
    free = Panel(
        "free",
        _("p_g of any shape: each cell moves on its own"),
        Axis("x", -END, END),
        density,
        (
            Area(x=X, y=q / WIDTH, role="G"),
            Line(x=X, y=q / WIDTH, role="G", title="p_g"),
            data,
            Line(x=X, y=theory.d_star(p, q), role="D", title="D*", dash="dash", right=True),
        ),
        handles=(Handle(_("where p_g begins: θ"), (start, 0.0), "theta", role="G"),),
        right=Axis("D(x)", 0.0, 1.0, ticks=((0.0, "0"), (0.5, "½"), (1.0, "1"))),
    )
    tied = Panel(
        "tied",
        _("G can only shift its bumps, by θ"),
        Axis(_("x, and the shift θ"), -END, END),
        density,
        (
            Area(x=X, y=r / WIDTH, role="G"),
            Line(x=X, y=r / WIDTH, role="G", title="p_g"),
            data,
            Line(x=THETAS, y=c_of(p, masses(THETAS)), role="accent", title="C(θ)", right=True),
            Dots(x=theta[:, None], y=c_r[:, None], role="accent", size=11.0, right=True),
        ),
        right=Axis(_("C(θ), nats"), LOWEST, 0.3),
    )
    costs = Panel(
        "cost",
        _("C(G) at each iteration"),
        Axis(_("iteration"), 0.0, float(STEPS)),
        Axis(_("C(G), nats"), LOWEST - 0.08, 0.06),
        (
            Line(x=(0, STEPS), y=(LOWEST, LOWEST), role="muted", title=_("−log 4"), thin=True),
            Line(x=times, y=c_q, role="game", title=_("any p_g")),
            Line(x=times, y=c_r, role="accent", title=_("only a shift θ"), dash="dash"),
            Dots(x=times[:, None], y=c_q[:, None], role="game", size=9.0),
            Dots(x=times[:, None], y=c_r[:, None], role="accent", size=9.0),
        ),
    )
    gap = c_q - LOWEST
    first_kl = float(theory.kl(p, first))
    with np.errstate(divide="ignore"):
        bound = np.where(times > 0, first_kl / (step * np.maximum(times, 1)), np.nan)
    near = 1e-5
    finite = [(_c_at(p, t + near) - _c_at(p, t - near)) / (2 * near) for t in theta]
    numbers = (
        Number(
            _("C(G), any p_g"), c_q, _("nats"), _("−log 4 + 2 JSD"),
            value(p, q), _("V(D*, G), term by term"),
        ),
        Number(
            _("C(G), only a shift"), c_r, _("nats"), _("−log 4 + 2 JSD"),
            value(p, np.maximum(r, TINY)), _("V(D*, G), term by term"),
        ),
        Number(_("above −log 4, any p_g"), gap, _("nats"), _("C(G) + log 4")),
        Number(_("at most, by the proof"), bound, _("nats"),
            _("KL(p_data ‖ first p_g) / (η · iteration)")),
        Number(_("shift θ"), theta, ""),
        Number(
            _("slope dC/dθ"), np.round([slope(p, t) for t in theta], 6) + 0.0, "",
            _("by the optimal D alone"), np.round(finite, 6) + 0.0, _("by differences of C(θ)"),
        ),
    )  # fmt: skip
    return Shown(
        (free, tied, costs),
        numbers,
        tuple(_says(int(t), float(gap[t]), float(c_r[t] - LOWEST), float(theta[t])) for t in times),
        frames=frames,
        first=0,
    )


def _c_at(p: Array, theta: float) -> float:
    """C(θ), one number."""
    return float(c_of(p, masses(theta)))


def _v(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def _says(t: int, free: float, tied: float, theta: float) -> str:
    if t == 0:
        return _("Both begin with the same p_g. Each iteration finds D*, then moves p_g.")
    begin = _(
        "Iteration {t}: p_g that moves freely is {free:.2g} nats above −log 4", t=t, free=free
    )
    if free < 1e-6:
        begin = _("Iteration {t}: p_g that moves freely is p_data", t=t)
    if tied < 0.01:
        return _(
            "{begin}; the shift has found p_data: θ = {v}, {tied:.2g} above.",
            begin=begin,
            v=_v(theta),
            tied=tied,
        )
    if t > STEPS // 2:
        place = _("θ = {v}, {tied:.2f} above", v=_v(theta), tied=tied)
        return _(
            "{begin}; the shift is stuck at {place}, in a valley of C(θ).", begin=begin, place=place
        )
    return _(
        "{begin}; the shift is at θ = {v}, {tied:.2f} above.", begin=begin, v=_v(theta), tied=tied
    )


def lab(values: Mapping[str, Any]) -> Spec:
    """A lab where D is trained to its optimum, and G, one bump on two, can only shift."""
    return Spec(
        target="two_gaussians",
        target_params={"separation": 2 * PLACE, "std": STD},
        g_hidden=(),
        g_start=(STD, values["theta"]),
        g_bias="alone",
        d_hidden=(16,),
        d_activation="tanh",
        loss="minimax",
        optimizer="sgd",
        g_lr=0.3,
        batch=1024,
        d_to_optimum=1e-3,
    )


ENTRY = Demonstration(
    "proposition-2",
    _("Proposition 2: D to its optimum, then a step of p_g"),
    r"p_g \leftarrow p_g \, e^{-\eta \log(1 - D^*)} / Z, \qquad "
    r"\theta \leftarrow \theta - 0.6 \, \frac{d}{d\theta} \sup_D V(D, G_\theta)",
    _("The proof needs D at its optimum in every iteration, and a p_g that can "
"become any density: sup over D of V is convex in p_g, so every step leads "
"to p_data. As a function of G's parameters it is not convex."),
    _("Goodfellow et al. 2014, Proposition 2 and section 4.2; Bauschke, Bolte & "
"Teboulle 2017"),
    (
        Param(
            "theta", _("first shift θ"), 3.4, -FARTHEST, FARTHEST,
                doc=_("Where both p_g begin: drag it.")
        ),
        Param(
            "step", _("step size η"), 0.1, 0.01, 1.0, log=True,
            doc=_("Of the p_g that moves freely; with 1 each step is p_g ← (p_data + p_g)/2."),
        ),
    ),
    show=show,
    watch=_("In the first picture p_g may take any shape, and becomes p_data from any "
"start. In the second the same p_g can only shift: it stops with one bump on "
"the wrong bump of p_data, although θ = 0 would be right. Drag the start "
"closer to 0, and both arrive."),
    lab=lab,
)  # fmt: skip
