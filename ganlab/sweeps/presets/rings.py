"""Presets of maps on the ring: rates and k, D's width, two cures of collapse, and the batch."""

from __future__ import annotations

import numpy as np

from ganlab.languages import _
from ganlab.presets.counts import Counts
from ganlab.presets.defaults import CROWD
from ganlab.presets.preset import late
from ganlab.spec import Spec
from ganlab.sweeps.presets.preset import MAP_PRESETS, MapPreset, Traces

_RING = Spec(
    target="ring", latent_dim=2, g_hidden=(16, 16), d_hidden=(16, 16), g_lr=1e-3, batch=128
)
# Wider modes and nets, which find all modes within 2,000 iterations if nothing is in their way.
_WIDE = _RING.replace(g_hidden=(32, 32), d_hidden=(32, 32), d_lr=3e-3, target_params={"std": 0.1})


def middle(traces: Traces, at: tuple[int, ...], name: str = "held") -> float:
    """The median of a measure over the last half of a cell's run."""
    return float(np.nanmedian(late(traces[at], name)))


def _traded(traces: Traces) -> bool:
    slow = middle(traces, (1, 0)) - middle(traces, (0, 0))
    fast = middle(traces, (1, 1)) - middle(traces, (0, 1))
    return slow >= 2 and fast < 0


MAP_PRESETS.add(
    MapPreset(
        name="ttur",
        title=_("k against D's rate, on a ring"),
        equation="",
        doc=_(
            "G's rate is 0.001. The more often D is updated, the lower its best rate: "
            "the ridge of most modes falls from left to right. A slow D needs many "
            "updates, and a fast one is made worse by them."
        ),
        cite="Heusel et al. 2017, two time scales; Goodfellow et al. 2014, algorithm 1",
        base=_RING,
        axes={"k": "1,2,3,5,8", "d_lr": "0.0001..0.01:9:log"},
        shown="held",
        claim=_(
            "In the second half, with a rate of 0.0003 of D k = 5 holds at least 2 modes "
            "more than k = 1; with a rate of 0.01 it holds fewer than k = 1."
        ),
        coarse={"k": "1,5", "d_lr": "0.0003,0.01"},
        holds=_traded,
        counts=Counts(46, 40_000, 40_049),
    )
)


def _seen(traces: Traces) -> bool:
    worse = [middle(traces, (0, n), "jsd") - middle(traces, (1, n), "jsd") for n in (0, 1)]
    return min(worse) >= 0.03 and middle(traces, (1, 0)) >= 7 and middle(traces, (1, 1)) >= 15


MAP_PRESETS.add(
    MapPreset(
        name="d-width",
        title=_("D's width against the number of modes"),
        equation="",
        doc=_(
            "D must bend around each mode. A D with few units sees some of them as one, "
            "and G is not missed where D cannot look. With layers of 16 units nearly all "
            "of 8 modes or more are found."
        ),
        cite="Arora et al. 2017",
        base=_WIDE,
        axes={"d_hidden": "4,4;8,8;16,16;32,32;64,64", "t.count": "2,4,8,12,16"},
        shown="held",
        claim=_(
            "In the second half, with two layers of 32 units in D at least 7 of 8 modes "
            "are held and at least 15 of 16; with layers of 4 the median JSD is at least "
            ".03 nats higher, with 8 modes and with 16."
        ),
        coarse={"d_hidden": "4,4;32,32", "t.count": "8,16"},
        holds=_seen,
        counts=Counts(49, 60_000, 60_049),
    )
)


def _cured(traces: Traces) -> bool:
    neither, unrolled = (middle(traces, (n, 0), "jsd") for n in (0, 1))
    kernels = min(middle(traces, (n, 1)) for n in (0, 1))
    return middle(traces, (0, 0)) <= 4 and unrolled < neither and kernels >= 7


MAP_PRESETS.add(
    MapPreset(
        name="unrolling-minibatch",
        title=_("Unrolling against minibatch discrimination"),
        equation="",
        doc=_(
            "Both cures act on a G that collapses. Unrolling spreads it over more modes "
            "the more steps it looks ahead; 4 kernels of minibatch discrimination fill "
            "the ring with or without it, and a single kernel is no cure."
        ),
        cite="Metz et al. 2017; Salimans et al. 2016, section 3.2",
        base=CROWD,
        axes={"unroll": "0,1,2,5", "minibatch_discrimination": "0,1,2,4,8"},
        iterations=600,
        shown="held",
        claim=_(
            "In the second half of 600 iterations at most 4 of 8 modes are held with "
            "neither; the median JSD is lower with 5 unrolled steps alone; and at least "
            "7 modes are held with 4 kernels, unrolled or not."
        ),
        coarse={"unroll": "0,5", "minibatch_discrimination": "0,4"},
        holds=_cured,
        counts=Counts(50, 70_000, 70_049),
    )
)


def _batched(traces: Traces) -> bool:
    falls = [middle(traces, (0, n), "jsd") - middle(traces, (1, n), "jsd") for n in (0, 1)]
    return min(falls) >= 0.03


MAP_PRESETS.add(
    MapPreset(
        name="batch-modes",
        title=_("Batch against the number of modes"),
        equation="",
        doc=_(
            "A minibatch that is smaller than the number of modes says little about "
            "which of them G misses. Larger minibatches bring p_g nearer to p_data after "
            "as many iterations, for few modes and for many."
        ),
        cite="Brock et al. 2019, BigGAN",
        base=_WIDE,
        axes={"batch": "4,8,16,32,64,128,256", "t.count": "2,4,8,12,16"},
        shown="jsd",
        claim=_(
            "In the second half the median JSD is at least .03 nats lower with "
            "minibatches of 64 than of 4, with 8 modes and with 16."
        ),
        coarse={"batch": "4,64", "t.count": "8,16"},
        holds=_batched,
        counts=Counts(49, 40_000, 40_049),
    )
)
