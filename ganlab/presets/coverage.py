"""Phenomena in 1-D: modes that G misses, errors that D cannot see, and dependent samples."""

from __future__ import annotations

import numpy as np
import torch

from ganlab.languages import _
from ganlab.latents import quasi_random
from ganlab.metrics import HELD
from ganlab.presets.counts import Counts
from ganlab.presets.preset import PRESETS, RIGHT, Checked, Preset, Trace, late
from ganlab.spec import Spec

_MADE = 2**14  # the number of latents behind a measure
_MINIBATCHES, _KEPT = 400, 16  # the number of minibatches, and of latents examined in each


def made(run: Checked) -> np.ndarray:
    """The samples that G makes of `_MADE` fixed latents, 1-D targets: (R, n)."""
    z = torch.from_numpy(quasi_random(run.spec.p_z, run.spec.latent_dim, _MADE)).float()
    with torch.no_grad():
        x = run.game.make(run.state.g, z.expand(len(run.specs), *z.shape))
    return x[..., 0].double().numpy()


def spread(run: Checked) -> dict[str, np.ndarray]:
    """std, (R,): the standard deviation of p_g, in units of x."""
    return {"std": made(run).std(1)}


def dependence(run: Checked) -> dict[str, np.ndarray]:
    """How far the samples of one minibatch depend on each other, with G normalised as in training.

    mean_ratio, (R,): the variance of a minibatch's mean over Var x / B, its value for independent
    samples. moved, (R,): E_z Var(G(z) | z) / Var x, the share of the variance of x that is due to
    the other latents of the minibatch.
    """
    G, fixed, batch = run.game.G, run.game.fixed, run.spec.batch
    sample = run.spec.p_z.sample
    draw = torch.Generator().manual_seed(1)
    z = sample((_MINIBATCHES, batch, run.spec.latent_dim), draw)
    rows = []
    for r, g in enumerate(run.state.g):
        # Minibatches take the place of runs: they are evaluated at once, each with its own norm.
        flat = g.expand(_MINIBATCHES, -1)
        beside = None if fixed is None else fixed[r].expand(_MINIBATCHES, -1, -1)
        moved = []
        with torch.no_grad():
            x = G(flat, z, beside)[..., 0].double()
            for one in z[:_KEPT, 0]:
                batch_of_z = torch.cat([one.expand(_MINIBATCHES, 1, -1), z[:, 1:]], 1)
                moved.append(G(flat, batch_of_z, beside)[:, 0, 0].double().var())
        rows.append([x.mean(1).var() * batch / x.var(), torch.stack(moved).mean() / x.var()])
    ratio, moved = np.array(rows).T
    return {"mean_ratio": ratio, "moved": moved}


_HEAVY = 29.0  # the weight of the heavy mode over that of the light one


def left_out(even: Trace, uneven: Trace) -> bool:
    """Whether both equal modes are held at the end, and the light one in few checks."""
    light = late(uneven, "shares")[:, 1] < HELD / (1 + _HEAVY)
    return bool(late(even, "held", 0.25).min() == 2 and light.mean() > 0.5)


_TWO = Spec(target="two_gaussians", target_params={"separation": 2.0, "std": 0.25}, d_lr=2e-3)
PRESETS.add(
    Preset(
        name="uneven",
        title=_("The light mode is found last"),
        equation="",
        doc=_(
            "G finds both of two equal modes, but of a heavy and a light one only the "
            "heavy. Few samples of a minibatch come from the light mode, and no "
            "generated sample is near enough to be drawn to it."
        ),
        cite="Goodfellow 2016, section 5.1.1",
        specs=(_TWO, _TWO.replace(target_params={**_TWO.target_params, "weights": (_HEAVY, 1.0)})),
        labels=("1 : 1", "29 : 1"),
        claim=_(
            "From iteration 300 to 400 both equal modes always have a quarter of their "
            "fair share; the light one of 29 : 1 has less than a quarter of its 3.3 % in "
            "most checks from iteration 200 on."
        ),
        iterations=400,
        every=50,
        holds=left_out,
        counts=Counts(94, 30_000, 30_099),
    )
)


def unseen(small: Trace, large: Trace) -> bool:
    """Whether p_g stays wrong with the small D and becomes right with the large one."""
    return bool(np.median(late(small, "jsd")) >= 0.25 and np.median(late(large, "jsd")) <= 0.2)


_SEEN = Spec(target="two_gaussians", target_params={"separation": 2.0, "std": 0.3}, d_lr=1e-3)
PRESETS.add(
    Preset(
        name="small-d",
        title=_("A small D cannot see G's error"),
        topic=RIGHT,
        equation="",
        doc=_(
            "A D with one unit only rises or falls with x, so it can only move G's "
            "single bump left or right. With two layers of 32 units D sees two bumps, "
            "and G splits."
        ),
        cite="Arora et al. 2017",
        specs=(_SEEN.replace(d_hidden=(1,)), _SEEN),
        labels=(_("1 unit"), "32, 32"),
        claim=_(
            "In the second half the median JSD is at least 0.25 nats with 1 unit in D, "
            "and at most 0.2 with two layers of 32."
        ),
        iterations=600,
        every=50,
        pace=((150, 7.0), (600, 8.0)),
        holds=unseen,
        counts=Counts(48, 30_000, 30_049),
    )
)


