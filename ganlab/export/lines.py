"""The lines of an exported script for each loss, stabiliser, optimiser, update rule and latent.

Names in capital letters are fields of the Spec, which become constants of the script. `a_real` and
`a_fake` are D's logits, (n,); `w` holds both players' weights, `r` the random numbers of an update.
"""

from __future__ import annotations

from typing import NamedTuple


class Loss(NamedTuple):
    """The costs of D and of G, and what smoothed labels of either side add to D's."""

    d: str
    g: str
    smooth_real: str = ""
    smooth_fake: str = ""


_CROSS_ENTROPY = "softplus(-a_real).mean() + softplus(a_fake).mean()"
_SMOOTH = "+ SMOOTH_REAL * a_real.mean()", "- SMOOTH_FAKE * a_fake.mean()"
_ON_AVERAGE = (
    "softplus({worse}.mean() - {better}).mean() + softplus({worse} - {better}.mean()).mean()"
)

LOSSES = {
    "minimax": Loss(_CROSS_ENTROPY, "-softplus(a_fake).mean()", *_SMOOTH),
    "non-saturating": Loss(_CROSS_ENTROPY, "softplus(-a_fake).mean()", *_SMOOTH),
    "maximum-likelihood": Loss(_CROSS_ENTROPY, "-a_fake.exp().mean()", *_SMOOTH),
    "least-squares": Loss(
        "((a_real - 1) ** 2).mean() / 2 + (a_fake**2).mean() / 2",
        "((a_fake - 1) ** 2).mean() / 2",
        "+ SMOOTH_REAL * (a_real.mean() - 1 + SMOOTH_REAL / 2)",
        "- SMOOTH_FAKE * (a_fake.mean() - SMOOTH_FAKE / 2)",
    ),
    "wasserstein": Loss("a_fake.mean() - a_real.mean()", "-a_fake.mean()"),
    "hinge": Loss("(1 - a_real).relu().mean() + (1 + a_fake).relu().mean()", "-a_fake.mean()"),
    "relativistic-average": Loss(
        _ON_AVERAGE.format(better="a_real", worse="a_fake"),
        _ON_AVERAGE.format(better="a_fake", worse="a_real"),
    ),
    "relativistic-pairing": Loss(
        "softplus(a_fake - a_real).mean()", "softplus(a_real - a_fake).mean()"
    ),
    "f-kl": Loss("(a_fake - 1).exp().mean() - a_real.mean()", "-(a_fake - 1).exp().mean()"),
    "f-reverse-kl": Loss("(-a_real).exp().mean() + a_fake.mean() - 1", "1 - a_fake.mean()"),
    "f-pearson": Loss(
        "(a_fake**2 / 4 + a_fake).mean() - a_real.mean()", "-(a_fake**2 / 4 + a_fake).mean()"
    ),
    "f-hellinger": Loss(
        "(-a_real).exp().mean() + a_fake.exp().mean() - 2", "1 - a_fake.exp().mean()"
    ),
}

# Each returns the new `params` and `kept`; t = 1, 2, ... is the number of the step.
_ADAM = """\
m, v = kept
m = BETA1 * m + (1 - BETA1) * grad
v = BETA2 * v + (1 - BETA2) * grad**2
by = (m / (1 - BETA1**t)) / (sqrt(v / (1 - BETA2**t)) + 1e-8)
return params - lr * by, (m, v)"""

OPTIMIZERS = {
    "adam": _ADAM,
    "adamw": "params = params * (1 - lr * WEIGHT_DECAY)\n" + _ADAM,
    "momentum": "velocity = MOMENTUM * kept[0] + grad\nreturn params - lr * velocity, (velocity,)",
    "nesterov": "velocity = MOMENTUM * kept[0] + grad\n"
    "return params - lr * (grad + MOMENTUM * velocity), (velocity,)",
    "sgd": "return params - lr * grad, kept",
    "rmsprop": "v = BETA2 * kept[0] + (1 - BETA2) * grad**2\n"
    "return params - lr * grad / (sqrt(v) + 1e-8), (v,)",
    "adagrad": "total = kept[0] + grad**2\n"
    "return params - lr * grad / (sqrt(total) + 1e-10), (total,)",
}

