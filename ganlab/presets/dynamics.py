"""Phenomena of the players' dynamics: convergence, stalling, oscillation, and the limits of JSD."""

from __future__ import annotations

from typing import Any

import numpy as np

from ganlab.languages import _
from ganlab.presets.counts import Counts
from ganlab.presets.defaults import DEFAULTS
from ganlab.presets.measures import lonely, off
from ganlab.presets.preset import CURES, MOVES, PRESETS, RIGHT, Preset, Trace, late
from ganlab.spec import Spec

_FAR: dict[str, Any] = {"init_gain": 0.5, "optimizer": "sgd", "g_lr": 0.02, "d_lr": 0.2, "k": 5}
_APART: dict[str, Any] = {
    **{"init_gain": 0.3, "optimizer": "sgd", "loss": "minimax", "g_lr": 0.1, "d_lr": 0.2, "k": 3}
}


def _at(trace: Trace, iteration: int) -> int:
    """The index of the first check at or after an iteration."""
    return int(np.searchsorted(trace["iteration"], iteration))


PRESETS.add(
    Preset(
        name="convergence",
        title=_("Figure 1: p_g moves onto p_data"),
        topic=RIGHT,
        equation="",
        doc=_(
            "D separates the two bumps, G follows D's slope to the data, and D falls "
            "back to one half everywhere. It works here because D learns ten times as "
            "fast as G."
        ),
        cite="Goodfellow et al. 2014, figure 1",
        specs=(DEFAULTS[1],),
        labels=("G",),
        claim=_(
            "JSD falls from at least .3 nats to at most .03, and stays there from "
            "iteration 1,500 to 2,400."
        ),
        iterations=2400,
        every=100,
        pace=((300, 12.0), (2400, 8.0)),
        holds=lambda a: a["jsd"][0] >= 0.3 and a["jsd"][_at(a, 1500) :].max() <= 0.03,
        counts=Counts(49, 10_000, 10_049),
    )
)


def _saturates(minimax: Trace, other: Trace) -> bool:
    early = slice(_at(minimax, 20), _at(minimax, 60) + 1)
    stalled = minimax["w1"].min() >= 0.9 * minimax["w1"][0]
    gone = np.median(minimax["grad_x"][early]) <= np.median(other["grad_x"][early]) / 10
    return bool(stalled and gone and late(other, "w1", 0.25).max() <= 0.5)


PRESETS.add(
    Preset(
        name="saturation",
        title=_("A confident D leaves minimax no gradient"),
        topic=MOVES,
        equation=r"\nabla \log(1 - D) = -D\,\nabla a,\quad \nabla \log D = (1 - D)\,\nabla a",
        doc=_(
            "D is sure of every fake: log(1 − D) is flat there and G stands still, while "
            "log D is steepest there and G moves. Both losses have the same fixed point "
            "and the same D, but another gradient."
        ),
        cite="Goodfellow et al. 2014, section 3",
        specs=tuple(
            Spec(target_params={"mean": 4.0, "std": 0.5}, loss=loss, **_FAR)
            for loss in ("minimax", "non-saturating")
        ),
        labels=(_("minimax"), _("non-saturating")),
        claim=_(
            "From iteration 20 to 60 the gradient at minimax's samples is at least 10 "
            "times smaller. Minimax's W₁ never falls by 10 %, while the other's falls "
            "from about 4 to at most .5."
        ),
        iterations=300,
        every=10,
        holds=_saturates,
        counts=Counts(49, 10_000, 10_049),
    )
)


def _flat(*traces: Trace) -> bool:
    def one(a: Trace) -> bool:
        halved = a["w1"] <= a["w1"][0] / 2
        return bool(halved.any() and a["jsd"][: int(halved.argmax())].min() >= 0.69)

    return all(one(a) for a in traces)


