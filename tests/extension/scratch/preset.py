"""A preset that shows the effect of the anchor."""

from ganlab.presets import PRESETS, Preset
from ganlab.spec import Spec

ENTRY = PRESETS.add(
    Preset(
        name="anchored",
        title="Anchored logits",
        equation="",
        doc="D is held near one half. G learns from what little it says.",
        cite="ganlab 2026",
        specs=(Spec(), Spec(weight_decay=0.01)),
        labels=("free", "decayed"),
        claim="JSD ends below 0.6 nats.",
        iterations=500,
        every=50,
        holds=lambda a, b: a["jsd"][-1] < 0.6,
    )
)
