"""The preset of finite training data: learnt by heart, or not."""

from __future__ import annotations

from ganlab.presets.counts import Counts
from ganlab.presets.preset import PRESETS, Preset, Trace, late
from ganlab.spec import Spec


def by_heart(few: Trace, many: Trace) -> bool:
    """Whether D and G learn ten points by heart, and neither does with two thousand."""
    learnt = late(few, "overfit").mean() >= 0.2 and late(few, "data_distance", 0.3).mean() <= 0.85
    new = abs(late(many, "overfit")).max() <= 0.02
    return bool(learnt and new and 0.75 <= late(many, "data_distance", 0.3).mean() <= 1.3)


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
        title="Ten points are learnt by heart",
        equation="",
        doc="The training data are drawn once. D learns ten points instead of p_data, so that G is "
        "drawn to these points and copies them. Two thousand points are too many to learn.",
        cite="Karras et al. 2020",
        specs=(_TEN, _TEN.replace(data_size=2000)),
        labels=("10 points", "2,000 points"),
        claim="In the second half V on the ten training points exceeds V on new data by at least "
        "0.2 nats on average, and at the end generated samples are at most 0.85 times as far from "
        "the training data as new data are. With 2,000 points the two V differ by at most 0.02 "
        "nats, and generated samples are as far from the data as new data, within 30 %.",
        iterations=1000,
        every=100,
        holds=by_heart,
        counts=Counts(59, 62_000, 62_059),
    )
)
