"""Phenomena of the ring: mode collapse, hopping between modes, and what restores diversity."""

from __future__ import annotations

from ganlab.languages import _
from ganlab.presets.counts import Counts
from ganlab.presets.defaults import CROWD, DEFAULTS
from ganlab.presets.preset import CURES, PRESETS, Preset, Trace, late

RING = DEFAULTS[2]


def hops(a: Trace) -> bool:
    """Whether G covers at most two modes in two of three checks, and its main mode changes."""
    leaders = set(late(a, "shares", 0.8).argmax(1).tolist())
    return bool((late(a, "top2", 0.8) >= 0.9).mean() >= 2 / 3 and len(leaders) >= 3)


def restored(a: Trace, b: Trace, kept: int = 8) -> bool:
    """Whether `a` has few of the 8 modes, and `b` always at least `kept` and a lower JSD."""
    few = late(a, "held").mean() <= 4
    most = late(b, "held", 0.25).min() >= kept
    return bool(few and most and late(b, "jsd").mean() < late(a, "jsd").mean())


PRESETS.add(
    Preset(
        name="hopping",
        title=_("Mode collapse: one mode after another"),
        equation="",
        doc=_(
            "G puts nearly all its mass where D was last fooled, D learns to reject it, "
            "and G moves on. It never settles and never covers the ring."
        ),
        cite="Metz et al. 2017, figure 2; Goodfellow 2016, section 5.1.1",
        specs=(RING.replace(latent_dim=64, batch=128),),
        labels=("G",),
        claim=_(
            "In two checks of three at least 90 % of the mass is on at most 2 of the 8 "
            "modes, and at least 3 different modes take the lead."
        ),
        iterations=1500,
        every=50,
        holds=hops,
        counts=Counts(50, 30_000, 30_049),
    )
)

# The modes are wider and the rates higher than published, so that all 8 are found within seconds.
# At still higher rates K = 0 finds them all as well, within some thousand iterations.
_UNROLL = RING.replace(latent_dim=16, batch=128, target_params={"std": 0.1}, g_lr=2e-3, d_lr=2e-3)
PRESETS.add(
    Preset(
        name="unrolling",
        title=_("Unrolled D: G anticipates D's response"),
        topic=CURES,
        equation="",
        doc=_(
            "Against the current D, G collapses to a few modes. Against D as it would be "
            "5 updates later, collapsing does not pay, so G spreads over the whole ring "
            "and stays there."
        ),
        cite="Metz et al. 2017",
        specs=(_UNROLL, _UNROLL.replace(unroll=5)),
        labels=("K = 0", "K = 5"),
        claim=_(
            "In the second half K = 0 holds at most 4 of the 8 modes on average; K = 5 "
            "holds all 8 in every check of the last quarter, at a lower JSD."
        ),
        iterations=600,
        every=50,
        pace=((150, 8.0), (600, 7.0)),
        holds=restored,
        counts=Counts(48, 30_000, 30_049),
    )
)

PRESETS.add(
    Preset(
        name="collapse",
        title=_("Mode collapse, and two cures to try"),
        equation="",
        doc=_(
            "G sends every z to the place that D currently believes to be real, and most "
            "of the ring stays empty. Above the picture are two cures: each of them "
            "fills all 8 modes."
        ),
        cite="Goodfellow 2016, section 5.1.1; Salimans et al. 2016; Metz et al. 2017",
        specs=(CROWD,),
        labels=("G",),
        claim=_(
            "In the second half of 600 iterations G holds at most 4 of the 8 modes on average."
        ),
        iterations=600,
        every=50,
        holds=lambda a: late(a, "held").mean() <= 4,
        cures=(("minibatch_discrimination", 4), ("unroll", 5)),
        counts=Counts(50, 7000, 7049),
    )
)
PRESETS.add(
    Preset(
        name="minibatch-discrimination",
        title=_("Minibatch discrimination: D sees when samples are too alike"),
        topic=CURES,
        equation="",
        doc=_(
            "D also sees how close a sample is to the rest of its minibatch, and rejects "
            "samples that are too close. G must be as diverse as the data, and covers "
            "all modes."
        ),
        cite="Salimans et al. 2016, section 3.2",
        specs=(CROWD, CROWD.replace(minibatch_discrimination=4, minibatch_dims=2)),
        labels=(_("off"), _("4 kernels")),
        claim=_(
            "In the second half the plain D lets G hold at most 4 of the 8 modes on "
            "average; with 4 kernels all 8 are held in every check of the last quarter, "
            "at a lower JSD."
        ),
        iterations=600,
        every=50,
        pace=((150, 8.0), (600, 7.0)),
        holds=restored,
        counts=Counts(49, 10_000, 10_049),
    )
)

