"""Parameters that no cost depends on have gradient 0 and never change."""

import dataclasses

import numpy as np
import pytest
import torch
from doubled import in_double
from torch.fx.experimental.proxy_tensor import make_fx

from ganlab import Run, Spec
from ganlab.engine.native.build import updates
from ganlab.engine.one_update import OneUpdate
from ganlab.engine.rules import Rules
from ganlab.engine.structure import Structure
from ganlab.live import thumbnails
from ganlab.losses import LOSSES
from ganlab.mnist import preview
from ganlab.networks import NORMS, Generator
from ganlab.networks.mlp import MLP

SMALL = {"target": "two_gaussians", "g_hidden": (6,), "d_hidden": (5,), "batch": 16, "seed": 4}
# What D's cost may have beside the loss, for losses without labels.
TOGGLES = (
    {},
    {"gradient_penalty": 0.1, "r1": 0.2, "r2": 0.3},
    {"minibatch_discrimination": 2, "instance_noise": 0.2, "d_dropout": 0.3},
    {"packing": 2, "unroll": 2},
    {"consensus": 0.2},
    {"d_hidden": ()},
    {"rule": "extragradient"},
    {"rule": "extra-adam"},
    {"rule": "optimistic", "historical_averaging": 0.1, "gradient_clip": 0.5},
)


class Loose(Generator):
    """A generator in which every parameter has a gradient."""

    held = ()


def gradient(spec: Spec, player: str) -> tuple[torch.Tensor, MLP]:
    """The gradient of a player's cost (P,) in float64 without held parameters, and its net."""
    run = in_double(Run(spec))
    run.advance(2)
    rules = run.game.rules
    rules.D = dataclasses.replace(rules.D, level=True)
    rules.G = Loose(**{f.name: getattr(rules.G, f.name) for f in dataclasses.fields(rules.G)})
    state, n = run.state, run.game.next_numbers(player, run.state)
    drawn = {name: run.draws.get(player, name, 2) for name in rules.draws(player)}
    g, d = state.g.clone().requires_grad_(), state.d.clone().requires_grad_()
    slots = state.g_slots, state.d_slots
    update = OneUpdate(rules, player, *slots, rules.given(n), drawn, run.game.fixed)
    _, by = update._by(player, g, d)  # before stabilisers change the gradient
    return by[0], rules.D if player == "D" else rules.G


def parts(net: MLP, flat: torch.Tensor) -> list[torch.Tensor]:
    return list(flat.split_with_sizes(net.counts))


@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_says_whether_a_shift_of_d_changes_its_cost(loss):
    draw = torch.Generator().manual_seed(1)
    real, fake = (torch.randn(3, n, generator=draw, dtype=torch.float64) for n in (7, 9))
    entry = LOSSES[loss]
    shifts = [(entry.d(real + c, fake + c) - entry.d(real, fake)).abs().max() for c in (-2.0, 0.7)]
    if entry.shift_invariant:
        assert max(shifts) <= 1e-14 and entry.smooth is None and entry.optimal is None
        for c in (-2.0, 0.7):  # and the drawn D(x) does not change
            torch.testing.assert_close(
                entry.shown(real + c - entry.centre(real + c, fake + c)),
                entry.shown(real - entry.centre(real, fake)),
            )
    else:
        assert min(shifts) >= 1e-3 and entry.centre(real, fake) == 0.0


@pytest.mark.parametrize("more", TOGGLES, ids=str)
@pytest.mark.parametrize("loss", LOSSES)
def test_the_offset_of_d_has_a_gradient_of_0_just_where_it_is_held(loss, more):
    spec = Spec(**{**SMALL, "loss": loss, **more})
    by, D = gradient(spec, "D")
    last = 2 * len(D.layers) - 1
    offset, others = parts(D, by)[last], by.abs().max()
    held = Run(spec).game.D.held
    if LOSSES[loss].shift_invariant:
        assert held == (last,) and offset.abs() <= 1e-15 * max(1.0, others)
    else:
        assert held == () and offset.abs() >= 1e-6


@pytest.mark.parametrize("norm", NORMS)
def test_biases_before_a_norm_have_a_gradient_of_0(norm):
    spec = Spec(**{**SMALL, "g_hidden": (6, 4), "g_norm": norm})
    by, G = gradient(spec, "G")
    sizes = [float(part.abs().max()) for part in parts(G, by)]
    held = Run(spec).game.G.held
    assert held == (() if norm == "none" else (1, 3))
    for i in range(2 * len(G.layers)):
        assert sizes[i] <= 1e-14 if i in held else sizes[i] >= 1e-9, (i, sizes)


