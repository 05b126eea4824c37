"""Every toggle in plain PyTorch: torch.nn networks, torch.optim, autograd, loops over samples.

It shares only a Spec, draws and initial weights with the engine; one run, in float64, slow and
plain.
"""

from __future__ import annotations

import copy
import math

import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F

from ganlab import Run, Spec
from ganlab.targets import make_target

ACTIVATE = {
    "relu": torch.relu,
    "leaky_relu": lambda a: F.leaky_relu(a, 0.2),
    "elu": lambda a: torch.where(a > 0, a, torch.exp(torch.clamp(a, max=0)) - 1),
    "tanh": torch.tanh,
    "maxout": lambda a: torch.stack([g.max(-1).values for g in a.split(5, -1)], -1),
}
EPS = 1e-5
# Nowozin et al. 2016, table 2: output activation, conjugate.
F_GAN = {
    "f-kl": (lambda v: v, lambda t: torch.exp(t - 1)),
    "f-reverse-kl": (lambda v: -torch.exp(-v), lambda t: -1 - torch.log(-t)),
    "f-pearson": (lambda v: v, lambda t: t * t / 4 + t),
    "f-hellinger": (lambda v: 1 - torch.exp(-v), lambda t: t / (1 - t)),
}


class Net(nn.Module):
    """Linear layers, and in `more` the other parameters of the engine's flat vector."""

    def __init__(
        self, sizes, activation: str, flat: torch.Tensor, more_shapes=(), more_inputs=0, bias=True
    ):
        super().__init__()
        self.activate, self.layers, at = ACTIVATE[activation], nn.ModuleList(), 0
        pieces = 5 if activation == "maxout" else 1
        for i, (n_in, n_out) in enumerate(zip(sizes[:-1], sizes[1:], strict=True)):
            last = i == len(sizes) - 2
            n_in, n_out = n_in + more_inputs * last, n_out * (1 if last else pieces)
            layer = nn.Linear(n_in, n_out).double()
            layer.weight.data = flat[at : at + n_in * n_out].view(n_in, n_out).T.clone()
            layer.bias.data = flat[at + n_in * n_out : at + n_in * n_out + n_out].clone()
            if not bias:
                assert not layer.bias.any()
                layer.bias = None
            at += n_in * n_out + n_out
            self.layers.append(layer)
        self.more = nn.ParameterList()
        for shape in more_shapes:
            size = torch.Size(shape).numel()
            self.more.append(nn.Parameter(flat[at : at + size].view(shape).clone()))
            at += size
        assert at == len(flat)

    def flat(self) -> torch.Tensor:
        layers = []
        for layer in self.layers:
            bias = layer.weight.new_zeros(len(layer.weight)) if layer.bias is None else layer.bias
            layers += [layer.weight.T, bias]
        return torch.cat([t.detach().reshape(-1) for t in (*layers, *self.more)])

    def run(self, params: dict[str, torch.Tensor] | None, *args):
        """The network, with other parameters than its own if they are given."""
        return self(*args) if params is None else functional_call(self, params, args)


class G(Net):
    """The generator, with its norm and reference batch."""

    def __init__(self, spec: Spec, flat: torch.Tensor, reference: torch.Tensor | None):
        self.norm, self.reference = spec.g_norm, reference
        widths = spec.g_hidden if spec.g_norm != "none" else ()
        pieces = 5 if spec.g_activation == "maxout" else 1
        more = [(w * pieces,) for w in widths for _ in "gb"]
        sizes = (spec.latent_dim, *spec.g_hidden, spec.dim)
        super().__init__(sizes, spec.g_activation, flat, more, bias=spec.g_bias != "no")
        if spec.g_bias == "alone":
            for layer in self.layers:
                weight = layer.weight.detach()
                del layer.weight
                layer.register_buffer("weight", weight)

    def forward(self, z):
        h, ref = z, self.reference
        for i, layer in enumerate(self.layers[:-1]):
            h = layer(h)
            if self.norm == "batch":
                normal = nn.BatchNorm1d(h.shape[1], affine=False, track_running_stats=False)
                h = normal(h)
            elif self.norm != "none":
                ref = layer(ref)
                with_ref = self.norm == "virtual"
                h = torch.stack(
                    [self.normal(x, torch.cat([ref, x[None]]) if with_ref else ref) for x in h]
                )
                ref = self.normal(ref, ref)
            if self.norm != "none":
                scale, shift = self.more[2 * i], self.more[2 * i + 1]
                h = h * scale + shift
                ref = None if ref is None else self.activate(ref * scale + shift)
            h = self.activate(h)
        return self.layers[-1](h)

    @staticmethod
    def normal(x, crowd):
        return (x - crowd.mean(0)) / (crowd.var(0, unbiased=False) + EPS).sqrt()