def to_a_point(frozen: Trace, live: Trace) -> bool:
    """Whether p_g misses p_data with D frozen, and has its std (3) where D learns."""
    wide = late(live, "std").mean()
    return bool(frozen["jsd"][-1] >= 0.5 and 2.4 <= wide <= 3.6 and late(live, "jsd").mean() <= 0.1)


_FROZEN = Spec(
    target_params={"mean": 0.0, "std": 3.0},
    d_activation="tanh",
    init="orthogonal",
    init_gain=2.0,
    loss="hinge",
    g_lr=5e-3,
)
PRESETS.add(
    Preset(
        name="frozen-d",
        title=_("G against a frozen D: the Helvetica scenario"),
        equation="",
        doc=_(
            "With k = 0 D never learns, and G sends every z to the one place where D is "
            "highest, wherever the data are. With k = 1 D learns to reject that place, "
            "and p_g stays as wide as p_data."
        ),
        cite="Goodfellow et al. 2014, section 6; Goodfellow 2016, section 5.1.1",
        specs=(_FROZEN.replace(k=0), _FROZEN),
        labels=("k = 0", "k = 1"),
        claim=_(
            "With k = 0 p_g ends at a single place or outside the picture, with a JSD of "
            "at least 0.5 nats; with k = 1 its standard deviation is 2.4 to 3.6 on "
            "average (the data's is 3), and the JSD is at most 0.1."
        ),
        iterations=1200,
        every=50,
        pace=((200, 8.0), (1200, 7.0)),
        holds=to_a_point,
        measure=spread,
        counts=Counts(50, 20_000, 20_049),
    )
)


def light(normal: Trace, cauchy: Trace) -> bool:
    """Whether both p_g look right, but only one reaches as far as p_data."""
    alike = all(late(a, "jsd").max() <= 0.05 for a in (normal, cauchy))
    return bool(
        alike
        and late(normal, "tail").max() <= 0.1
        and 0.5 <= late(cauchy, "tail").min()
        and late(cauchy, "tail").max() <= 2
    )


# Far samples have large gradients: clipping keeps them from disturbing either player.
_FAR = Spec(target="cauchy", gradient_clip=0.02)
PRESETS.add(
    Preset(
        name="light-tails",
        title=_("Light tails: JSD is near 0, yet G misses the tails"),
        topic=RIGHT,
        equation=r"\lvert G(z) - G(0)\rvert \le L\,\lvert z\rvert",
        doc=_(
            "If the slope of G is at most L, |G(z) − G(0)| is at most L|z|. A normal z "
            "then gives tails as light as a Gaussian's, which JSD hardly notices; a "
            "Cauchy z gives tails that reach as far as the data's."
        ),
        cite="Wiese et al. 2019; Huster et al. 2021",
        specs=(_FAR, _FAR.replace(latent="cauchy")),
        labels=(_("normal z"), _("Cauchy z")),
        claim=_(
            "In the second half of 1,000 iterations both have a JSD of at most 0.05 "
            "nats, and between its 0.1 % and 99.9 % quantiles p_g is at most a tenth as "
            "wide as p_data with the normal z, and 0.5 to 2 times as wide with the "
            "Cauchy z."
        ),
        iterations=1000,
        every=50,
        pace=((150, 7.0), (1000, 8.0)),
        holds=light,
        counts=Counts(48, 31_000, 31_049),
    )
)


def dependent(batch: Trace, reference: Trace, none: Trace) -> bool:
    """Whether only batch norm makes samples dependent, and p_g is worse for it."""
    tied = late(batch, "mean_ratio").mean() <= 0.5 and late(batch, "moved").mean() >= 0.15
    free = all(
        0.6 <= late(t, "mean_ratio").mean() <= 1.5 and late(t, "moved").max() < 1e-6
        for t in (reference, none)
    )
    return bool(tied and free and late(none, "jsd").mean() < late(batch, "jsd").mean())


_NORM = Spec(batch=8, g_norm="batch")
PRESETS.add(
    Preset(
        name="batch-norm",
        title=_("Batch norm: samples of one minibatch depend on each other"),
        topic=RIGHT,
        equation="",
        doc=_(
            "Normalised by its own minibatch of 8, the minibatch always has the right "
            "mean, and G(z) changes with the other latents in it. With a fixed reference "
            "batch, or no norm, each sample is independent."
        ),
        cite="Goodfellow 2016, section 4.4; Salimans et al. 2016, section 3.5",
        specs=(_NORM, _NORM.replace(g_norm="reference"), _NORM.replace(g_norm="none")),
        labels=(_("batch norm"), _("reference"), _("none")),
        claim=_(
            "With batch norm the means of minibatches vary at most 0.5 times as much as "
            "those of independent samples, at least 15 % of x's variance is due to the "
            "other latents, and the JSD is higher than without. With the reference batch "
            "or no norm the means vary 0.6 to 1.5 times as much, and other latents "
            "change nothing (means over the second half)."
        ),
        iterations=500,
        every=50,
        holds=dependent,
        measure=dependence,
        counts=Counts(48, 30_000, 30_049),
    )
)
