"""A small diffusion model: noise is removed in many small steps."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import nn

from ganlab.baselines.entry import Family, Model, Task, mlp
from ganlab.languages import _

STEPS = 100  # of noise
_HIDDEN, _WAVES = (128, 128, 128), 8

Predict = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def schedule() -> tuple[torch.Tensor, torch.Tensor]:
    """β_t and ᾱ_t of the steps t = 0, 1, ..., (STEPS,) float64."""
    beta = torch.linspace(0.01, 0.39, STEPS, dtype=torch.float64) ** 2
    return beta, (1 - beta).cumprod(0)


class Denoiser(nn.Module):
    """ε(x_t, t): the noise in x_t, (n, dim) and (n,) -> (n, dim)."""

    def __init__(self, dim: int):
        super().__init__()
        self.net = mlp(dim + 2 * _WAVES, *_HIDDEN, dim)

    def forward(self, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """The noise in x (n, dim) at the steps t (n,)."""
        angle = t[:, None].to(x) / STEPS * math.pi * 2.0 ** torch.arange(_WAVES).to(x) / 8
        made: torch.Tensor = self.net(torch.cat([x, angle.sin(), angle.cos()], 1))
        return made


def loss(predict: Predict, x: torch.Tensor, draw: torch.Generator) -> torch.Tensor:
    """The mean squared error of the noise, at a random step of each x (n, dim)."""
    alpha = schedule()[1]
    t = torch.randint(STEPS, (len(x),), generator=draw)
    noise = torch.randn(x.shape, generator=draw)
    kept = alpha[t, None].to(x)
    return ((predict(kept.sqrt() * x + (1 - kept).sqrt() * noise, t) - noise) ** 2).mean()


def generate(predict: Predict, n: int, dim: int, draw: torch.Generator) -> torch.Tensor:
    """Samples (n, dim) by the reverse steps, each of which adds noise of variance β_t."""
    beta, alpha = (v.float() for v in schedule())
    x = torch.randn(n, dim, generator=draw)
    for t in reversed(range(STEPS)):
        noise = predict(x, torch.full((n,), t))
        x = (x - beta[t] / (1 - alpha[t]).sqrt() * noise) / (1 - beta[t]).sqrt()
        if t:
            x = x + beta[t].sqrt() * torch.randn(n, dim, generator=draw)
    return x


def fit(task: Task) -> Model:
    """A denoiser for every step, trained by the simple loss."""
    net = Denoiser(task.dim)
    steps = task.minimise(net.parameters(), lambda x: loss(net, x, task.draw))
    mean, std = task.scale

    def sample(n: int, draw: torch.Generator) -> torch.Tensor:
        with torch.no_grad():
            return generate(net, n, task.dim, draw).double() * std + mean

    return Model(sample, None, False, steps, _("{steps} steps of noise", steps=STEPS))


FAMILY = Family(
    name="diffusion",
    title=_("diffusion"),
    equation=r"\min_\epsilon \mathbb{E}\,\lVert \epsilon(\sqrt{\bar\alpha_t}\,x + "
    r"\sqrt{1 - \bar\alpha_t}\,\varepsilon, t) - \varepsilon \rVert^2",
    doc=_(
        "A net learns to predict the noise in a noisy x; a sample begins as noise, "
        "of which the net removes a little at each step."
    ),
    cite="Ho et al. 2020",
    fit=fit,
    training=_("One loss: a regression."),
    inference=_("The noise of each step, not a short z."),
    sampling=_("{steps} passes of the net.", steps=STEPS),
    evaluating=_("A bound, not computed here."),
    covering=_("Yes, as a rule: each point is learnt."),
    design=_("Any net from x and t to x."),
)
