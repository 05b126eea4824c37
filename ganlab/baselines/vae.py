"""A variational auto-encoder."""

from __future__ import annotations

import math

import torch
from torch import nn

from ganlab.baselines.entry import Family, Model, Task, mlp
from ganlab.languages import _

_LATENT, _HIDDEN = 2, (64, 64)
_FIRST_LOG_STD = -2.0  # with much noise at the start the net would ignore z
_DRAWS, _AT_ONCE = 64, 1000  # of z for each x in the bound; x at once


class Vae(nn.Module):
    """q(z | x) and p(x | z) = N(f(z), σ² I), standardised x; hidden: widths of both nets."""

    def __init__(self, dim: int, latent: int = _LATENT, hidden: tuple[int, ...] = _HIDDEN):
        super().__init__()
        self.dim, self.latent = dim, latent
        self.encode = mlp(dim, *hidden, 2 * latent)
        self.decode = mlp(latent, *hidden[::-1], dim)
        self.log_std = nn.Parameter(torch.tensor(_FIRST_LOG_STD))

    def terms(self, x: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """log p(x, z) − log q(z | x) at z = μ + s·noise: (k, n), x (n, dim), noise (k, n, z)."""
        mean, log_s = self.encode(x).chunk(2, -1)
        z = mean + log_s.exp() * noise
        away = (x - self.decode(z)) / self.log_std.exp()
        p_x = -0.5 * (away**2).sum(-1) - self.dim * (self.log_std + 0.5 * math.log(2 * math.pi))
        made: torch.Tensor = p_x - 0.5 * (z**2).sum(-1) + 0.5 * (noise**2).sum(-1) + log_s.sum(-1)
        return made

    def elbo(self, x: torch.Tensor, draw: torch.Generator, draws: int = 1) -> torch.Tensor:
        """A lower bound of log p(x), (n, dim) -> (n,): the mean over `draws` of z."""
        noise = torch.randn(draws, len(x), self.latent, generator=draw, dtype=x.dtype)
        return self.terms(x, noise).mean(0)

    def bound(self, x: torch.Tensor, draw: torch.Generator, draws: int = _DRAWS) -> torch.Tensor:
        """The tighter bound of Burda et al. 2016: E log (1/k) Σ p(x, z)/q(z | x): (n,)."""
        noise = torch.randn(draws, len(x), self.latent, generator=draw, dtype=x.dtype)
        return self.terms(x, noise).logsumexp(0) - math.log(draws)

    def generate(self, n: int, draw: torch.Generator) -> torch.Tensor:
        """Samples (n, dim) of p(x), with the noise of p(x | z)."""
        z = torch.randn(n, self.latent, generator=draw)
        noise = torch.randn(n, self.dim, generator=draw)
        made: torch.Tensor = self.decode(z) + self.log_std.exp() * noise
        return made


def fit(task: Task) -> Model:
    """A VAE that maximises its lower bound of the likelihood."""
    vae = Vae(task.dim)
    steps = task.minimise(vae.parameters(), lambda x: -vae.elbo(x, task.draw).mean())
    (mean, std), draw = task.scale, torch.Generator().manual_seed(task.spec.seed)

    def log_density(x: torch.Tensor) -> torch.Tensor:
        parts = ((x - mean) / std).float().split(_AT_ONCE)
        with torch.no_grad():
            return torch.cat([vae.bound(part, draw) for part in parts]).double() - std.log().sum()

    def sample(n: int, draw: torch.Generator) -> torch.Tensor:
        with torch.no_grad():
            return vae.generate(n, draw).double() * std + mean

    noise = float(vae.log_std.detach().exp() * std.mean())
    return Model(
        sample,
        log_density,
        True,
        steps,
        _("z in {latent}-D, σ = {noise:.2g}", latent=_LATENT, noise=noise),
    )


FAMILY = Family(
    name="vae",
    title=_("variational auto-encoder"),
    equation=r"\log p(x) \ge \mathbb{E}_{q(z|x)} \log p(x|z) - \mathrm{KL}(q(z|x) \,\|\, p(z))",
    doc=_(
        "One net maps z to a blurred x, another infers z from x; both maximise a "
        "bound of the likelihood."
    ),
    cite="Kingma & Welling 2014; Burda et al. 2016",
    fit=fit,
    training=_("One loss to minimise; z may be ignored."),
    inference=_("Learned: q(z | x)."),
    sampling=_("One pass."),
    evaluating=_("A lower bound."),
    covering=_("Yes, as the likelihood demands, with mass in between."),
    design=_("Any net from z to x, with a law of the noise."),
)
