"""The part of a Spec that determines the program of an update."""

from __future__ import annotations

from dataclasses import dataclass, fields

from ganlab import variants
from ganlab.estimators import ESTIMATORS, EstimatorEntry
from ganlab.fields import LINES
from ganlab.registry import Registry
from ganlab.spec import Spec
from ganlab.stabilisers import STABILISERS

TEMPERATURE = ("temperature", "temperature_decay", "temperature_floor")


@dataclass(frozen=True)
class Structure:
    """Everything that the program of an update depends on: shapes and names, no numbers.

    Runs of one Structure share a compiled program, whatever their target, learning rates,
    strengths, k and seeds. strengths: names of the stabilisers that are on and whose strength is a
    number. labels: the length of the one-hot label beside each z and each x; 0 if none. letters: of
    symbols at each position; 0 if x are no symbols, and then there is no estimator. classes: the
    number of labels that D learns; few: of how many points in each of its updates. e_sizes: of the
    encoder E; () if there is none. joint: whether E plays the game and D sees pairs (x, z).
    """

    g_sizes: tuple[int, ...]
    d_sizes: tuple[int, ...]
    g_activation: str
    d_activation: str
    loss: str
    optimizer: str
    batch: int
    rule: str
    unroll: int
    fresh: bool
    g_norm: str
    packing: int
    kernels: int
    kernel_dims: int
    strengths: tuple[str, ...]
    g_output: str
    labels: int
    g_bias: bool = True
    d_bias: bool = True
    d_norm: str = "none"
    g_weights_learn: bool = True
    letters: int = 0
    estimator: str = ""
    baseline: str = ""
    classes: int = 0
    few: int = 0
    e_sizes: tuple[int, ...] = ()
    joint: bool = False

    @classmethod
    def of(cls, spec: Spec) -> Structure:
        """The Structure of a Spec."""
        return cls(
            spec.g_sizes,
            spec.d_sizes,
            spec.g_activation,
            spec.d_activation,
            spec.loss,
            spec.optimizer,
            spec.batch,
            spec.rule,
            spec.unroll,
            spec.unroll > 0 and spec.unroll_data == "fresh",
            spec.g_norm,
            spec.packing,
            spec.minibatch_discrimination,
            spec.minibatch_dims if spec.minibatch_discrimination else 0,
            tuple(name for name in spec.stabilisers if STABILISERS[name].numeric),
            spec.g_output,
            spec.labels,
            spec.g_bias != "no",
            spec.d_bias == "yes",
            spec.d_norm,
            spec.g_bias != "alone",
            spec.letters,
            spec.estimator if spec.letters else "",
            spec.baseline if spec.letters and ESTIMATORS[spec.estimator].scored else "",
            spec.classes,
            min(spec.batch, spec.classes * spec.few_labels),
            spec.e_sizes,
            spec.inference == "joint",
        )

    @property
    def symbols(self) -> EstimatorEntry | None:
        """How G makes symbols; None if x are no symbols."""
        return ESTIMATORS[self.estimator] if self.letters else None

    @property
    def tempered(self) -> bool:
        """Whether the last number of an update is a temperature."""
        return self.symbols is not None and self.symbols.tempered

    @property
    def beside(self) -> bool:
        """Whether E learns beside the game, at a rate that is the last number of an update."""
        return bool(self.e_sizes) and not self.joint

    @property
    def numbers(self) -> tuple[str, ...]:
        """The fields of stabilisers that are on whose values an update takes as numbers."""
        found = (n for name in self.strengths for n in STABILISERS[name].numbers)
        return (*found, *(TEMPERATURE if self.tempered else ()))

    @property
    def outside(self) -> tuple[str, ...]:
        """The modules outside of this package whose variants it names."""
        found = [STABILISERS.origin(name) for name in self.strengths]
        for field in fields(self):
            param = LINES.get(field.name)
            if param is not None and isinstance(param.choices, Registry):
                found.append(param.choices.origin(getattr(self, field.name)))
        return tuple(dict.fromkeys(name for name in found if variants.outside(name)))

    @property
    def dim(self) -> int:
        """The dimension of x."""
        return self.width - self.latent_dim * self.joint

    @property
    def width(self) -> int:
        """The length of a point that D judges, without its label: of x, or of a pair (x, z)."""
        return self.d_sizes[0] // self.packing - self.labels

    @property
    def latent_dim(self) -> int:
        """The dimension of z."""
        return self.g_sizes[0] - self.labels
