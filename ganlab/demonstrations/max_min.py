"""Min-max against max-min: who moves last, D or a G that sends all z to D's favourite point."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_expit, xlogy

from ganlab import theory
from ganlab.demonstrations.entry import Demonstration
from ganlab.demonstrations.picture import Axis, Bars, Dots, Line, Number, Panel, Shown
from ganlab.languages import _
from ganlab.registry import Param
from ganlab.spec import Spec

Array = NDArray[np.float64]
STEPS = 120  # iterations
MOST = 12  # modes
G_STEP = 0.15  # of p_g, by exponentiated gradient
LOWEST = -2 * theory.LN2


def best_for_d(p: Array, q: Array) -> Array:
    """max_D V(D, G) = sum p log p/(p + q) + q log q/(p + q), nats; (..., modes) -> (...)."""
    total = p + q
    return np.asarray((xlogy(p, p) + xlogy(q, q) - xlogy(total, total)).sum(-1))


def best_for_g(p: Array, logits: Array) -> Array:
    """min_G V(D, G): all z at the mode that D likes best; logits (..., modes) -> (...), nats.

    E_data log D + min over q of sum q log(1 - D): linear in q, so that one mode has it all.
    """
    return np.asarray((p * log_expit(logits)).sum(-1) + log_expit(-logits.max(-1)))


def g_moves_last(p: Array, step: float, count: int) -> tuple[Array, Array]:
    """Max-min: D's logits (count + 1, modes) and the mode that has all z, (count + 1,).

    D takes a step along its gradient against a G that has answered with D's favourite mode.
    """
    logits = np.linspace(0.4, -0.4, len(p))  # D has a favourite at the start
    out, places = [logits], [int(logits.argmax())]
    for _unused in range(count):
        d = expit(logits)
        gradient = p * (1 - d)
        gradient[places[-1]] -= d[places[-1]]
        logits = logits + step * gradient
        out.append(logits)
        places.append(int(logits.argmax()))
    return np.stack(out), np.array(places)


def d_moves_last(p: Array, count: int) -> Array:
    """Min-max: p_g (count + 1, modes); a step of p_g along its gradient against the best D."""
    q = np.zeros(len(p)) + 1e-3
    q[0] = 1.0  # collapsed at the start
    q /= q.sum()
    out = [q]
    for _unused in range(count):
        log_q = np.log(q) - G_STEP * (np.log(q) - np.log(p + q))  # minus the gradient, log(1 - D*)
        q = np.exp(log_q - log_q.max())
        q = q / q.sum()
        out.append(q)
    return np.stack(out)


@lru_cache(maxsize=64)
def alone(modes: int) -> tuple[float, float]:
    """min over G of max_D V if G can make one mode only: the formula, and all G tried in turn."""
    p = np.full(modes, 1 / modes)
    tried = [float(best_for_d(p, np.eye(modes)[i])) for i in range(modes)]
    return float(theory.c_g(theory.jsd_captured(1, modes))), min(tried)


def show(values: Mapping[str, Any]) -> Shown:
    """Both orders of play, iteration by iteration."""
    modes, step = values["modes"], values["step"]
    p = np.full(modes, 1 / modes)
    logits, places = g_moves_last(p, step, STEPS)
    spread = d_moves_last(p, STEPS)
    collapsed = np.eye(modes)[places]
    so_far = collapsed.cumsum(0) / np.arange(1, STEPS + 2)[:, None]
    below, above = best_for_g(p, logits), best_for_d(p, spread)
    x, times = np.arange(1.0, modes + 1), np.arange(STEPS + 1)
    across = Axis(_("mode of p_data"), 0.4, modes + 0.6, ticks=tuple((i, f"{i:g}") for i in x))
    share, answers = Axis(_("share of p_g"), 0.0, 1.05), Axis("D", 0.0, 1.0)

    def panel(name: str, title: str, q: Array, d: Array, more: tuple[Any, ...] = ()) -> Panel:
        return Panel(
            name,
            title,
            across,
            share,
            (
                Bars(x=x, y=q, role="G", title="p_g", width=0.6),
                Dots(x=x, y=p, role="data", title=_("p_data"), size=8.0),
                Line(x=x, y=d, role="D", dash="dash", title="D", right=True),
                Dots(x=x, y=d, role="D", size=7.0, right=True),
                *more,
            ),
            right=answers,
        )

    mean = Dots(x=x, y=so_far, role="accent", size=7.0, title=_("mean of p_g so far"))
    last_g = panel(
        "max-min",
        _("G answers last, with D's favourite mode (max-min)"),
        collapsed,
        expit(logits),
        (mean,),
    )
    last_d = panel(
        "min-max",
        _("D answers last, with D* (min-max)"),
        spread,
        theory.d_star(p, spread),
    )
    one, by_trial = alone(modes)
    low = min(float(below.min()), LOWEST) - 0.15
    worth = Panel(
        "value",
        _("V(D, G) after the last answer"),
        Axis(_("iteration"), 0.0, float(STEPS)),
        Axis(_("V, nats"), low, 0.05),
        (
            Line(x=(0, STEPS), y=(LOWEST, LOWEST), role="muted", title=_("−log 4"), thin=True),
            Line(x=(0, STEPS), y=(one, one), role="run1", title=_("best single mode"), dash="dot",
                 thin=True),
            Line(x=times, y=above, role="D", title=_("D answers last"), dash="dash"),
            Line(x=times, y=below, role="G", title=_("G answers last")),
            Dots(x=times[:, None], y=above[:, None], role="D", size=9.0),
            Dots(x=times[:, None], y=below[:, None], role="G", size=9.0),
        ),
    )  # fmt: skip
    grid = expit(logits)
    tried = np.stack([np.log(1 - grid[:, i]) for i in range(modes)]).min(0)
    numbers = (
        Number(
            _("V, G answers last"), below, _("nats"), _("G at D's favourite mode"),
            (p * np.log(grid)).sum(1) + tried, _("every mode tried"),
        ),
        Number(
            _("V, D answers last"), above, _("nats"), _("with D* = p_data/(p_data + p_g)"),
            theory.c_g(theory.jsd(p, spread)), _("−log 4 + 2 JSD"),
        ),
        Number(
            _("best V of a G with one mode"), one, _("nats"), _("−log 4 + 2 JSD(one of n modes)"),
            by_trial, _("every mode tried, against its best D"),
        ),
    )  # fmt: skip
    says = tuple(
        _says(int(t), int(places[t]) + 1, len(set(places[: t + 1].tolist())), spread[t], below[t])
        for t in times
    )
    return Shown((last_g, last_d, worth), numbers, says, frames=STEPS + 1)


def _says(t: int, place: int, seen: int, q: Array, below: float) -> str:
    modes = len(q)
    held = int((q > 0.5 / modes).sum())
    if t == 0:
        return _(
            "Both begin with one mode. In one game G answers each D with its favourite "
            "mode; in the other D answers each p_g with D*."
        )
    end = ""
    if t == STEPS:
        end = _(" V of a G that answers last is {lowest:.2f} below −log 4", lowest=LOWEST - below)
        end += _(": D's steps are too large to come nearer.") if LOWEST - below > 0.02 else "."
    return (
        _(
            "Iteration {t}: if G answers last, all of p_g is at mode {place}; so far it "
            "has been at {seen} of {modes}, one at a time. If D answers last, p_g is on "
            "{held} of {modes} modes.",
            t=t,
            place=place,
            seen=seen,
            modes=modes,
            held=held,
        )
        + end
    )


def lab(values: Mapping[str, Any]) -> Spec:
    """A lab whose G makes many updates for each one of D."""
    return Spec(
        target="ring",
        target_params={"count": values["modes"]},
        latent_dim=2,
        k=1,
        g_steps=20,
        loss="minimax",
    )


ENTRY = Demonstration(
    "max-min",
    _("Min-max against max-min: who answers last"),
    r"\min_G \max_D V(D, G) \quad \text{against} \quad \max_D \min_G V(D, G) = "
    r"\max_D \; \mathbb{E}_{\mathrm{data}} \log D(x) + \min_x \log(1 - D(x))",
    _("If G answers last, its best answer to any fixed D sends every z to the "
"point that D likes best: a collapsed G. Both orders have the value −log 4 "
"if p_g can be anything; but only where D answers last is p_g = p_data the "
"answer. Gradient descent does not say who is last."),
    _("Goodfellow 2016 (NIPS tutorial), section 5.1.1"),
    (
        Param("modes", _("modes of p_data"), 6, 2, MOST, "int", doc=_("All have the same share.")),
        Param("step", _("step size of D"), 0.4, 0.05, 3.0,
            doc=_("Of D's logits, if G answers last.")),
    ),
    show=show,
    watch=_("Where G answers last, p_g jumps from mode to mode and is collapsed at every "
"moment; only its mean over time covers p_data. Where D answers last, p_g "
"spreads over all modes, and V comes to −log 4 from above. Where G does, V "
"stays below −log 4: the smaller D's steps, the nearer it comes."),
    lab=lab,
)  # fmt: skip