class D(Net):
    """The discriminator; a batch of packs (n, pack * dim) is one minibatch."""

    def __init__(self, spec: Spec, flat: torch.Tensor):
        self.kernels, self.dims = spec.minibatch_discrimination, spec.minibatch_dims
        sizes = (spec.dim * spec.packing, *spec.d_hidden, 1)
        self.norm, pieces = spec.d_norm, 5 if spec.d_activation == "maxout" else 1
        more = [(w * pieces,) for w in spec.d_hidden for _ in "gb"] * (self.norm == "batch")
        more += [(sizes[-2], self.kernels * self.dims)] if self.kernels else []
        super().__init__(sizes, spec.d_activation, flat, more, self.kernels, spec.d_bias == "yes")

    def forward(self, x, keep_input=None, keep_hidden=None):
        """Logits (n,), features (n, A)."""
        h = x if keep_input is None else x * keep_input
        for i, layer in enumerate(self.layers[:-1]):
            h = self.linear(layer, h)
            if self.norm == "batch":
                normal = nn.BatchNorm1d(h.shape[1], affine=False, track_running_stats=False)
                h = normal(h) * self.more[2 * i] + self.more[2 * i + 1]
            h = self.activate(h)
            if keep_hidden is not None:
                h = h * keep_hidden[i]
        return self.linear(self.layers[-1], self.beside(h))[:, 0], h

    def linear(self, layer, h):
        if self.norm != "spectral":
            return layer(h)
        return F.linear(h, layer.weight / torch.linalg.svdvals(layer.weight)[0], layer.bias)

    def beside(self, f):
        """Salimans et al. 2016, section 3.2, with loops: f and its closeness to the others."""
        if not self.kernels:
            return f
        m = (f @ self.more[-1]).view(len(f), self.kernels, self.dims)
        rows = []
        for i in range(len(f)):
            o = []
            for b in range(self.kernels):
                others = [j for j in range(len(f)) if j != i]
                o.append(sum(torch.exp(-(m[i, b] - m[j, b]).abs().sum()) for j in others))
            rows.append(torch.stack(o))
        return torch.cat([f, torch.stack(rows)], 1)


def torch_optimizer(spec: Spec, net: Net, lr: float) -> torch.optim.Optimizer:
    params, decay = list(net.parameters()), spec.weight_decay
    if spec.optimizer == "adam":
        return torch.optim.Adam(params, lr=lr, betas=spec.betas, weight_decay=decay)
    if spec.optimizer == "adamw":
        return torch.optim.AdamW(params, lr=lr, betas=spec.betas, weight_decay=decay)
    if spec.optimizer == "adagrad":
        return torch.optim.Adagrad(params, lr=lr, weight_decay=decay)
    if spec.optimizer == "rmsprop":
        alpha = spec.betas[1]
        return torch.optim.RMSprop(params, lr=lr, alpha=alpha, eps=1e-8, weight_decay=decay)
    by = torch.optim.SGD(params, lr=lr, weight_decay=decay)
    if spec.optimizer in ("momentum", "nesterov"):
        by.param_groups[0]["nesterov"] = spec.optimizer == "nesterov"
        by.param_groups[0]["momentum"] = spec.momentum  # torch's constructor refuses negative ones
    return by


def root(v):
    """The square root, with slope 0 at 0."""
    return torch.where(v > 0, torch.where(v > 0, v, 1.0).sqrt(), 0.0)


