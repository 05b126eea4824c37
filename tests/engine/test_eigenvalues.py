"""The eigenvalues of a GAN's game against closed forms and finite differences."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch

from ganlab import Run, Spec, SpecError, spectrum
from ganlab.engine import eigenvalues
from ganlab.engine.eigenvalues import Spectrum
from ganlab.engine.game import Game
from ganlab.engine.iteration_map import of_turns
from ganlab.engine.local_game import LocalGame
from ganlab.optim import OPTIMIZERS
from tests.doubled import in_double

# Mescheder et al. 2018, at the equilibrium θ = ψ = 0, with h = .2; ρ as in the paper.
DIRAC = Spec(
    **{"target": "gaussian", "target_params": {"mean": 0.0, "std": 1e-6}, "latent": "constant"},
    **{"g_hidden": (), "d_hidden": (), "g_bias": "no", "d_bias": "no"},
    **{"g_start": (0.0,), "d_start": (0.0,), "optimizer": "sgd", "g_lr": 0.2, "d_lr": 0.2},
    **{"loss": "minimax", "batch": 4},
)


@pytest.mark.parametrize(
    ("fields", "values", "radius"),
    [
        ({}, [0.5j, -0.5j], 1.00499),
        ({"loss": "non-saturating"}, [0.5j, -0.5j], 1.00499),
        ({"loss": "wasserstein"}, [1j, -1j], 1.0198),
        ({"r1": 0.3}, [0.15 + 0.47697j, 0.15 - 0.47697j], 0.97468),
        ({"r1": 1.0}, [0.5, 0.5], 0.9),
        ({"consensus": 1.0}, [0.25 + 0.5j, 0.25 - 0.5j], 0.95525),
        ({"loss": "non-saturating", "r1": 0.3}, [0.15 + 0.47697j, 0.15 - 0.47697j], 0.97468),
    ],
)
def test_the_dirac_gan(fields, values, radius):
    found = spectrum(Run(DIRAC.replace(**fields)))
    assert found.complete and found.per_update and len(found.moving) == 2
    assert sorted(found.moving, key=lambda z: -z.imag) == pytest.approx(
        [0.2 * z for z in values], abs=1e-4
    )
    assert abs(1 - found.moving).max() == pytest.approx(radius, abs=1e-5)
    assert found.of_update() == pytest.approx(1 - found.values)
    assert found.rotation == pytest.approx(abs(values[0].imag) / abs(values[0]), abs=1e-3)
    assert found.growing == 0


@pytest.mark.parametrize("h", [0.2, 0.05, 0.7])
@pytest.mark.parametrize(
    ("fields", "own"),
    [
        ({}, (0, 0)),
        ({"loss": "non-saturating"}, (0, 0)),
        ({"r1": 0.3}, (0.3, 0)),
        ({"r1": 1.0}, (1, 0)),
        ({"consensus": 1.0}, (0.25, 0.25)),
    ],
    ids=str,
)
def test_the_dirac_gan_in_turns(fields, own, h):
    """The product of both μ is the determinant of both players' steps, ∏ (1 - h own)."""
    found = spectrum(Run(DIRAC.replace(g_lr=h, d_lr=h, **fields)))
    wanted = (1 - h * own[0]) * (1 - h * own[1])
    mu = found.of_update("alternating")
    assert mu[abs(mu - 1) > 1e-6].prod() == pytest.approx(wanted, abs=1e-7)


@pytest.mark.parametrize("h", [0.2, 0.01])
@pytest.mark.parametrize(("k", "steps"), [(1, 1), (3, 1), (2, 2)])
def test_the_largest_step_in_turns(h, k, steps):
    """Alternating updates of minimax are stable up to h = 2 / (f' √(k g_steps)): Mescheder 2018."""
    found = spectrum(Run(DIRAC.replace(g_lr=h, d_lr=h, k=k, g_steps=steps)))
    assert found.largest_step("alternating") == pytest.approx(
        4 / math.sqrt(k * steps) / h, rel=1e-4
    )
    assert found.largest_step() == 0


def test_published_radii_in_turns():
    """Mescheder et al. 2018 at h = .2: with R1, γ = 1, both are real."""
    for fields, radius in (
        ({"r1": 1.0}, 0.92702),
        ({"r1": 0.3}, 0.96954),
        ({"consensus": 1.0}, 0.95),
    ):
        mu = spectrum(Run(DIRAC.replace(**fields))).of_update("alternating")
        assert abs(mu[abs(mu - 1) > 1e-6]).max() == pytest.approx(radius, abs=1e-5)