_PACK = RING.replace(batch=64, target_params={"std": 0.15}, g_lr=3e-3, d_lr=3e-3)
PRESETS.add(
    Preset(
        name="packing",
        title=_("Packing: D judges four samples at once"),
        topic=CURES,
        equation="",
        doc=_(
            "Four samples of a collapsed G are more alike than four samples of the data, "
            "and D sees this because it judges them together. Judged alone, each of them "
            "would pass as real."
        ),
        cite="PacGAN, Lin et al. 2018",
        specs=(_PACK, _PACK.replace(packing=4)),
        labels=(_("one by one"), _("packs of 4")),
        claim=_(
            "In packs of 4 at least 7 of 8 modes are held in every check of the last "
            "quarter; judged one by one, G does not hold more modes on average over the "
            "second half."
        ),
        iterations=1200,
        every=100,
        # Judged one by one, G holds at most 4 on nine seeds of ten; on the tenth it finds them all.
        holds=lambda a, b: bool(
            late(b, "held", 0.25).min() >= 7 and late(a, "held").mean() <= late(b, "held").mean()
        ),
        counts=Counts(50, 20_000, 20_049),
    )
)

# As published, except for the D of Metz et al., which sees x/4.
_METZ = RING.replace(
    latent_dim=256,
    g_hidden=(128, 128),
    d_hidden=(128,),
    loss="minimax",
    g_lr=1e-4,
    d_lr=1e-4,
    batch=512,
)
PRESETS.add(
    Preset(
        name="unrolling-published",
        title=_("Unrolled D, at the settings of the paper"),
        equation="",
        doc=_(
            "Without unrolling, on most seeds G hops between few modes for all of 25,000 "
            "iterations. With 5 unrolled steps it finds all of them between iterations "
            "10,000 and 20,000, and then narrows each one."
        ),
        cite="Metz et al. 2017, section 3.1 and appendix A",
        specs=(_METZ, _METZ.replace(unroll=5)),
        labels=("K = 0", "K = 5"),
        claim=_(
            "After 25,000 iterations K = 5 holds all 8 modes (at least a quarter of a "
            "fair share each), and more of its samples than of K = 0's are within 3σ of "
            "a mode."
        ),
        iterations=25_000,
        every=500,
        holds=lambda a, b: bool(b["held"][-1] == 8 and b["hq"][-1] > a["hq"][-1]),
        published=True,
    )
)

_PACGAN = RING.replace(
    target_params={"radius": 1.0, "std": 0.01},
    g_hidden=(400,) * 4,
    g_norm="batch",
    d_hidden=(200,) * 3,
    d_activation="maxout",
    init="gaussian",
    init_gain=0.02,
    g_lr=1e-4,
    d_lr=1e-4,
    betas=(0.8, 0.999),
    batch=100,
)
PRESETS.add(
    Preset(
        name="packing-published",
        title=_("Packing, at the settings of the paper"),
        equation="",
        doc=_(
            "Over 400 epochs of 100,000 points G captures 6.3 of the 8 modes on average "
            "when D judges samples one by one. In packs of 2 it captures 7.9."
        ),
        cite="PacGAN, Lin et al. 2018",
        specs=(_PACGAN, _PACGAN.replace(packing=2)),
        labels=(_("one by one"), _("packs of 2")),
        claim=_(
            "After 400,000 iterations packs of 2 have captured at least 7 of the 8 "
            "modes, and at least as many as one by one."
        ),
        iterations=400_000,
        every=4000,
        holds=lambda a, b: bool(b["modes"][-1] >= max(7, a["modes"][-1])),
        published=True,
    )
)
