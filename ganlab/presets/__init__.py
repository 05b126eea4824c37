"""Named Specs: the defaults of the pages, and the phenomena of the gallery."""

from ganlab.losses import LOSSES
from ganlab.presets import (  # noqa: F401  they register
    collapse,
    coverage,
    discrete,
    dynamics,
    inference,
    memory,
    rotation,
    told,
)
from ganlab.presets.defaults import DEFAULTS, OPENING, STRIPS, Strip
from ganlab.presets.preset import COVERS, CURES, MOVES, PRESETS, PUBLISHED, RIGHT, Preset
from ganlab.spec import Spec

__all__ = ["DEFAULTS", "OPENING", "PRESETS", "STRIPS", "Preset", "Strip", "groups", "to_compile"]

_FIRST = "collapse"


def groups() -> dict[str, tuple[str, ...]]:
    """The names of the gallery's presets by group, in the order shown."""
    kinds = (COVERS, MOVES, CURES, RIGHT, PUBLISHED)
    # What the pages offer first is the first card, which plays.
    names = sorted(PRESETS, key=lambda name: name != _FIRST)
    return {kind: tuple(n for n in names if PRESETS[n].group == kind) for kind in kinds}


def to_compile() -> list[Spec]:
    """The Specs worth compiling ahead of time, the most likely ones first.

    These are the labs' defaults; the gallery's presets and their cures in order, with the published
    settings last; and the labs' defaults with each loss.
    """
    shown = [PRESETS[name] for names in groups().values() for name in names]
    early = [s for p in shown if not p.published for s in (*p.specs, *p.cured())]
    losses = [spec.replace(loss=loss) for spec in DEFAULTS.values() for loss in LOSSES]
    late = [spec for preset in shown if preset.published for spec in preset.specs]
    return [*DEFAULTS.values(), *early, *losses, *late]
