"""Presets of finite training data: learnt by heart or not, and augmentation as a cure."""

from __future__ import annotations

from ganlab.languages import _
from ganlab.presets.counts import Counts
from ganlab.presets.preset import CURES, PRESETS, RIGHT, Preset, Trace, late
from ganlab.spec import Spec


def by_heart(few: Trace, many: Trace) -> bool:
    """Whether D and G learn ten points by heart, and neither does with two thousand."""
    learnt = late(few, "overfit").mean() >= 0.2 and late(few, "data_distance", 0.3).mean() <= 0.85
    new = abs(late(many, "overfit")).max() <= 0.02
    return bool(learnt and new and 0.75 <= late(many, "data_distance", 0.3).mean() <= 1.3)


def augmentation_cures(plain: Trace, some: Trace, always: Trace) -> bool:
    """Whether some augmentation keeps D from learning by heart, and helps G; always is too much."""
    learnt, kept, never = (late(t, "overfit").mean() for t in (plain, some, always))
    jsd = [late(t, "jsd").mean() for t in (plain, some, always)]
    return bool(learnt > 0.25 > kept and abs(never) <= 0.02 and jsd[1] == min(jsd))


_TEN = Spec(
    target="moons",
    data_size=10,
    latent_dim=2,
    d_hidden=(64, 64),
    k=3,
    g_lr=1e-3,
    d_lr=1e-3,
    batch=64,
)
PRESETS.add(
    Preset(
        name="by-heart",
        title=_("Ten points are learnt by heart"),
        topic=RIGHT,
        equation="",
        doc=_(
            "The training data are drawn once. D learns ten points instead of p_data, so "
            "that G is drawn to these points and copies them. Two thousand points are "
            "too many to learn."
        ),
        cite="Karras et al. 2020",
        specs=(_TEN, _TEN.replace(data_size=2000)),
        labels=(_("10 points"), _("2,000 points")),
        claim=_(
            "In the second half V on the ten training points exceeds V on new data by at "
            "least 0.2 nats on average, and at the end generated samples are at most "
            "0.85 times as far from the training data as new data are. With 2,000 points "
            "the two V differ by at most 0.02 nats, and generated samples are as far "
            "from the data as new data, within 30 %."
        ),
        iterations=1000,
        every=100,
        holds=by_heart,
        counts=Counts(59, 62_000, 62_059),
    )
)
PRESETS.add(
    Preset(
        name="augmentation",
        title=_("Augmentation keeps D from learning ten points by heart"),
        topic=CURES,
        equation=r"D(T(x)),\ \ D(T(G(z)))",
        doc=_(
            "D sees real and generated samples through the same random transformations "
            "T, so it cannot tell the ten points from what lies around them. If only "
            "some samples are transformed, the best G still has p_data itself; if all "
            "are, G cannot know which rotation is right."
        ),
        cite="Zhao et al. 2020; Karras et al. 2020",
        specs=tuple(_TEN.replace(augmentation=p) for p in (0.0, 0.4, 1.0)),
        labels=(_("none"), "p = 0.4", "p = 1"),
        claim=_(
            "In the second half V on the ten training points exceeds V on new data by "
            "more than 0.25 nats on average without augmentation, by less with p = 0.4, "
            "and by at most 0.02 with p = 1. The JSD from p_data is smallest with p = "
            "0.4."
        ),
        iterations=1000,
        every=100,
        holds=augmentation_cures,
        counts=Counts(57, 63_000, 63_059),
    )
)
