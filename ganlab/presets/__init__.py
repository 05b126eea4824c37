"""Named Specs: what the pages open with, and the phenomena of the gallery."""

from ganlab.losses import LOSSES
from ganlab.presets import collapse, coverage, dynamics, rotation  # noqa: F401  they register
from ganlab.presets.defaults import DEFAULTS, OPENING, STRIPS, Strip
from ganlab.presets.preset import COVERS, MOVES, PRESETS, PUBLISHED, Preset
from ganlab.spec import Spec

__all__ = ["DEFAULTS", "OPENING", "PRESETS", "STRIPS", "Preset", "Strip", "groups", "to_compile"]


def groups() -> dict[str, tuple[str, ...]]:
    """What the gallery shows, in its order: names by group."""
    kinds = (COVERS, MOVES, PUBLISHED)
    return {kind: tuple(n for n in PRESETS if PRESETS[n].group == kind) for kind in kinds}


def to_compile() -> list[Spec]:
    """What is worth compiling ahead, the likeliest first.

    What the labs open with; the gallery in its order, with its cures, but the published settings
    last; and what the labs open with, with each loss.
    """
    shown = [PRESETS[name] for names in groups().values() for name in names]
    early = [s for p in shown if not p.published for s in (*p.specs, *p.cured())]
    losses = [spec.replace(loss=loss) for spec in DEFAULTS.values() for loss in LOSSES]
    late = [spec for preset in shown if preset.published for spec in preset.specs]
    return [*DEFAULTS.values(), *early, *losses, *late]