def test_the_largest_step_in_turns_with_a_penalty():
    """Trace 2 - hγ - h²f'², determinant 1 - hγ: stable while h²f'² + 2hγ <= 4."""
    found = spectrum(Run(DIRAC.replace(r1=0.3)))
    largest = (-0.3 + math.sqrt(0.09 + 4 * 0.25)) / 0.25
    assert found.largest_step("alternating") == pytest.approx(5 * largest, rel=1e-5)


def test_instance_noise_by_sampling():
    """λ = f''σ² ± √(f''²σ⁴ − f'²), ρ = .98031 for σ = .7."""
    found = spectrum(Run(DIRAC.replace(instance_noise=0.7, batch=4096)), samples=65536)
    assert abs(1 - found.moving).max() == pytest.approx(0.98031, abs=1e-3)


def test_the_largest_step_of_each_rule():
    """R1 turns ±.5i into .15 ± .477i: |1 - hλ| = 1 at h = γ/f'² = 1.2, six times .2."""
    found = spectrum(Run(DIRAC.replace(r1=0.3)))
    assert found.largest_step() == pytest.approx(6, rel=1e-6)
    plain = spectrum(Run(DIRAC))
    assert plain.largest_step() == 0 and plain.largest_step("heun") < 0.2
    # |1 - z + z²| <= 1 up to |z| = 1: h = 2; Runge-Kutta: up to √8; optimistic: up to 1/√3.
    assert plain.largest_step("extragradient") == pytest.approx(10, rel=1e-5)
    assert plain.largest_step("rk4") == pytest.approx(10 * math.sqrt(8), rel=1e-5)
    assert plain.largest_step("optimistic") == pytest.approx(10 / math.sqrt(3), rel=1e-5)
    grows = Spectrum(np.array([-0.1, 0.5]), 2, True, True, "simultaneous", ([1, -1], [1]))
    assert grows.growing == 1 and grows.largest_step() == pytest.approx(4, rel=1e-6)


SMALL = Spec(
    target="two_gaussians",
    **{"g_hidden": (3,), "d_hidden": (4,), "g_activation": "tanh", "d_activation": "tanh"},
    **{"optimizer": "sgd", "rule": "simultaneous", "batch": 16, "g_lr": 1.0, "d_lr": 0.5},
)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"loss": "hinge"},
        {"loss": "relativistic-average"},
        {"r1": 0.5, "weight_decay": 0.1},
        {"gradient_penalty": 0.3, "g_lr": 0.3},
        {"consensus": 0.2},
        {"unroll": 2},
        {"feature_matching": 0.5, "instance_noise": 0.2},
        {"minibatch_discrimination": 2, "packing": 2},
        {"k": 3},
    ],
    ids=str,
)
def test_the_jacobian_is_that_of_the_engines_own_updates(fields):
    """Finite differences of one update of each player by plain gradient descent, θ - θ' = S v."""
    spec = SMALL.replace(**fields)
    run = in_double(Run(spec))
    state = run.state

    def moved(at: np.ndarray) -> np.ndarray:
        d, g = torch.from_numpy(at)[None].split([state.d.shape[1], state.g.shape[1]], 1)
        here = dataclasses.replace(state, d=d.clone(), g=g.clone())
        draw = lambda who, name, n: run.draws.get(who, name, n).double()  # noqa: E731
        made = {who: run.game.after(who, with_before(run, here), draw).params for who in "DG"}
        return torch.cat([spec.k * (d - made["D"]), spec.g_steps * (g - made["G"])], 1)[0].numpy()

    at = torch.cat([state.d, state.g], 1)[0].numpy()
    h = 1e-5
    columns = [(moved(at + h * e) - moved(at - h * e)) / (2 * h) for e in np.eye(len(at))]
    wanted = np.linalg.eigvals(np.array(columns).T)
    found = spectrum(Run(spec), samples=spec.batch)
    assert found.complete and len(found.values) == len(wanted)
    for z in found.values:
        assert abs(z - wanted).min() < 2e-5 * max(1, abs(wanted).max())


