"""The cheapest claims hold on seeds, and their measures agree with closed forms."""

import numpy as np
import pytest
import torch

from ganlab import Run, Spec
from ganlab.presets import PRESETS
from ganlab.presets.collapse import hops, restored
from ganlab.presets.coverage import dependence, left_out, light, spread
from ganlab.presets.preset import successes

SEEDS = range(5000, 5004)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("name", ["small-d", "light-tails", "batch-norm", "packing"])
def test_the_claim_holds_on_three_seeds_of_four(name):
    assert sum(successes(PRESETS[name], SEEDS)) >= 3


def linear(slope: float, offset: float = 0.0, **fields) -> Run:
    """A run whose G is x = slope z + offset."""
    run = Run(Spec(g_hidden=(), **fields))
    run.state.g.copy_(torch.tensor([[slope, offset]]))
    return run


@pytest.mark.parametrize("slope", [0.0, 0.3, 2.0])
def test_spread_is_the_slope_of_a_linear_g(slope):
    assert spread(linear(slope, 5.0))["std"][0] == pytest.approx(slope, rel=0.01, abs=1e-9)


def test_independent_samples_depend_on_nothing():
    for norm in ("none", "reference", "virtual"):
        got = dependence(Run(Spec(batch=8, g_norm=norm, seed=3)))
        # Means of 400 minibatches: their variance is known to sqrt(2/399) = 7 %.
        assert got["mean_ratio"][0] == pytest.approx(1, abs=0.3), norm
        assert got["moved"][0] == pytest.approx(0, abs=1e-9), norm


def test_batch_norm_of_a_linear_map_by_hand():
    """A hidden layer whose units are all positive: x is linear in (z - mean)/std of z."""
    run = Run(Spec(batch=4, g_norm="batch", g_hidden=(1,), g_activation="relu"))
    w1, b1, w2, b2, scale, shift = 2.0, 0.3, 1.5, -0.2, 1.0, 50.0
    run.state.g.copy_(torch.tensor([[w1, b1, w2, b2, scale, shift]]))
    got = dependence(run)
    # Every minibatch has exactly the same mean, and x is z normalised by its minibatch.
    assert got["mean_ratio"][0] == pytest.approx(0, abs=1e-6)
    z = torch.randn(400, 4, generator=torch.Generator().manual_seed(1)).double()
    normal = (z - z.mean(1, keepdim=True)) / z.std(1, correction=0, keepdim=True)
    moved = []
    for one in z[:16, 0]:
        other = torch.cat([one.expand(400, 1), z[:, 1:]], 1)
        moved.append(((one - other.mean(1)) / other.std(1, correction=0)).var())
    assert got["moved"][0] == pytest.approx(float(torch.stack(moved).mean() / normal.var()), 1e-3)


def flat(checks: int, **columns) -> dict[str, np.ndarray]:
    return {name: np.array([row] * checks) for name, row in columns.items()}


def test_claims_of_the_ring_reject_their_opposite():
    one, two = np.eye(8), np.full(8, 0.125)
    still = flat(20, shares=one[0], top2=1.0)
    going = {"shares": one[np.arange(20) % 8], "top2": np.ones(20)}
    covering = flat(20, shares=two, top2=0.25)
    assert hops(going) and not hops(still) and not hops(covering)
    few, all_ = flat(12, held=2, jsd=0.6), flat(12, held=8, jsd=0.4)
    assert restored(few, all_) and not restored(all_, few)
    assert not restored(few, few) and not restored(all_, all_)
    assert not restored(few, flat(12, held=8, jsd=0.65))
    assert not restored(few, flat(12, held=7, jsd=0.4))
    assert restored(few, flat(12, held=7, jsd=0.4), kept=7)


def test_claim_of_the_light_mode_rejects_its_opposite():
    even, lost = flat(9, held=2), flat(9, shares=(1.0, 0.0))
    found = flat(9, shares=(0.95, 0.05))
    assert left_out(even, lost) and not left_out(even, found)
    assert not left_out(flat(9, held=1), lost)


def test_claim_of_the_tails_rejects_its_opposite():
    normal, cauchy = flat(9, jsd=0.02, tail=0.05), flat(9, jsd=0.02, tail=0.9)
    assert light(normal, cauchy)
    assert not light(cauchy, normal) and not light(normal, normal) and not light(cauchy, cauchy)
    assert not light(normal, flat(9, jsd=0.06, tail=0.9))
    assert not light(normal, flat(9, jsd=0.02, tail=2.1))


@pytest.mark.parametrize("seed", range(3))
def test_a_g_takes_a_normal_z_no_farther_than_its_slope(seed):
    """|G(z) - G(0)| <= L |z|, so the width of p_g's tails is at most L times that of z's."""
    run = Run(PRESETS["light-tails"].specs[0].replace(seed=seed))
    run.advance(200)
    net = run.generator()
    weights = [p.detach().double() for p in net.parameters() if p.ndim == 2]
    slope = float(torch.stack([torch.linalg.matrix_norm(w, 2) for w in weights]).prod())
    z = torch.linspace(-6, 6, 4001)[:, None]
    with torch.no_grad():
        far = (net(z) - net(torch.zeros(1, 1))).abs().double()
    assert (far <= slope * z.abs().double() + 1e-5).all()
    wide = run.snapshot(picture=False).metrics["tail"][0] * 2 * 0.5 / np.tan(np.pi * 1e-3)
    assert 0 < wide <= slope * 2 * 3.0903 * 1.03
