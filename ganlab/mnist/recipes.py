"""What the page and the command offer to train: the paper's model, and a quick one."""

from __future__ import annotations

from dataclasses import dataclass

from ganlab.registry import Entry, Registry
from ganlab.spec import Spec


@dataclass(frozen=True)
class Recipe(Entry):
    """A Spec with a name; epochs: how many show what it can do."""

    spec: Spec = None  # type: ignore
    epochs: int = 10


RECIPES: Registry[Recipe] = Registry("recipe")