@pytest.mark.parametrize("rule", ["alternating", "simultaneous"])
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"optimizer": "momentum", "momentum": 0.6, "g_lr": 0.4},
        {"optimizer": "nesterov", "momentum": 0.5},
        {"k": 3, "optimizer": "momentum", "momentum": 0.3},
        {"r1": 0.5, "loss": "hinge", "k": 2},
    ],
    ids=str,
)
def test_an_iteration_is_the_engines_own(fields, rule):
    """Finite differences of whole iterations, at a point that is made a rest point.

    From each update of a player its value at the point is subtracted, and all use one minibatch.
    """
    fields = fields | ({"g_steps": 2} if rule == "alternating" and "k" in fields else {})
    spec = SMALL.replace(rule=rule, **fields)
    run = in_double(Run(spec))
    start, memory = run.state, OPTIMIZERS[spec.optimizer].slots
    assert ("before" in run.game.rules.slots("D")) == (rule == "simultaneous")
    draw = lambda who, name, n: run.draws.get(who, name, 0).double()  # noqa: E731

    def update(who: str, state):
        made = run.game.after(who, state, draw)
        kept = (made.params, *made.slots[:memory]), made.slots[memory:]
        return torch.stack(kept[0]), kept[1]

    start = with_before(run, start)
    drift = {who: update(who, start)[0] for who in "DG"}
    for who, own in (("D", start.d), ("G", start.g)):
        drift[who][0] -= own

    def moved(at: np.ndarray) -> np.ndarray:
        d, g = torch.from_numpy(at)[None].split(sizes, 1)
        d, g = (x.reshape(1 + memory, 1, -1) for x in (d, g))
        before = d[0]
        for who, count in (("D", spec.k), ("G", spec.g_steps)):
            for _ in range(count):
                slots = [
                    (*own[1:], *(before if n == "before" else x for n, x in rest))
                    for own, rest in ((d, others("D")), (g, others("G")))
                ]
                state = dataclasses.replace(
                    start, d=d[0], g=g[0], d_slots=slots[0], g_slots=slots[1]
                )
                new = update(who, state)[0] - drift[who]
                if who == "D":
                    before, d = d[0], new
                else:
                    g = new
        return torch.cat([d.flatten(), g.flatten()]).detach().numpy()

    def others(who: str):
        slots = start.d_slots if who == "D" else start.g_slots
        return list(zip(run.game.rules.slots(who), slots, strict=True))[memory:]

    sizes = [x.shape[1] * (1 + memory) for x in (start.d, start.g)]
    none = [torch.zeros(memory * x.shape[1]).double() for x in (start.d, start.g)]
    at = torch.cat([start.d[0], none[0], start.g[0], none[1]]).numpy()
    h = 1e-5
    columns = [(moved(at + h * e) - moved(at - h * e)) / (2 * h) for e in np.eye(len(at))]
    wanted = np.linalg.eigvals(np.array(columns).T)
    found = spectrum(Run(spec), samples=spec.batch)
    mine = of_turns(rule, found.blocks, found.filter)
    assert len(mine) == len(wanted)
    if rule == "alternating" or "k" in fields:
        np.testing.assert_array_equal(mine, found.of_update(rule))
    for mu in mine:
        assert abs(mu - wanted).min() < 1e-4
    for mu in wanted:
        assert abs(mu - mine).min() < 1e-4


def test_a_projected_map_is_that_of_the_whole_game():
    run = Run(Spec(g_hidden=(40,), d_hidden=(40,), optimizer="momentum", momentum=0.5, g_lr=0.02))
    run.advance(200)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(eigenvalues, "_WHOLE", 10**6)
        whole = spectrum(run)
    projected = spectrum(run)
    assert len(projected.blocks.matrix) < len(whole.blocks.matrix) == whole.size
    for factor in (1.0, 5.0):
        one, other = (s.of_update("alternating", factor) for s in (whole, projected))
        for mu in sorted(one, key=lambda m: -abs(m - 1))[:6]:
            assert abs(mu - other).min() < 1e-4 * max(1, abs(mu))
    steps = [s.largest_step("alternating") for s in (whole, projected)]
    assert steps[0] == pytest.approx(steps[1], rel=1e-2)


def test_the_parts_of_the_jacobian():
    """Minimax at the equilibrium only rotates; γ of R1 is D's own second derivative."""
    pure, damped = spectrum(Run(DIRAC)), spectrum(Run(DIRAC.replace(r1=0.3)))
    assert (pure.symmetric, pure.rotating) == pytest.approx((0, math.sqrt(0.5)), abs=1e-6)
    assert pure.rotating_share == pytest.approx(1)
    assert damped.symmetric == pytest.approx(0.3, abs=1e-6)
    assert damped.rotating_share == pytest.approx(0.5 / (0.5 + 0.09), abs=1e-6)
    run = Run(SMALL)
    jacobian = LocalGame(run, 0, 16).jacobian()
    found = spectrum(run, samples=16)
    assert found.symmetric**2 + found.rotating**2 == pytest.approx((jacobian**2).sum())
    assert found.symmetric**2 - found.rotating**2 == pytest.approx((jacobian * jacobian.T).sum())


