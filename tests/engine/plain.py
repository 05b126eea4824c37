"""Algorithm 1 in plain PyTorch: an oracle that shares only draws and weights with the engine."""

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from ganlab import Run, Spec

MODULES = {"relu": nn.ReLU, "leaky_relu": lambda: nn.LeakyReLU(0.2), "tanh": nn.Tanh}


def sequential(sizes: tuple[int, ...], activation: str, flat: torch.Tensor) -> nn.Sequential:
    """torch.nn's network with the parameters `flat`, in its dtype."""
    layers, at = [], 0
    for n_in, n_out in zip(sizes[:-1], sizes[1:], strict=True):
        layer = nn.Linear(n_in, n_out).to(flat.dtype)
        with torch.no_grad():
            layer.weight.copy_(flat[at : at + n_in * n_out].view(n_in, n_out).T)
            at += n_in * n_out
            layer.bias.copy_(flat[at : at + n_out])
            at += n_out
        layers += [layer, MODULES[activation]()]
    return nn.Sequential(*layers[:-1])


def flat(net: nn.Sequential) -> torch.Tensor:
    """The parameters in the engine's order: each layer's weight as (in, out), then its bias."""
    parts = [(p.T if p.ndim == 2 else p).detach().reshape(-1) for p in net.parameters()]
    return torch.cat(parts)


def optimizer(spec: Spec, net: nn.Sequential, lr: float) -> torch.optim.Optimizer | None:
    params = list(net.parameters())
    if spec.optimizer == "adam":
        return torch.optim.Adam(params, lr=lr, betas=spec.betas)
    if spec.optimizer == "rmsprop":
        return torch.optim.RMSprop(params, lr=lr, alpha=spec.betas[1], eps=1e-8)
    if spec.optimizer == "adagrad":
        return torch.optim.Adagrad(params, lr=lr)
    if spec.optimizer == "adamw":
        return torch.optim.AdamW(params, lr=lr, betas=spec.betas, weight_decay=spec.weight_decay)
    if spec.optimizer == "nesterov":
        return torch.optim.SGD(params, lr=lr, momentum=spec.momentum, nesterov=True)
    momentum = spec.momentum if spec.optimizer == "momentum" else 0.0
    return torch.optim.SGD(params, lr=lr, momentum=momentum)


def nets(spec: Spec, run: Run, r: int = 0) -> tuple[nn.Sequential, nn.Sequential]:
    """G and D of a run as torch.nn networks."""
    g_sizes = (spec.latent_dim, *spec.g_hidden, spec.dim)
    d_sizes = (spec.dim, *spec.d_hidden, 1)
    return (
        sequential(g_sizes, spec.g_activation, run.state.g[r]),
        sequential(d_sizes, spec.d_activation, run.state.d[r]),
    )


def train(spec: Spec, iterations: int, dtype=torch.float64) -> tuple[torch.Tensor, torch.Tensor]:
    """(flat G, flat D) after `iterations` of Algorithm 1 from the engine's initial weights."""
    start = Run(spec)
    start.state.g.data, start.state.d.data = start.state.g.to(dtype), start.state.d.to(dtype)
    G, D = nets(spec, start)
    draws = start.draws
    by_g, by_d = optimizer(spec, G, spec.g_lr), optimizer(spec, D, spec.d_lr)
    bce, d_count = binary_cross_entropy_with_logits, 0
    for iteration in range(iterations):
        for _ in range(spec.k):
            x = draws.get("D", "data", d_count)[0].to(dtype)
            z = draws.get("D", "latent", d_count)[0].to(dtype)
            real, fake = D(x), D(G(z).detach())
            by_d.zero_grad()
            (bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake))).backward()
            by_d.step()
            d_count += 1
        fake = D(G(draws.get("G", "latent", iteration)[0].to(dtype)))
        by_g.zero_grad()
        if spec.loss == "minimax":
            (-bce(fake, torch.zeros_like(fake))).backward()
        else:
            bce(fake, torch.ones_like(fake)).backward()
        by_g.step()
    return flat(G), flat(D)
