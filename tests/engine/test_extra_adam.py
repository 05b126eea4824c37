"""ExtraAdam line by line as in Gidel et al. 2019 (Algorithm 4), on a game of four numbers.

G(z) = w z + b and a critic a(x) = v x + c with the Wasserstein costs: f_D = v (E G(z) - E x) and
f_G = -v E G(z) - c. The gradients are written by hand; that of c is 0.
"""

import math

import pytest
import torch
from doubled import in_double

from ganlab import Run, Spec

RATES, BETAS = {"D": 0.05, "G": 0.02}, (0.5, 0.9)
SPEC = Spec(
    target_params={"mean": 2.0, "std": 0.5},
    g_hidden=(),
    d_hidden=(),
    loss="wasserstein",
    rule="extra-adam",
    optimizer="adam",
    g_lr=RATES["G"],
    d_lr=RATES["D"],
    betas=BETAS,
    batch=16,
    seed=4,
)


class Moments:
    """m and v of one player, and the number of gradients that they contain."""

    def __init__(self, size: int):
        self.m, self.v, self.count = [0.0] * size, [0.0] * size, 0

    def copy(self) -> "Moments":
        other = Moments(len(self.m))
        other.m, other.v, other.count = list(self.m), list(self.v), self.count
        return other

    def step(self, at: list[float], grad: list[float], rate: float) -> list[float]:
        """at - rate m^/(sqrt v^ + eps), with the moments after this gradient."""
        self.count += 1
        (beta1, beta2), out = BETAS, []
        for i, g in enumerate(grad):
            self.m[i] = beta1 * self.m[i] + (1 - beta1) * g
            self.v[i] = beta2 * self.v[i] + (1 - beta2) * g * g
            mean = self.m[i] / (1 - beta1**self.count)
            square = self.v[i] / (1 - beta2**self.count)
            out.append(at[i] - rate * mean / (math.sqrt(square) + 1e-8))
        return out


def field(d: list[float], g: list[float], x: float, z: float) -> dict[str, list[float]]:
    """Gradients of f_D in v and of f_G in (w, b), from the minibatch's means of x and z."""
    return {"D": [g[0] * z + g[1] - x], "G": [-d[0] * z, -d[0]]}


def literal(run: Run, iterations: int, remembers: bool) -> dict[str, list[float]]:
    """Algorithm 4; without `remembers` the extrapolation does not enter the moments."""
    now = {"D": [float(run.state.d[0, 0])], "G": run.state.g[0].double().tolist()}
    memory = {"D": Moments(1), "G": Moments(2)}
    for t in range(iterations):
        start = {p: list(now[p]) for p in "DG"}
        kept = {p: memory[p].copy() for p in "DG"}
        # The players' updates are simultaneous; each uses its own minibatch.
        for player in "DG":
            drawn = {n: run.draws.get(player, n, t)[0].double() for n in ("data", "latent")}
            x, z = float(drawn["data"].mean()), float(drawn["latent"].mean())
            grads, look, at = field(start["D"], start["G"], x, z), {}, {}
            for p in "DG":
                look[p] = kept[p].copy()
                at[p] = look[p].step(start[p], grads[p], RATES[p])
            own = look[player] if remembers else kept[player].copy()
            now[player] = own.step(
                start[player], field(at["D"], at["G"], x, z)[player], RATES[player]
            )
            memory[player] = own
    return now


@pytest.mark.parametrize("rule", ["extra-adam", "extragradient"])
def test_both_kinds_of_memory_are_the_printed_loop(rule):
    run = in_double(Run(SPEC.replace(rule=rule)))
    level = float(run.state.d[0, 1])
    want = literal(run, 40, remembers=rule == "extra-adam")
    other = literal(run, 40, remembers=rule != "extra-adam")
    run.advance(40)
    assert run.state.d[0].tolist() == pytest.approx([*want["D"], level], rel=1e-9, abs=1e-9)
    assert run.state.g[0].tolist() == pytest.approx(want["G"], rel=1e-9, abs=1e-9)
    assert abs(want["D"][0] - other["D"][0]) > 1e-3  # the two variants differ


def test_without_a_memory_there_is_one_kind():
    a, b = (Run(SPEC.replace(rule=r, optimizer="sgd")) for r in ("extra-adam", "extragradient"))
    for run in (a, b):
        run.advance(20)
    assert torch.equal(a.state.g, b.state.g) and torch.equal(a.state.d, b.state.d)
