"""What a family of generative models is given, what it returns, and its registry."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import nn

from ganlab.languages import _
from ganlab.registry import Entry, Registry
from ganlab.spec import Spec

BATCH = 256  # training points of a step
_PER_CHECK = 20  # steps between two checks of the time


class Model(NamedTuple):
    """A fitted model of p_data.

    sample(n, generator) -> (n, dim). log_density(x (n, dim)) -> (n,), in nats; None if the family
    has none. bound: whether that is a lower bound. steps: those made of the task's; None if the
    family has none. about: what was chosen, in a few words.
    """

    sample: Callable[[int, torch.Generator], torch.Tensor]
    log_density: Callable[[torch.Tensor], torch.Tensor] | None = None
    bound: bool = False
    steps: int | None = None
    about: str = ""


@dataclass
class Task:
    """The same data and budget for every family.

    train, test: (n, dim) and (m, dim) float64, samples of p_data; test is not trained on. spec:
    that of the GAN, whose training data `train` are. steps: gradient steps, each on a minibatch of
    `BATCH` points; a GAN makes as many iterations. seconds: of a core, after which a family stops
    early. Draws are functions of the Spec's seed.
    """

    spec: Spec
    train: torch.Tensor
    test: torch.Tensor
    steps: int = 2000
    seconds: float = 15.0
    _began: float = field(default_factory=time.process_time)

    def __post_init__(self) -> None:
        self.draw = torch.Generator().manual_seed(self.spec.seed)

    @property
    def dim(self) -> int:
        """The dimension of x."""
        return self.train.shape[1]

    def begin(self) -> None:
        """Start counting the seconds."""
        self._began = time.process_time()

    def over(self) -> bool:
        """Whether the seconds have passed."""
        return time.process_time() - self._began >= self.seconds

    def some(self, most: int) -> torch.Tensor:
        """At most `most` of the training points, evenly spaced in their order: (n, dim)."""
        return self.train[:: -(-len(self.train) // most)]

    @property
    def scale(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and standard deviation of the training points, (dim,) each; 1 where it is 0."""
        std = self.train.std(0, unbiased=False)
        return self.train.mean(0), torch.where(std > 0, std, torch.ones_like(std))

    def minimise(
        self,
        parameters: Iterable[nn.Parameter],
        loss: Callable[[torch.Tensor], torch.Tensor],
        rate: float = 2e-3,
    ) -> int:
        """Minimise loss(minibatch (BATCH, dim) float32 of standardised points) by Adam.

        The rate falls to 0 along a cosine. Returns the number of steps made.
        """
        mean, std = self.scale
        points = ((self.train - mean) / std).float()
        adam = torch.optim.Adam(parameters, rate)
        fall = torch.optim.lr_scheduler.CosineAnnealingLR(adam, self.steps)
        for step in range(self.steps):
            if step % _PER_CHECK == 0 and self.over():
                return step
            which = torch.randint(len(points), (BATCH,), generator=self.draw)
            adam.zero_grad()
            loss(points[which]).backward()
            adam.step()
            fall.step()
        return self.steps


@dataclass(frozen=True, kw_only=True)
class Family(Entry):
    """A family of generative models.

    name, title, equation, cite: as for any entry; doc: one sentence. fit(task) -> Model; raises
    `SpecError` if it cannot. training, inference, sampling, evaluating, design: the rows of Table 2
    of Goodfellow et al. 2014, in a few words each; covering: whether it covers all modes.
    """

    fit: Callable[[Task], Model]
    training: str = ""
    inference: str = ""
    sampling: str = ""
    evaluating: str = ""
    covering: str = ""
    design: str = ""


ROWS = {
    "training": "training",
    "inference": _("inference of z"),
    "sampling": "sampling",
    "evaluating": _("evaluating p(x)"),
    "covering": _("covering all modes"),
    "design": _("design of the model"),
}
FAMILIES: Registry[Family] = Registry("family")


def mlp(*widths: int) -> nn.Sequential:
    """A net of these widths with SiLU between its layers."""
    layers: list[nn.Module] = []
    for n_in, n_out in zip(widths[:-1], widths[1:], strict=True):
        layers += [nn.Linear(n_in, n_out), nn.SiLU()]
    return nn.Sequential(*layers[:-1])