# Stabilisers that are implemented by a hook; the others are parts of the nets, see `nets`.
D_TERMS = {
    "r1": "cost = cost + R1 / 2 * (slope(d, real) ** 2).sum(1).mean()",
    "r2": "cost = cost + R2 / 2 * (slope(d, fake) ** 2).sum(1).mean()",
    "gradient_penalty": """\
between = r["mix"] * real + (1 - r["mix"]) * fake
excess = length(slope(d, between)) - 1
cost = cost + GRADIENT_PENALTY * (excess**2).mean()""",
    "lipschitz_penalty": """\
between = r["mix"] * real + (1 - r["mix"]) * fake
excess = (length(slope(d, between)) - 1).relu()
cost = cost + LIPSCHITZ_PENALTY * (excess**2).mean()""",
    "dragan": """\
around = real + DRAGAN_SPREAD * r["around"]
excess = length(slope(d, around)) - 1
cost = cost + DRAGAN * (excess**2).mean()""",
    "drift": "cost = cost + DRIFT * (a_real**2).mean()",
}
FIELD_TERMS = {  # of both players' gradients
    "consensus": "cost = cost + CONSENSUS / 2 * (by_d @ by_d + by_g @ by_g)",
    "ode_regulariser": """\
if player == "D":
    (by_g,) = torch.autograd.grad(g_cost(w, r), w["G"], create_graph=True)
    cost = cost + ODE_REGULARISER * (by_g @ by_g)""",
}
GRAD_TERMS = {
    "historical_averaging": "grad = grad + 2 * HISTORICAL_AVERAGING * (at - past[player])",
    "gradient_clip": "grad = grad * (GRADIENT_CLIP / (grad.norm() + 1e-6)).clamp(max=1)",
    "weight_decay": "grad = grad + WEIGHT_DECAY * at",
}
KEEPS = {  # after each update
    "lookahead": """\
if t % LOOKAHEAD_EVERY[player] == 0:  # lookahead: go part of the way back
    new = slow[player] = slow[player] + LOOKAHEAD_SHARE * (new - slow[player])""",
    "historical_averaging": "past[player] = past[player] + (new - past[player]) / (t + 1)",
    "g_average": """\
if player == "G":
    average["G"] = average["G"] + (1 - G_AVERAGE) * (new - average["G"])""",
}
KEPT = {"lookahead": "slow", "historical_averaging": "past", "g_average": "average"}

