"""Distributions over symbols, and over short strings of them, as one-hot vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
import torch

from ganlab.languages import _
from ganlab.registry import Param, SpecError
from ganlab.targets.base import TARGETS, Floats, Target, TargetEntry, frozen
from ganlab.targets.mode_params import MAX_WEIGHT, mode_weights

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/"
MOST_STRINGS = 2**13  # that are enumerated


class Symbols(Target):
    """Probabilities of all strings of `positions` letters.

    alphabet: the letters. strings: all strings, in the order of the alphabet, the last position
    fastest; probabilities (strings,); valid (strings,): whether one belongs to the grammar. words
    (strings, dim), float32: each string as one-hot vectors, one after the other.
    """

    has_density = False

    def __init__(self, alphabet: str, positions: int, weights: Sequence[float] | Floats):
        self.alphabet, self.positions = alphabet, positions
        self.dim = len(alphabet) * positions
        self.box = frozen([[0.0, 1.0]] * self.dim)
        total = np.asarray(weights, np.float64)
        self.probabilities = frozen(total / total.sum())
        self.valid = self.probabilities > 0
        self.strings = tuple(map("".join, product(alphabet, repeat=positions)))
        letters = len(alphabet)
        digits = np.indices((letters,) * positions).reshape(positions, -1).T
        self.words = torch.from_numpy(np.eye(letters, dtype=np.float32)[digits]).flatten(1)
        bounds = self.probabilities.cumsum()
        bounds[np.flatnonzero(self.valid)[-1] :] = np.inf  # rounding could place it below 1
        self._bounds = torch.from_numpy(bounds[:-1])

    def sample(self, n: int, generator: torch.Generator) -> torch.Tensor:
        """One-hot vectors: see `Target.sample`."""
        u = torch.rand(n, generator=generator, dtype=torch.float64)
        return self.words[torch.bucketize(u, self._bounds, right=True)]

    def _log_density(self, x: Floats) -> Floats:
        words = self.words.double().numpy()
        found = (x[..., None, :] == words[self.valid]).all(-1).any(-1)
        return np.where(found, np.inf, -np.inf)

    def _cell_masses(self, *edges: Floats) -> Floats:
        raise ValueError("symbols are enumerated: see `probabilities`")


def _categorical(symbols: int, zipf: float, weights: tuple[float, ...]) -> Symbols:
    if weights and zipf:
        raise SpecError("zipf", zipf, _("0 if the weights are given"))
    given = mode_weights(weights, symbols)
    return Symbols(LETTERS[:symbols], 1, given * np.arange(1, symbols + 1) ** -zipf)


def _brackets(text: str) -> bool:
    depth = 0
    for letter in text:
        depth += 1 if letter == "(" else -1
        if depth < 0:
            return False
    return depth == 0


def _powers(text: str) -> bool:
    inner = text.rstrip("·")
    half = len(inner) // 2
    return inner == "a" * half + "b" * half


def _sum(text: str) -> bool:
    a, b, c = text[0], text[2], text[4]
    return (text[1], text[3]) == ("+", "=") and (a + b + c).isdigit() and int(a) + int(b) == int(c)


Rule = Callable[[str], bool]
GRAMMARS: dict[str, Rule] = {
    "brackets": _brackets,
    "powers": _powers,
    "palindromes": lambda text: text == text[::-1],
    "sums": _sum,
}


def _strings(grammar: str, size: int) -> Symbols:
    alphabet = {"brackets": "()", "powers": "ab·", "palindromes": "abc"}.get(grammar)
    positions = 2 * size
    if alphabet is None:
        alphabet, positions = "0123"[: size + 1] + "+=", 5
    rule = GRAMMARS[grammar]
    fits = [rule("".join(text)) for text in product(alphabet, repeat=positions)]
    return Symbols(alphabet, positions, np.array(fits, np.float64))


TARGETS.add(
    TargetEntry(
        name="categorical",
        title=_("symbols"),
        equation=r"p(x = e_i) \propto i^{-s}",
        doc=_(
            "A choice among symbols, x one-hot: no small step leads from one to another, "
            "so D's slope says little about them."
        ),
        cite="Jang et al. 2017",
        dim=0,
        params=(
            Param(
                "symbols",
                _("symbols"),
                12,
                2,
                64,
                "int",
                doc=_("Number of symbols, which are called a, b, c, and so on."),
            ),
            Param(
                "zipf",
                _("Zipf exponent s"),
                1.0,
                0.0,
                3.0,
                doc=_(
                    "The symbol of rank i has a probability proportional to 1/iˢ, as words have "
                    "with s = 1. 0: all are equally probable."
                ),
                typical=0.5,
            ),
            Param(
                "weights",
                _("weights of the symbols"),
                (),
                0.001,
                MAX_WEIGHT,
                "floats",
                longest=64,
                empty=_("as Zipf says"),
                doc=_("Relative weight of each symbol, separated by commas, in place of Zipf's."),
            ),
        ),
        build=_categorical,
    )
)
TARGETS.add(
    TargetEntry(
        name="strings",
        title=_("strings of a grammar"),
        equation=r"p(x) = 1/|L|,\ x \in L \subset A^n",
        doc=_(
            "All strings of a small grammar, equally probable: what fits at one position "
            "depends on the others, and almost every string is invalid."
        ),
        cite="Kusner & Hernández-Lobato 2016; Rajeswar et al. 2017",
        dim=0,
        params=(
            Param(
                "grammar",
                _("grammar"),
                "brackets",
                kind="choice",
                choices=tuple(GRAMMARS),
                doc=_(
                    "Balanced brackets such as (())(); powers aⁿbⁿ, filled up with dots; "
                    "palindromes of a, b and c; correct sums such as 1+2=3."
                ),
            ),
            Param(
                "size",
                _("size"),
                3,
                1,
                3,
                "int",
                doc=_("Half of the length of a string; of sums, the largest digit."),
            ),
        ),
        build=_strings,
    )
)