def with_before(run: Run, state):
    """The State as if D had been here before its last update, too: G's gradient is taken there."""
    names = run.game.rules.slots("D")
    slots = tuple(
        state.d if name == "before" else slot
        for name, slot in zip(names, state.d_slots, strict=True)
    )
    return dataclasses.replace(state, d_slots=slots)


def test_the_leading_ones_are_those_of_all():
    run = Run(Spec(g_hidden=(16,), d_hidden=(16,)))
    run.advance(100)
    every, leading = spectrum(run), spectrum(run, dense=1)
    assert every.complete and not leading.complete and len(leading.values) < every.size
    for z in every.values[:20]:
        assert abs(z - leading.values).min() < 1e-4 * abs(z)
    for z in leading.values:
        assert abs(z - every.values).min() < 1e-4 * abs(every.values).max()
    lowest = every.values[every.values.real.argmin()]
    assert abs(lowest - leading.values).min() < 1e-4 * abs(lowest)


@pytest.mark.parametrize("optimizer", ["adam", "momentum", "nesterov"])
@pytest.mark.parametrize("rule", ["simultaneous", "optimistic", "extragradient"])
def test_memory_is_a_part_of_the_update(optimizer, rule):
    """The linear update of (θ, memory, last step), written out as a matrix."""
    rng = np.random.default_rng(0)
    beta, n = 0.6, 3
    J, eye, none = rng.normal(size=(n, n)) / 4, np.eye(n), np.zeros((n, n))
    gain = 1 - beta if optimizer == "adam" else 1.0
    memory = np.hstack([gain * J, beta * eye])  # m' of (θ, m)
    if optimizer == "nesterov":
        step = -np.hstack([J, none]) - beta * memory
    else:
        step = -memory
    if rule == "simultaneous":
        matrix = np.vstack([np.hstack([eye, none]) + step, memory])
    elif rule == "extragradient":  # the gradient is that of the point one step ahead
        by = J @ (np.hstack([eye, none]) + step)
        memory = gain * by + beta * np.hstack([none, eye])
        step = -by - beta * memory if optimizer == "nesterov" else -memory
        matrix = np.vstack([np.hstack([eye, none]) + step, memory])
    else:
        step, memory = np.hstack([step, none]), np.hstack([memory, none])
        first = np.hstack([eye, none, none]) + 2 * step - np.hstack([none, none, eye])
        matrix = np.vstack([first, memory, step])
    own = {"momentum": beta, "nesterov": beta}.get(optimizer, 0.5)
    spec = Spec(optimizer=optimizer, betas=(beta, 0.99), momentum=own)
    hyper = Game.of((spec,), torch.device("cpu")).d_hyper
    filtered = OPTIMIZERS[optimizer].filter(hyper)
    found = Spectrum(np.linalg.eigvals(J), n, True, True, rule, filtered).of_update(rule)
    wanted = np.linalg.eigvals(matrix)
    for mu in found:
        assert abs(mu - wanted).min() < 1e-6
    for mu in wanted[abs(wanted) > 1e-6]:
        assert abs(mu - found).min() < 1e-6


def test_adams_rates_are_those_of_its_next_steps():
    run = Run(SMALL.replace(optimizer="adam", g_lr=1e-3, d_lr=2e-3, betas=(0.0, 0.999)))
    run.advance(50)
    local = LocalGame(run, 0, 16)
    before = run.state
    run.update("D")
    moved = (before.d - run.state.d)[0].numpy() / local.value.detach().numpy()[: before.d.shape[1]]
    # Without momentum a step is the rate times the gradient, which also enters the size a little.
    np.testing.assert_allclose(local.rates()[: len(moved)], moved, rtol=0.05)


def test_where_nothing_is_known_the_jacobian_alone_is_given():
    first = spectrum(Run(Spec(g_hidden=(4,), d_hidden=(4,))))
    assert not first.per_update and first.rules == ()
    with pytest.raises(SpecError, match="rule"):
        first.of_update()
    run = Run(Spec(g_hidden=(4,), d_hidden=(4,), optimizer="momentum"))
    with pytest.raises(SpecError, match="optimistic"):
        spectrum(run).of_update("rk4")


@pytest.mark.parametrize("wrong", [{"which": 1}, {"samples": 0}, {"dense": 10**6}, {"which": -1}])
def test_what_is_refused(wrong):
    with pytest.raises(SpecError):
        spectrum(Run(Spec(g_hidden=(4,), d_hidden=(4,))), **wrong)