class Unroller:
    """D's optimiser as differentiable formulas, starting from the state of torch's."""

    def __init__(self, spec: Spec, net: D, by: torch.optim.Optimizer):
        self.spec, self.t = spec, 0
        self.params = dict(net.named_parameters())
        self.slots = {}
        for name, p in self.params.items():
            state = by.state.get(p, {})
            zero = torch.zeros_like(p)
            keys = ("exp_avg", "exp_avg_sq", "momentum_buffer", "square_avg", "sum")
            kept = {k: state.get(k) for k in keys}
            self.slots[name] = {k: zero if v is None else v.clone() for k, v in kept.items()}
            self.t = int(state.get("step", 0))

    def step(self, cost: torch.Tensor) -> None:
        """One update of the parameters by the gradient of `cost`."""
        spec, (beta1, beta2) = self.spec, self.spec.betas
        names = list(self.params)
        grads = torch.autograd.grad(cost, [self.params[n] for n in names], create_graph=True)
        if spec.gradient_clip:
            norm = torch.cat([g.reshape(-1) for g in grads]).norm()
            share = min(1.0, spec.gradient_clip / (norm.item() + 1e-6))
            scale = spec.gradient_clip / (norm + 1e-6) if share < 1 else 1.0
            grads = [g * scale for g in grads]
        self.t += 1
        for name, g in zip(names, grads, strict=True):
            p, s = self.params[name], self.slots[name]
            if spec.optimizer == "adamw":
                p = p * (1 - spec.d_lr * spec.weight_decay)
            else:
                g = g + spec.weight_decay * p
            if spec.optimizer in ("adam", "adamw"):
                s["exp_avg"] = beta1 * s["exp_avg"] + (1 - beta1) * g
                s["exp_avg_sq"] = beta2 * s["exp_avg_sq"] + (1 - beta2) * g**2
                m = s["exp_avg"] / (1 - beta1**self.t)
                v = s["exp_avg_sq"] / (1 - beta2**self.t)
                p = p - spec.d_lr * m / (root(v) + 1e-8)
            elif spec.optimizer == "rmsprop":
                s["square_avg"] = beta2 * s["square_avg"] + (1 - beta2) * g**2
                p = p - spec.d_lr * g / (root(s["square_avg"]) + 1e-8)
            elif spec.optimizer == "adagrad":
                s["sum"] = s["sum"] + g**2
                p = p - spec.d_lr * g / (root(s["sum"]) + 1e-10)
            elif spec.optimizer in ("momentum", "nesterov"):
                s["momentum_buffer"] = spec.momentum * s["momentum_buffer"] + g
                ahead = g + spec.momentum * s["momentum_buffer"]
                p = p - spec.d_lr * (
                    ahead if spec.optimizer == "nesterov" else s["momentum_buffer"]
                )
            else:
                p = p - spec.d_lr * g
            if spec.weight_clip:
                p = p.clamp(-spec.weight_clip, spec.weight_clip)
            self.params[name] = p


class Players:
    """G and D with their optimisers, copied when an update only looks ahead."""

    def __init__(self, spec: Spec, g: G, d: D):
        self.spec, self.nets = spec, {"G": g, "D": d}
        self.by = {
            "G": torch_optimizer(spec, g, spec.g_lr),
            "D": torch_optimizer(spec, d, spec.d_lr),
        }

    def copy(self) -> Players:
        other = Players(self.spec, *(copy.deepcopy(self.nets[p]) for p in "GD"))
        for p in "GD":
            other.by[p].load_state_dict(copy.deepcopy(self.by[p].state_dict()))
        return other

    def params(self, player: str) -> list[torch.Tensor]:
        return list(self.nets[player].parameters())

    def step(self, player: str, grads, where: Players) -> None:
        """One step of torch's optimiser, with gradients found at `where`."""
        spec, params = self.spec, self.params(player)
        for p, g in zip(params, grads, strict=True):
            p.grad = g.detach().clone()
        if spec.gradient_clip:
            torch.nn.utils.clip_grad_norm_(params, spec.gradient_clip)
        for p, found in zip(params, where.params(player), strict=True):
            if spec.optimizer == "adamw":  # its decay is part of its step
                continue
            # torch multiplies p by its decay: add the difference to a decay by the look-ahead
            # point.
            p.grad += spec.weight_decay * (found - p).detach()
        self.by[player].step()

    def clip(self, player: str) -> None:
        if self.spec.weight_clip and player == "D":
            for p in self.params("D"):
                p.data.clamp_(-self.spec.weight_clip, self.spec.weight_clip)


