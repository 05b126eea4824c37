"""The contract of variants, as checks for their authors, here or elsewhere.

    import pytest
    from ganlab.testing import checks
    from my_losses import ENTRY

    @pytest.mark.parametrize("check", checks(ENTRY), ids=str)
    def test_my_loss(check):
        check()

A check raises AssertionError, which says what is wrong. Whether a variant computes its formula must
be tested by a test of its own.
"""

from __future__ import annotations

from typing import Any

from ganlab.latents import LatentEntry
from ganlab.losses import LossEntry
from ganlab.optim import OptimizerEntry
from ganlab.presets import Preset
from ganlab.registry import Entry
from ganlab.stabilisers import StabiliserEntry
from ganlab.targets import TargetEntry
from ganlab.testing import common, latents, losses, optimisers, presets, stabilisers, targets
from ganlab.testing.common import Check, another, using

__all__ = ["Check", "another", "checks", "using"]

_KINDS: tuple[tuple[type[Entry], tuple[Any, ...]], ...] = (
    (LossEntry, losses.CHECKS),
    (TargetEntry, targets.CHECKS),
    (LatentEntry, latents.CHECKS),
    (OptimizerEntry, optimisers.CHECKS),
    (StabiliserEntry, stabilisers.CHECKS),
    (Preset, presets.CHECKS),
)


def checks(entry: Entry, **beside: Any) -> list[Check]:
    """The checks of an entry that has been added to its registry.

    beside: fields of the Specs in which it is tested, if it does not go together with the defaults.
    Raises ValueError if the entry is in no registry.
    """
    registry = common.registry_of(entry)
    if registry is None:
        raise ValueError(f"{entry.name!r} is in no registry: add it before it is checked")
    own = next((own for kind, own in _KINDS if isinstance(entry, kind)), ())
    general = () if isinstance(entry, Preset) else common.CHECKS
    if registry.field == "page":
        from ganlab.testing import pages  # it imports Streamlit

        general, own = (), pages.CHECKS
    return [Check(entry, made, beside) for made in (*general, *own)]