PRESETS.add(
    Preset(
        name="jsd-flat",
        title=_("JSD does not measure distance"),
        topic=RIGHT,
        equation=r"\mathrm{JSD} = \ln 2\ \text{while supports are disjoint}",
        doc=_(
            "The two densities do not overlap, so JSD is ln 2 however far apart they "
            "are, while W₁ falls steadily. G moves because D is smooth, not because the "
            "divergence has a slope."
        ),
        cite="Arjovsky et al. 2017, example 1",
        specs=(
            Spec(target_params={"mean": 6.0, "std": 0.1}, init_gain=0.3),
            Spec(
                target_params={"mean": 6.0, "std": 0.1},
                init_gain=0.3,
                loss="wasserstein",
                gradient_penalty=1.0,
            ),
        ),
        labels=(_("non-saturating"), _("Wasserstein + penalty")),
        claim=_(
            "In both, W₁ falls from about 6 to half of it within 600 iterations, and JSD "
            "is at least .69 nats (of ln 2 = .693) at every check until then."
        ),
        iterations=600,
        every=20,
        holds=_flat,
        counts=Counts(50, 10_000, 10_049),
    )
)
PRESETS.add(
    Preset(
        name="instance-noise",
        title=_("Instance noise gives D a slope"),
        topic=CURES,
        equation="",
        doc=_(
            "A narrow bump far away: D is sure at once and minimax stalls. Noise on D's "
            "inputs makes the two densities overlap; as the noise fades, G converges to "
            "the data."
        ),
        cite="Sønderby et al. 2017; Arjovsky & Bottou 2017",
        specs=tuple(
            Spec(
                target_params={"mean": 3.0, "std": 0.1},
                instance_noise=noise,
                instance_noise_decay=400,
                **_APART,
            )
            for noise in (0.0, 2.0)
        ),
        labels=(_("plain"), _("with noise")),
        claim=_(
            "Without noise W₁, 3 at the start, is never below 2 within 300 iterations; "
            "with noise it is at most .2 from iteration 300 to 500."
        ),
        iterations=500,
        every=25,
        holds=lambda a, b: (
            a["w1"][: _at(a, 300) + 1].min() >= 2 and b["w1"][_at(b, 300) :].max() <= 0.2
        ),
        counts=Counts(50, 10_000, 10_049),
    )
)
PRESETS.add(
    Preset(
        name="rates",
        title=_("Which of the two players is faster"),
        topic=MOVES,
        equation="",
        doc=_(
            "The same two rates, exchanged between the players. A slow D follows a G "
            "that has already moved on; a fast D is near its optimum, so that G descends "
            "a real divergence."
        ),
        cite="Heusel et al. 2017, two time scales",
        specs=(Spec(g_lr=5e-3, d_lr=3e-4), Spec(g_lr=3e-4, d_lr=5e-3)),
        labels=(_("G fast"), _("D fast")),
        claim=_(
            "From iteration 500 to 1,200 the highest JSD is at least twice as high with "
            "a fast G as with a fast D."
        ),
        iterations=1200,
        every=50,
        pace=((250, 7.0), (1200, 8.0)),
        holds=lambda a, b: a["jsd"][_at(a, 500) :].max() >= 2 * b["jsd"][_at(b, 500) :].max(),
        counts=Counts(50, 20_000, 20_049),
    )
)


def _three_ks(few: Trace, some: Trace, many: Trace) -> bool:
    few_jsd, some_jsd = (late(a, "jsd").mean() for a in (few, some))
    swings = few["off"].max() >= 1.5 and few_jsd >= 2 * some_jsd
    return bool(swings and some["jsd"][-1] <= 0.2 and many["jsd"].min() >= 0.69)