class Oracle:
    """One run of a Spec: `advance` makes iterations of Algorithm 1."""

    def __init__(self, spec: Spec):
        run = Run(spec)
        self.spec, self.draws = spec, run.draws
        fixed = run.game.fixed
        reference = None if fixed is None else fixed[0].double()
        g = G(spec, run.state.g[0].double(), reference)
        d = D(spec, run.state.d[0].double())
        self.now = Players(spec, g, d)
        self.before = self.now.copy()  # D before its last update
        self.steps = {p: [torch.zeros_like(t) for t in self.now.params(p)] for p in "GD"}
        self.past = {p: [[t.detach().clone() for t in self.now.params(p)]] for p in "GD"}
        # Lookahead's slow weights, and the average of G's.
        self.slow = {p: [t.detach().clone() for t in self.now.params(p)] for p in "GD"}
        self.mean = [t.detach().clone() for t in self.now.params("G")]
        self.made = {"G": 0, "D": 0}
        self.iterations = 0

    def advance(self, iterations: int) -> None:
        for _ in range(iterations):
            for player in "D" * self.spec.k + "G" * self.spec.g_steps:
                self.update(player)
            self.iterations += 1

    def change(self, spec: Spec) -> None:
        """Continue as `spec`, which differs in live fields; new state starts empty."""
        self.draws = Run(spec).draws
        for player, rate in (("G", spec.g_lr), ("D", spec.d_lr)):
            self.now.by[player].param_groups[0]["lr"] = rate
        if spec.rule != self.spec.rule:
            steps = {p: [torch.zeros_like(t) for t in self.now.params(p)] for p in "GD"}
            self.steps = steps
        self.spec = self.now.spec = spec
        self.before = self.now.copy()

    def flat(self, player: str) -> torch.Tensor:
        return self.now.nets[player].flat()

    # -- what D sees -------------------------------------------------------------------------------

    def drawn(self, player: str) -> dict[str, torch.Tensor]:
        names = self.draws.shapes[player]
        return {n: self.draws.get(player, n, self.made[player])[0].double() for n in names}

    def sigma(self) -> float:
        """Instance noise: linear in completed iterations of Algorithm 1."""
        spec, t = self.spec, self.iterations
        left = max(0.0, 1 - t / spec.instance_noise_decay) if spec.instance_noise_decay else 1.0
        return spec.instance_noise * left

    def seen(self, x, drawn, fake: bool):
        """Samples (batch, dim) as D sees them: noisy, in packs (n, pack * dim)."""
        if self.spec.instance_noise:
            half = drawn["noise"][len(x) :] if fake else drawn["noise"][: len(x)]
            x = x + self.sigma() * half
        if self.spec.augmentation:
            rows = slice(len(x), None) if fake else slice(len(x))
            draws = (drawn["choose"][rows], drawn["size"][rows])
            x = torch.stack([self.augmented(*one) for one in zip(x, *draws, strict=True)])
        m = self.spec.packing
        return torch.stack([torch.cat(list(x[i : i + m])) for i in range(0, len(x), m)])

    def augmented(self, x, u, size):
        """One sample (dim,), by matrices about the middle of the axes."""
        box = make_target(self.spec.target, self.spec.target_params).box
        middle, p = torch.tensor(box.mean(1)).double(), self.spec.augmentation
        turn = torch.eye(self.spec.dim).double()
        if u[0] < p / 2:
            turn[0, 0] = -1.0
        if self.spec.dim == 2 and u[3] < p:
            a = 2 * math.pi * float(u[4])
            cos, sin = math.cos(a), math.sin(a)
            turn = torch.tensor([[cos, -sin], [sin, cos]]).to(turn) @ turn
        if u[1] < p:
            turn = turn * 2.0 ** (0.2 * float(size[0]))
        x = middle + turn.to(x) @ (x - middle)
        return x + (box[0, 1] - box[0, 0]) / 8 * size[1:] if u[2] < p else x

    def masks(self, drawn, fake: bool):
        """The factors of dropout (of the input, of each hidden layer)."""
        spec = self.spec
        if not (spec.d_dropout or spec.d_dropout_input):
            return None, None
        u = drawn["mask"].chunk(2)[int(fake)]
        keep_input, keep_hidden = None, None
        if spec.d_dropout_input:
            n, p = spec.dim * spec.packing, spec.d_dropout_input
            keep_input, u = (u[:, :n] >= p).double() / (1 - p), u[:, n:]
        if spec.d_dropout:
            p = spec.d_dropout
            layers = u.split(list(spec.d_hidden), 1)
            keep_hidden = [(v >= p).double() / (1 - p) for v in layers]
        return keep_input, keep_hidden

    # -- costs -------------------------------------------------------------------------------------

    def d_cost(self, nets, d_params, x, made, drawn):
        """D's cost on real x and fake `made`, (batch, dim) each."""
        spec, net = self.spec, nets["D"]
        real, fake = self.seen(x, drawn, False), self.seen(made, drawn, True)
        keep_real, keep_fake = self.masks(drawn, False), self.masks(drawn, True)
        a, _ = net.run(d_params, real, *keep_real)
        b, _ = net.run(d_params, fake, *keep_fake)
        if spec.loss == "least-squares":
            cost = (a - (1 - spec.smooth_real)).square().mean() / 2
            cost = cost + (b - spec.smooth_fake).square().mean() / 2
        elif spec.loss == "wasserstein":
            cost = b.mean() - a.mean()
        elif spec.loss == "hinge":
            cost = torch.clamp(1 - a, min=0).mean() + torch.clamp(1 + b, min=0).mean()
        elif spec.loss.startswith("relativistic"):
            cost = self.preference(a, b)
        elif spec.loss.startswith("f-"):
            output, conjugate = F_GAN[spec.loss]
            cost = conjugate(output(b)).mean() - output(a).mean()
        else:
            bce = F.binary_cross_entropy_with_logits
            cost = bce(a, torch.full_like(a, 1 - spec.smooth_real))
            cost = cost + bce(b, torch.full_like(b, spec.smooth_fake))
        for weight, points, keep in ((spec.r1, real, keep_real), (spec.r2, fake, keep_fake)):
            if weight:
                slopes = [s.square().sum() for s in self.slopes(net, d_params, points, keep)]
                cost = cost + weight / 2 * torch.stack(slopes).mean()
        if spec.gradient_penalty:
            between = drawn["mix"] * real + (1 - drawn["mix"]) * fake
            slopes = self.slopes(net, d_params, between, keep_fake)
            excess = [(root(s.square().sum()) - 1) ** 2 for s in slopes]
            cost = cost + spec.gradient_penalty * torch.stack(excess).mean()
        if spec.lipschitz_penalty:
            between = drawn["mix"] * real + (1 - drawn["mix"]) * fake
            slopes = self.slopes(net, d_params, between, keep_fake)
            excess = [torch.clamp(root(s.square().sum()) - 1, min=0) ** 2 for s in slopes]
            cost = cost + spec.lipschitz_penalty * torch.stack(excess).mean()
        if spec.dragan:
            around = real + spec.dragan_spread * drawn["around"]
            slopes = self.slopes(net, d_params, around, keep_fake)
            excess = [(root(s.square().sum()) - 1) ** 2 for s in slopes]
            cost = cost + spec.dragan * torch.stack(excess).mean()
        if spec.drift:
            cost = cost + spec.drift * a.square().mean()
        return cost

    def preference(self, a, b):
        """Jolicoeur-Martineau 2018: the cost of a critic that should prefer a to b."""
        bce = F.binary_cross_entropy_with_logits
        if self.spec.loss == "relativistic-pairing":
            return bce(a - b, torch.ones_like(a))
        return bce(a - b.mean(), torch.ones_like(a)) + bce(b - a.mean(), torch.zeros_like(b))

    @staticmethod
    def slopes(net, d_params, points, keep):
        """D's slope at each point, with one forward and backward pass for each."""
        out = []
        for i in range(len(points)):
            x = points[i : i + 1]
            x = x if x.requires_grad else x.detach().requires_grad_()
            keep_input = None if keep[0] is None else keep[0][i : i + 1]
            keep_hidden = None if keep[1] is None else [k[i : i + 1] for k in keep[1]]
            logit, _ = net.run(d_params, x, keep_input, keep_hidden)
            out.append(torch.autograd.grad(logit.sum(), x, create_graph=True)[0])
        return out

    def g_cost(self, nets, by_d, made, drawn):
        """G's cost on its outputs `made`, by D or by the unrolled D."""
        spec, params = self.spec, None
        if spec.unroll:
            ahead = Unroller(spec, nets["D"], by_d)
            for i in range(spec.unroll):
                x, fake, own = drawn.get("data"), made, drawn
                if spec.unroll_data == "fresh":
                    fresh = {n[2:]: v for n, v in drawn.items() if n.startswith("u_")}
                    own = {n: v.chunk(spec.unroll)[i] for n, v in fresh.items()}
                    x, fake = own["data"], nets["G"](own["latent"])
                ahead.step(self.d_cost(nets, ahead.params, x, fake, own))
            params = ahead.params
        b, f = nets["D"].run(params, self.seen(made, drawn, True), *self.masks(drawn, True))
        if spec.loss == "minimax":
            cost = torch.log(1 - torch.sigmoid(b)).mean()
        elif spec.loss == "non-saturating":
            cost = -torch.log(torch.sigmoid(b)).mean()
        elif spec.loss == "maximum-likelihood":
            cost = -(torch.sigmoid(b) / (1 - torch.sigmoid(b))).mean()
        elif spec.loss == "least-squares":
            cost = (b - 1).square().mean() / 2
        elif spec.loss.startswith("relativistic"):
            real, keep = self.seen(drawn["data"], drawn, False), self.masks(drawn, False)
            cost = self.preference(b, nets["D"].run(params, real, *keep)[0])
        elif spec.loss.startswith("f-"):
            output, conjugate = F_GAN[spec.loss]
            cost = -conjugate(output(b)).mean()
        else:
            cost = -b.mean()
        if spec.feature_matching:
            keep = self.masks(drawn, False)
            _, f_real = nets["D"].run(params, self.seen(drawn["data"], drawn, False), *keep)
            apart = (f_real.mean(0) - f.mean(0)).square().sum()
            cost = (1 - spec.feature_matching) * cost + spec.feature_matching * apart
        return cost

    def field(self, player: str, at: Players, drawn) -> tuple[torch.Tensor, ...]:
        """The gradient of `player`'s whole cost in its parameters, at `at`."""
        spec, nets = self.spec, at.nets
        made = nets["G"](drawn["latent"])
        if spec.consensus or (spec.ode_regulariser and player == "D"):
            costs = {
                "D": self.d_cost(nets, None, drawn["data"], made, drawn),
                "G": self.g_cost(nets, at.by["D"], made, drawn),
            }
            v = {
                p: sum(
                    grad.square().sum()
                    for grad in torch.autograd.grad(costs[p], at.params(p), create_graph=True)
                )
                for p in "DG"
            }
            cost = costs[player] + spec.consensus / 2 * (v["D"] + v["G"])
            if player == "D":
                cost = cost + spec.ode_regulariser * v["G"]
        elif player == "D":
            cost = self.d_cost(nets, None, drawn["data"], made.detach(), drawn)
        else:
            cost = self.g_cost(nets, at.by["D"], made, drawn)
        if spec.historical_averaging:
            for i, p in enumerate(at.params(player)):
                mean = sum(old[i] for old in self.past[player]) / len(self.past[player])
                cost = cost + spec.historical_averaging * (p - mean).square().sum()
        return torch.autograd.grad(cost, at.params(player))

    def jacobian(self, at: Players, drawn):
        """v = (D's gradient, G's gradient) at `at`, flat, and its whole Jacobian, row by row."""
        nets = at.nets
        made = nets["G"](drawn["latent"])
        d_cost = self.d_cost(nets, None, drawn["data"], made, drawn)
        costs = {"D": d_cost, "G": self.g_cost(nets, at.by["D"], made, drawn)}
        v = [
            grad.reshape(-1)
            for p in "DG"
            for grad in torch.autograd.grad(costs[p], at.params(p), create_graph=True)
        ]
        v, params = torch.cat(v), [*at.params("D"), *at.params("G")]
        rows = []
        for one in v:
            by = torch.autograd.grad(
                one, params, retain_graph=True, allow_unused=True, materialize_grads=True
            )
            rows.append(torch.cat([g.reshape(-1) for g in by]))
        return v.detach(), torch.stack(rows), sum(p.numel() for p in at.params("D"))

    def second_order(self, player: str, at: Players, drawn) -> list[torch.Tensor]:
        """The direction of symplectic gradient adjustment or competitive gradient descent."""
        v, jac, split = self.jacobian(at, drawn)
        if self.spec.rule == "sga":
            adjustment, uphill = (jac - jac.T).T / 2 @ v, jac.T @ v
            sign = torch.sign((v @ uphill) * (adjustment @ uphill) / len(v) + 0.1)
            flat = v + sign * adjustment
            flat = flat[:split] if player == "D" else flat[split:]
        else:
            d_rate, g_rate = self.spec.d_lr, self.spec.g_lr
            d_by_g, g_by_d = jac[:split, split:], jac[split:, :split]
            mine, other, own, cross = v[:split], v[split:], d_by_g, g_by_d
            rate = g_rate
            if player == "G":
                mine, other, own, cross, rate = other, mine, cross, own, d_rate
            matrix = torch.eye(len(mine), dtype=v.dtype) - d_rate * g_rate * own @ cross
            flat = torch.linalg.solve(matrix, mine - rate * own @ other)
        sizes = [p.numel() for p in at.params(player)]
        return [
            part.view_as(p) for part, p in zip(flat.split(sizes), at.params(player), strict=True)
        ]

    def integrated(self, player: str, start: Players, drawn) -> list[torch.Tensor]:
        """The mean slope of a step of Heun's or Kutta's method along both players' flow."""
        if self.spec.rule == "heun":
            reach, weights = (1.0,), (0.5, 0.5)
        else:
            reach, weights = (0.5, 0.5, 1.0), (1 / 6, 1 / 3, 1 / 3, 1 / 6)
        rates, at, slopes = {"D": self.spec.d_lr, "G": self.spec.g_lr}, start, []
        for share in (*reach, 0.0):
            fields = {p: self.field(p, at, drawn) for p in "DG"}
            slopes.append(fields[player])
            at = start.copy()
            for p in "DG":
                for param, slope in zip(at.params(p), fields[p], strict=True):
                    param.data -= share * rates[p] * slope
                at.clip(p)
        return [
            sum(w * slope[i] for w, slope in zip(weights, slopes, strict=True))
            for i in range(len(slopes[0]))
        ]

    # -- updates -----------------------------------------------------------------------------------

    def update(self, player: str) -> None:
        """One update by the Spec's rule."""
        spec, now, drawn = self.spec, self.now, self.drawn(player)
        stands = now
        if player == "G" and spec.rule != "alternating":
            stands = Players(spec, now.nets["G"], self.before.nets["D"])
            stands.by = {"G": now.by["G"], "D": self.before.by["D"]}
        at = stands
        if spec.rule in ("extragradient", "extra-adam"):
            at = stands.copy()
            memory = copy.deepcopy(at.by["D"].state_dict())
            for p, grads in {p: self.field(p, stands, drawn) for p in "DG"}.items():
                at.step(p, grads, stands)
                at.clip(p)
            remembered = copy.deepcopy(at.by[player].state_dict())
            at.by["D"].load_state_dict(memory)  # an unrolled D continues from its current state
        if spec.rule in ("sga", "cgd"):
            grads = self.second_order(player, at, drawn)
        elif spec.rule in ("heun", "rk4"):
            grads = self.integrated(player, at, drawn)
        else:
            grads = self.field(player, at, drawn)
        if player == "D":
            self.before = now.copy()
        if spec.rule == "extra-adam":  # else only positions look ahead
            now.by[player].load_state_dict(remembered)
        start = [t.detach().clone() for t in now.params(player)]
        now.step(player, grads, at)
        if spec.rule == "optimistic":
            for i, p in enumerate(now.params(player)):
                step = p.data - start[i]
                p.data = start[i] + 2 * step - self.steps[player][i]
                self.steps[player][i] = step
        now.clip(player)
        self.made[player] += 1
        period = spec.lookahead * (spec.k if player == "D" else spec.g_steps)
        if spec.lookahead and self.made[player] % period == 0:
            for p, slow in zip(now.params(player), self.slow[player], strict=True):
                slow += spec.lookahead_share * (p.data - slow)
                p.data = slow.clone()
        if player == "G":
            for p, mean in zip(now.params("G"), self.mean, strict=True):
                mean *= spec.g_average
                mean += (1 - spec.g_average) * p.detach()
        self.past[player].append([t.detach().clone() for t in now.params(player)])