# `direction(player, w, r)`: what the optimiser gets in place of the gradient.
_LOOK_AHEAD = '''\
def {name}(player, w, r):
    """The player's gradient after both players have looked one update ahead."""
    ahead, memory = {{}}, {{}}
    for p in "DG":
        by, t = gradient(p, w, r), r["t"][p]
        new, memory[p] = step(w[p], by, r["kept"][p], {count}, RATE(p, t))
        ahead[p] = BOUNDED(p, new).detach().requires_grad_()
    {end}
'''
_MOVED = '''\
def moved(w, by, share, r):
    """Both players' weights after a share of a plain step."""
    new = {p: w[p] - share * RATE(p, r["t"][p]) * by[p] for p in "DG"}
    return {p: BOUNDED(p, new[p]).detach().requires_grad_() for p in "DG"}

'''
_GRADS = '''\
def derivative(of, by):
    """The derivative of a number, which can be differentiated again."""
    return torch.autograd.grad(of, by, create_graph=True, materialize_grads=True)[0]

'''
RULES = {
    "alternating": "",
    "simultaneous": "",
    "optimistic": "",
    "extragradient": _LOOK_AHEAD.format(
        name="extragradient", count="t", end="return gradient(player, ahead, r)"
    )
    .replace("ahead, memory = {}, {}", "ahead = {}")
    .replace("new, memory[p]", "new, _"),
    "extra-adam": _LOOK_AHEAD.format(
        name="extra_adam",
        count="COUNT",
        end="grad = gradient(player, ahead, r)\n"
        '    r["kept"] = memory  # the optimiser takes in both gradients\n    return grad',
    ),
    "heun": _MOVED
    + '''\
def heun(player, w, r):
    """The mean of the gradients here and one step further: second order."""
    by = {p: gradient(p, w, r) for p in "DG"}
    return (by[player] + gradient(player, moved(w, by, 1.0, r), r)) / 2
''',
    "rk4": _MOVED
    + '''\
def rk4(player, w, r):
    """Runge-Kutta's mean of four gradients: fourth order."""
    by = {p: gradient(p, w, r) for p in "DG"}
    total = by[player]
    for share, weight in ((0.5, 2), (0.5, 2), (1.0, 1)):
        at = moved(w, by, share, r)
        by = {p: gradient(p, at, r) for p in "DG"}
        total = total + weight * by[player]
    return total / 6
''',
    "sga": _GRADS
    + '''\
def sga(player, w, r):
    """Symplectic gradient adjustment: the part of the game that only rotates is turned inwards."""
    v = torch.cat([derivative(d_cost(w, r), w["D"]), derivative(g_cost(w, r), w["G"])])
    here, u = v.detach(), v.detach().requires_grad_()
    back = torch.cat([derivative(v @ u, w[p]) for p in "DG"])  # J^T v
    turned = (back - derivative(back @ here, u)).detach() / 2  # A^T v = (J^T - J) v / 2
    aligned = (here @ back) * (turned @ back) / len(v) + 0.1
    by = here + (-turned if aligned < 0 else turned)
    grad = dict(zip("DG", by.split([len(w["D"]), len(w["G"])])))[player]
    return SHAPED(player, grad, w[player])
''',
    "cgd": _GRADS
    + '''\
def cgd(player, w, r):
    """Competitive gradient descent: each player responds to the other's response."""
    other = "G" if player == "D" else "D"
    cost = {"D": d_cost(w, r), "G": g_cost(w, r)}
    cross = {p: derivative(cost[p], w[q]) for p, q in ((player, other), (other, player))}

    def mixed(p, u):
        """The mixed second derivative of p's cost, times u."""
        return derivative(cross[p] @ u, w[p]).detach()

    rates = {p: RATE(p, r["t"][p]) for p in "DG"}
    x, both = torch.zeros_like(w[player]), rates["D"] * rates["G"]
    wanted = derivative(cost[player], w[player]).detach()
    wanted = wanted - rates[other] * mixed(player, derivative(cost[other], w[other]).detach())
    left = to = wanted  # ten steps of conjugate gradients
    for _ in range(10):
        forth = to - both * mixed(player, mixed(other, to))
        far = (left @ left) / (to @ forth).clamp_min(1e-30)
        x, new = x + far * to, left - far * forth
        left, to = new, new + (new @ new) / (left @ left).clamp_min(1e-30) * to
    return SHAPED(player, x, w[player])
''',
}

LATENTS = {
    "normal": "return torch.randn(n, dim, generator=random)",
    "uniform": "return torch.empty(n, dim).uniform_(-1, 1, generator=random)",
    "unit_uniform": "return torch.empty(n, dim).uniform_(-1, 1, generator=random) * math.sqrt(3)",
    "cauchy": """\
u = torch.rand(n, dim, generator=random) + 2**-25  # never 0
return torch.tan(math.pi * (u.double() - 0.5)).float()""",
    "student": """\
normal = torch.randn(4, n, dim, generator=random)
return normal[0] / (normal[1:] ** 2).mean(0).sqrt()""",
    "constant": "return torch.ones(n, dim)",
}

ACTIVATIONS = {
    "relu": "torch.relu({})",
    "leaky_relu": "leaky_relu({}, 0.2)",
    "elu": "elu({})",
    "tanh": "torch.tanh({})",
    "maxout": "maxout({})",
}
OUTPUTS = {"linear": "{}", "sigmoid": "torch.sigmoid({})"}

# The weights (n_in, n_out) of a layer, and its biases.
_UNIFORM = "torch.empty(n_in, n_out).uniform_(-{0}, {0}, generator=random)"
INITS = {
    "default": """\
width = 1 / math.sqrt(n_in)  # as torch.nn.Linear, with the weights times the gain
weight = torch.empty(n_in, n_out).uniform_(-gain * width, gain * width, generator=random)
bias = torch.empty(n_out).uniform_(-width, width, generator=random)""",
    "orthogonal": """\
weight = torch.empty(n_out, n_in)
weight = torch.nn.init.orthogonal_(weight, gain, generator=random).T
bias = torch.zeros(n_out)""",
    "gaussian": """\
weight = gain * torch.randn(n_in, n_out, generator=random)
bias = torch.zeros(n_out)""",
    "uniform": f"weight = {_UNIFORM.format('gain')}\nbias = torch.zeros(n_out)",
}
