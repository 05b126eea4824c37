"""A coupling flow: an invertible net, whose density is exact."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import logsigmoid

from ganlab.baselines.entry import Family, Model, Task, mlp
from ganlab.languages import _

_LAYERS, _LOGISTICS, _HIDDEN = 4, 8, (64, 64)
_HALVINGS = 60
_STEEPEST = 6.0  # −log of the smallest scale of a logistic


class Coupling(nn.Module):
    """y_i = logit F(x_i), where F is a mixture of logistics that the other coordinates choose."""

    def __init__(self, dim: int, at: int):
        super().__init__()
        self.at, self.others = at, [i for i in range(dim) if i != at]
        self.start = nn.Parameter(
            torch.cat(
                [
                    torch.zeros(_LOGISTICS),
                    torch.linspace(-2, 2, _LOGISTICS),
                    torch.zeros(_LOGISTICS),
                ]
            )
        )
        self.net = mlp(dim - 1, *_HIDDEN, 3 * _LOGISTICS) if dim > 1 else None

    def law(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """log weights, means and log scales for each x: (n, k) each."""
        raw = self.start.expand(len(x), -1)
        if self.net is not None:
            raw = raw + self.net(x[:, self.others])
        weights, means, scales = raw.chunk(3, 1)
        return weights.log_softmax(1), means, scales.clamp(-_STEEPEST, 3.0)

    @staticmethod
    def forth(x: torch.Tensor, law: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, torch.Tensor]:
        """logit F(x) and log of its derivative, x (n,) -> (n,) each."""
        weights, means, scales = law
        t = (x[:, None] - means) * (-scales).exp()
        below, above = logsigmoid(t), logsigmoid(-t)
        low, high = (weights + below).logsumexp(1), (weights + above).logsumexp(1)
        slope = (weights + below + above - scales).logsumexp(1)
        return low - high, slope - low - high

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """x with coordinate `at` replaced, (n, dim), and log |det|, (n,)."""
        new, slope = self.forth(x[:, self.at], self.law(x))
        return self._put(x, new), slope

    def inverse(self, y: torch.Tensor) -> torch.Tensor:
        """The x of y, (n, dim), by bisection between the quantiles of the logistics."""
        law, wanted = self.law(y), y[:, self.at]
        ends = law[1] + law[2].exp() * wanted[:, None]
        low, high = ends.min(1).values, ends.max(1).values
        for _unused in range(_HALVINGS):
            middle = (low + high) / 2
            under = self.forth(middle, law)[0] < wanted
            low, high = torch.where(under, middle, low), torch.where(under, high, middle)
        return self._put(y, (low + high) / 2)

    def _put(self, x: torch.Tensor, new: torch.Tensor) -> torch.Tensor:
        return torch.stack([new if i == self.at else x[:, i] for i in range(x.shape[1])], 1)


class Flow(nn.Module):
    """Couplings of each coordinate in turn, to independent logistic noise."""

    def __init__(self, dim: int, layers: int = _LAYERS):
        super().__init__()
        self.dim = dim
        count = layers if dim > 1 else 1
        self.layers = nn.ModuleList(Coupling(dim, i % dim) for i in range(count))

    def noise(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The noise of x, (n, dim), and log p(x) of standardised x, (n,)."""
        log_p = torch.zeros(len(x), dtype=x.dtype)
        for layer in self.layers:
            x, slope = layer(x)
            log_p = log_p + slope
        return x, log_p + (logsigmoid(x) + logsigmoid(-x)).sum(1)

    def made_of(self, noise: torch.Tensor) -> torch.Tensor:
        """The x of noise: the inverse of `noise`, (n, dim)."""
        for layer in reversed(self.layers):
            assert isinstance(layer, Coupling)
            noise = layer.inverse(noise)
        return noise


def fit(task: Task) -> Model:
    """A flow of maximum likelihood."""
    flow = Flow(task.dim)
    steps = task.minimise(flow.parameters(), lambda x: -flow.noise(x)[1].mean(), 5e-3)
    mean, std = task.scale
    flow = flow.double()

    def log_density(x: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            return flow.noise((x - mean) / std)[1] - std.log().sum()

    def sample(n: int, draw: torch.Generator) -> torch.Tensor:
        u = torch.rand(n, task.dim, generator=draw, dtype=torch.float64).clamp(1e-12, 1 - 1e-12)
        with torch.no_grad():
            return flow.made_of(u.logit()) * std + mean

    count = len(flow.layers)
    return Model(
        sample,
        log_density,
        False,
        steps,
        _("{count} coupling{s}", count=count, s="s" * (count > 1)),
    )


FAMILY = Family(
    name="flow",
    title=_("coupling flow"),
    equation=r"\log p(x) = \log p_u(f(x)) + \log |\det \partial f/\partial x|",
    doc=_(
        "An invertible net turns x into noise: each layer changes one coordinate by "
        "a monotone function that the others choose."
    ),
    cite="Dinh et al. 2017; Ho et al. 2019",
    fit=fit,
    training=_("One loss: the exact likelihood."),
    inference=_("Exact: z = f(x)."),
    sampling=_("One pass, backwards."),
    evaluating=_("Exact."),
    covering=_("Yes, as the likelihood demands, with thin bridges between."),
    design=_("Invertible layers only; z as wide as x."),
)