PRESETS.add(
    Preset(
        name="k",
        title=_("Too few, enough, and too many updates of D"),
        topic=MOVES,
        equation="",
        doc=_(
            "With k = 1 D lags behind: G passes the data and oscillates. With k = 20 D "
            "is so sure that minimax leaves G no gradient. A k between them works."
        ),
        cite="Goodfellow et al. 2014, algorithm 1 and section 3",
        specs=tuple(
            Spec(
                target_params={"mean": 3.0, "std": 0.4},
                init="orthogonal",
                init_gain=0.6,
                g_activation="tanh",
                optimizer="sgd",
                loss="minimax",
                g_lr=0.1,
                d_lr=0.05,
                batch=128,
                k=k,
            )
            for k in (1, 3, 20)
        ),
        labels=("k = 1", "k = 3", "k = 20"),
        claim=_(
            "G's mean starts 3 left of the data's. With k = 1 it passes it by at least "
            "1.5, and over the last 100 of 200 iterations its JSD is on average at least "
            "twice that of k = 3, which ends at .2 nats or less. With k = 20 JSD is .69 "
            "(ln 2) at every check."
        ),
        iterations=200,
        every=10,
        measure=off,
        holds=_three_ks,
        counts=Counts(50, 10_000, 10_049),
    )
)


def _wanders(a: Trace) -> bool:
    jsd = a["jsd"][_at(a, 1000) :]
    risen = (jsd - np.minimum.accumulate(jsd)).max()
    both = a["shares"][_at(a, 1000) :].min() >= 0.4
    return bool(both and jsd.min() >= 0.04 and np.median(jsd) >= 0.06 and risen >= 0.02)


PRESETS.add(
    Preset(
        name="wandering",
        title=_("Equal rates: close, but no convergence"),
        topic=MOVES,
        equation="",
        doc=_(
            "Both players are equally fast, and G covers both modes within 1,000 "
            "iterations, usually much sooner. Then it keeps moving: spikes appear, and D "
            "answers each of them."
        ),
        cite="Goodfellow 2016, section 5.1",
        specs=(Spec(target="two_gaussians", g_lr=1e-3, d_lr=1e-3, betas=(0.5, 0.999)),),
        labels=("G",),
        claim=_(
            "From iteration 1,000 to 2,000 each mode holds at least 40 % of p_g, yet JSD "
            "is at least .04 nats at every check, its median is at least .06, and it "
            "rises by at least .02 above a minimum reached before."
        ),
        iterations=2000,
        every=50,
        pace=((400, 8.0), (2000, 8.0)),
        holds=_wanders,
        counts=Counts(50, 30_000, 30_049),
    )
)


def _fills(one: Trace, both: Trace) -> bool:
    def after(trace: Trace) -> np.ndarray:
        return trace["there"][_at(trace, 150) :]

    alone = min(one["alone"].min(), both["alone"].min()) >= 0.9
    near = np.abs(after(both) - 0.3).max() <= 0.06
    weaker = one["grad_x"][-1] >= 1.5 * both["grad_x"][-1]
    return bool(alone and near and after(one).max() <= 0.03 and weaker)


PRESETS.add(
    Preset(
        name="two-sided-smoothing",
        title=_("Why only one side is smoothed"),
        topic=MOVES,
        equation=r"D^* = \frac{(1 - \alpha)\,p_{\rm data} + \beta\,p_g}{p_{\rm data} + p_g}",
        doc=_(
            "G is fixed between two modes, where there are no data. With fakes labelled "
            "β = .3 D stays at .3 there instead of falling to 0, so much of the gradient "
            "that would move G away is gone. Smoothing only the real labels does no such "
            "harm."
        ),
        cite="Goodfellow 2016, section 4.2",
        specs=tuple(
            Spec(
                target="two_gaussians",
                target_params={"separation": 8.0},
                g_lr=1e-6,
                smooth_real=0.1,
                smooth_fake=beta,
            )
            for beta in (0.0, 0.3)
        ),
        labels=("β = 0", "β = .3"),
        claim=_(
            "Where only G is, D is at most .03 from iteration 150 on with β = 0, and .3 "
            "within .06 with β = .3, where the gradient that reaches G at iteration 300 "
            "is at least 1.5 times smaller."
        ),
        iterations=300,
        every=15,
        holds=_fills,
        measure=lonely,
        counts=Counts(50, 10_000, 10_049),
    )
)
