"""One update of D or of G: pure functions of State and draws (Algorithm 1's two halves)."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ganlab.losses import LOSSES
from ganlab.networks import MLP
from ganlab.optim import OPTIMIZERS, Hyper, Number
from ganlab.spec import Spec


@dataclass(frozen=True)
class State:
    """Where R runs stand: all that the next update needs besides the Specs.

    g, d: flat parameters (R, P_G), (R, P_D); g_slots, d_slots: the optimisers' vectors, alike;
    d_updates, g_updates: how many each player has made (they number the draws);
    phase: D updates since G's last, so that Algorithm 1 knows whose turn it is.
    """

    g: torch.Tensor
    d: torch.Tensor
    g_slots: tuple[torch.Tensor, ...]
    d_slots: tuple[torch.Tensor, ...]
    d_updates: int = 0
    g_updates: int = 0
    phase: int = 0


class Game:
    """Nets, costs and optimiser of runs that share one structure; holds no parameters."""

    def __init__(self, specs: tuple[Spec, ...], device: torch.device):
        spec = specs[0]
        self.G = MLP((spec.latent_dim, *spec.g_hidden, spec.dim), spec.g_activation)
        self.D = MLP((spec.dim, *spec.d_hidden, 1), spec.d_activation)
        self.loss = LOSSES[spec.loss]
        self.optimizer = OPTIMIZERS[spec.optimizer]
        self.batch = spec.batch

        def number(values: list[float]) -> Number:
            if len(set(values)) == 1:
                return values[0]
            return torch.tensor(values, device=device).unsqueeze(1)

        beta1, beta2 = (number([s.betas[i] for s in specs]) for i in (0, 1))
        momentum = number([s.momentum for s in specs])
        self.g_hyper = Hyper(number([s.g_lr for s in specs]), beta1, beta2, momentum)
        self.d_hyper = Hyper(number([s.d_lr for s in specs]), beta1, beta2, momentum)

    def logits(self, d: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """D's logits at x: (R, P_D), (R, B, dim) -> (R, B)."""
        return self.D(d, x).squeeze(2)

    def d_update(
        self, state: State, real: torch.Tensor, z: torch.Tensor
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, ...], torch.Tensor]:
        """D's next parameters and slots, and its cost (R,) before the update."""
        with torch.no_grad():
            fake = self.G(state.g, z)
        with torch.enable_grad():
            d = state.d.detach().requires_grad_()
            logits = self.logits(d, torch.cat([real, fake], 1))
            cost = self.loss.d(logits[:, : self.batch], logits[:, self.batch :])
            (grad,) = torch.autograd.grad(cost.sum(), d)
        with torch.no_grad():
            params, slots = self.optimizer.update(
                grad, state.d_slots, state.d, state.d_updates + 1, self.d_hyper
            )
        return params, slots, cost.detach()

    def g_update(
        self, state: State, z: torch.Tensor
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, ...], torch.Tensor]:
        """G's next parameters and slots, and its cost (R,) before the update."""
        with torch.enable_grad():
            g = state.g.detach().requires_grad_()
            cost = self.loss.g(self.logits(state.d, self.G(g, z)))
            (grad,) = torch.autograd.grad(cost.sum(), g)
        with torch.no_grad():
            params, slots = self.optimizer.update(
                grad, state.g_slots, state.g, state.g_updates + 1, self.g_hyper
            )
        return params, slots, cost.detach()
