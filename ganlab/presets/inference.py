"""Presets of an encoder that infers z from x."""

from __future__ import annotations

from ganlab.languages import _
from ganlab.presets.counts import Counts
from ganlab.presets.defaults import DEFAULTS
from ganlab.presets.preset import PRESETS, RIGHT, Preset, Trace, late


def _inverse(trace: Trace) -> bool:
    """Whether E and G invert each other in the last quarter, on average."""
    return all(bool(late(trace, name, 0.25).mean() < 0.15) for name in ("cycle_x", "cycle_z"))


PRESETS.add(
    Preset(
        name="latent-regressor",
        title=_("Inference beside the game: E learns which z made x"),
        topic=RIGHT,
        equation=r"\min_E\ \mathbb{E}\,\lVert E(G(z)) - z \rVert^2",
        doc=_(
            "An encoder learns z from samples of G alone. Follow the dashed lines from x "
            "down to E(x): once p_g covers p_data, the arrows back up end where the "
            "lines began. The game is the same as without E, bit for bit."
        ),
        cite="Goodfellow et al. 2014, section 7; Donahue et al. 2017",
        specs=(DEFAULTS[1].replace(inference=_("regression"), init_gain=0.5),),
        labels=(_("E beside the game"),),
        claim=_(
            "In the last quarter the mean distances of x to G(E(x)) and of z to E(G(z)) "
            "are below 0.15 on average, and the JSD is below 0.03."
        ),
        iterations=600,
        every=30,
        holds=lambda a: _inverse(a) and bool(late(a, "jsd", 0.25).mean() < 0.03),
        counts=Counts(60, 66_000, 66_059),
    )
)

# G starts as a fold: x = 0.4 + 0.3 s(±z) + 0.15 (s(±z - 1/2) + ...), the same for z and -z.
_FOLDED = (*(1.0,) * 4, *(-1.0,) * 4, *(0.0, -0.5, -1.0, -1.5) * 2, *(0.3, 0.15, 0.15, 0.15) * 2)
_FOLD = DEFAULTS[1].replace(g_hidden=(8,), g_start=(*_FOLDED, 0.4), r1=0.3, g_lr=1e-3)


def unfolded(beside: Trace, joint: Trace) -> bool:
    """Whether only the G that plays on pairs has unfolded at the end."""
    kept = late(beside, "cycle_z", 0.25).min() > 0.7
    jsd = late(joint, "jsd", 0.25).mean() < late(beside, "jsd", 0.25).mean() / 2
    return bool(kept and jsd and _inverse(joint))


PRESETS.add(
    Preset(
        name="joint-inference",
        title=_("Joint inference: D of pairs unfolds G"),
        topic=RIGHT,
        equation=r"\min_{G, E} \max_D\ \mathbb{E}\,\log D(x, E(x)) + "
        r"\mathbb{E}\,\log(1 - D(G(z), z))",
        doc=_(
            "G starts as a fold: z and −z make the same x. With regression E can only "
            "return their mean, 0, and nothing tells G to unfold. A D that judges pairs "
            "sees that E(x) is never the z that made x, until G and E invert each other."
        ),
        cite="Dumoulin et al. 2017; Donahue et al. 2017",
        specs=(_FOLD.replace(inference="regression"), _FOLD.replace(inference="joint")),
        labels=(_("E beside the game"), _("joint")),
        claim=_(
            "In the last quarter the mean distance of z to E(G(z)) beside the game stays "
            "above 0.7. With joint inference it and that of x to G(E(x)) are below 0.15 "
            "on average, and the JSD is less than half of the other one."
        ),
        iterations=1000,
        every=50,
        holds=unfolded,
        counts=Counts(59, 67_000, 67_059),
    )
)