def offset(run: Run) -> torch.Tensor:
    """D's last bias, (R,)."""
    at = sum(run.game.D.counts[: 2 * len(run.game.D.layers) - 1])
    return run.state.d[:, at].clone()


CRITIC = Spec(target="two_gaussians", loss="wasserstein", gradient_penalty=0.1, batch=96, seed=1)


def test_the_critics_offset_stays_for_1200_iterations():
    run = Run(CRITIC)
    before = offset(run)
    run.advance(1200)
    assert torch.equal(offset(run), before)
    # So the picture is right: averaged over real and fake samples, D(x) is one half.
    shot = run.snapshot()
    probe, d = shot.probes[0], shot.picture["d"][0]
    weight = probe.p_data[1:-1] + shot.picture["p_g"][0] * probe.cell
    assert (weight * d).sum() / weight.sum() == pytest.approx(0.5, abs=0.02)
    assert d.min() < 0.49 and d.max() > 0.51


def replayed(step):
    step()
    return step


@pytest.mark.parametrize("more", TOGGLES, ids=str)
def test_whatever_moves_d_the_offset_stays(more):
    spec = Spec(**{**SMALL, "loss": "wasserstein", **more})
    for optimizer in ("adam", "rmsprop", "momentum"):
        eager, captured = Run(spec.replace(optimizer=optimizer)), Run(spec)
        captured.capture(replayed)
        for run in (eager, captured):
            before, first = offset(run), run.state.d
            run.advance(5)
            assert torch.equal(offset(run), before) and not torch.equal(run.state.d, first)


def test_norms_leave_the_biases_before_them():
    for norm in ("batch", "reference", "virtual"):
        run = Run(Spec(**{**SMALL, "g_norm": norm}))
        before = run.state.g
        run.advance(5)
        G = run.game.G
        for i, (a, b) in enumerate(zip(G.split(before), G.split(run.state.g), strict=True)):
            assert torch.equal(a, b) == (i in G.held)


@pytest.mark.parametrize("more", [{}, {"gradient_penalty": 0.1}, {"unroll": 1}], ids=str)
def test_the_graph_that_is_compiled_holds_it_too(more):
    structure = Structure.of(Spec(**{**SMALL, "loss": "wasserstein", "g_norm": "batch", **more}))
    for player, (function, args) in updates(structure).items():
        slots = sum(len(Rules(structure).slots(p)) for p in "GD")
        args = (*args[:2], *(torch.zeros_like(s) for s in args[2 : 2 + slots]), *args[2 + slots :])
        run = make_fx(function)(*args)(*args)[0][0]
        before = args[0 if player == "g" else 1][0]
        net = Run(Spec(**{**SMALL, "loss": "wasserstein", "g_norm": "batch"})).game
        net = net.G if player == "g" else net.D
        pairs = zip(parts(net, before), parts(net, run), strict=True)
        same = [i for i, (a, b) in enumerate(pairs) if torch.equal(a, b)]
        assert set(net.held) <= set(same) and 0 not in same


@pytest.mark.parametrize("target", ["two_gaussians", "ring"])
@pytest.mark.parametrize("loss", ["wasserstein", "non-saturating"])
def test_what_is_drawn_does_not_depend_on_an_offset_that_means_nothing(loss, target):
    spec = Spec(**{**SMALL, "loss": loss, "target": target})
    run = Run([spec, spec.replace(seed=5)])
    run.advance(20)
    at = sum(run.game.D.counts[: 2 * len(run.game.D.layers) - 1])

    def seen() -> list[np.ndarray]:
        one = Run(spec)
        one.state = dataclasses.replace(run.state, g=run.state.g[:1], d=run.state.d[:1])
        views = [run.snapshot(measure=False).picture["d"]]
        views += [one.snapshot(measure=False, detail="coarse").picture["d"]]
        if spec.dim == 1:
            views += [thumbnails.pictures(run.game, run.state, spec)["d"] / 255]
        return views

    before = seen()
    run.state.d[:, at] += 3.0
    for a, b in zip(before, seen(), strict=True):
        assert (np.abs(a - b).max() <= 0.005) == LOSSES[loss].shift_invariant


def test_what_d_says_of_images_is_drawn_about_its_mean():
    run = Run(Spec(**{**SMALL, "loss": "wasserstein"}))
    real, fake = torch.tensor([3.0, 5.0]), torch.tensor([1.0, 3.0])
    got = preview.shown(run, preview.Judged(real, fake, torch.tensor([3.0])))
    torch.testing.assert_close(torch.cat(got), torch.sigmoid(torch.tensor([0.0, 2, -2, 0, 0])))
