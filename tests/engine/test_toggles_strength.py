"""Strength zero equals absence bit for bit; strengths in a batch act on their own run only."""

import pytest
import torch
from doubled import in_double
from test_toggles import follow, small

from ganlab import Run, Spec
from ganlab.events import LIVE
from ganlab.spec import PARAMS
from ganlab.stabilisers import STABILISERS

# For each strength: three of its values, and the other fields that it needs.
STRENGTHS = {
    "d_dropout": ((0.1, 0.5, 0.8), {}),
    "d_dropout_input": ((0.1, 0.5, 0.8), {}),
    "smooth_real": ((0.05, 0.1, 0.4), {}),
    "smooth_fake": ((0.05, 0.1, 0.4), {"loss": "least-squares"}),
    "instance_noise": ((0.1, 1.0, 3.0), {}),
    "augmentation": ((0.1, 0.5, 1.0), {}),
    "r1": ((0.1, 1.0, 10.0), {}),
    "r2": ((0.1, 1.0, 10.0), {}),
    "gradient_penalty": ((0.1, 1.0, 10.0), {}),
    "lipschitz_penalty": ((1.0, 3.0, 10.0), {"init_gain": 3.0}),
    "dragan": ((0.1, 1.0, 10.0), {}),
    "drift": ((0.1, 1.0, 5.0), {}),
    "ode_regulariser": ((0.1, 1.0, 10.0), {}),
    "lookahead": ((2, 3, 4), {}),
    "g_average": ((0.5, 0.9, 0.99), {}),
    "weight_clip": ((0.05, 0.2, 0.4), {}),
    "feature_matching": ((0.1, 0.5, 1.0), {}),
    "consensus": ((0.1, 1.0, 10.0), {}),
    "historical_averaging": ((0.1, 1.0, 5.0), {}),
    "gradient_clip": ((0.01, 0.05, 0.2), {"optimizer": "sgd"}),
    "weight_decay": ((0.01, 0.1, 1.0), {}),
}
BASE = small(rule="simultaneous", k=2)  # with slots to lose


def tensors(run: Run) -> tuple[torch.Tensor, ...]:
    s = run.state
    return (s.g, s.d, *s.g_slots, *s.d_slots)


def same(a: Run, b: Run) -> bool:
    return all(torch.equal(x, y) for x, y in zip(tensors(a), tensors(b), strict=True))


def advanced(specs, iterations: int = 6) -> Run:
    run = Run(specs)
    assert run.advance(iterations) == iterations
    return run


def with_on(name: str, value, **fields) -> Spec:
    return small(**STRENGTHS.get(name, ((), {}))[1], **{name: value}, **fields)


def test_every_strength_is_here():
    assert set(STRENGTHS) == {name for name in STABILISERS if STABILISERS[name].numeric}


ALL = [param for name in STABILISERS for param in STABILISERS[name].params]


@pytest.mark.parametrize("param", ALL, ids=lambda p: p.name)
def test_off_is_absent_bit_for_bit(param):
    plain = advanced(BASE)
    values = {
        "unroll": 3,
        "unroll_data": "fresh",
        "minibatch_dims": 7,
        "instance_noise_decay": 4,
        "smooth_real": 0.3,
        "smooth_fake": 0.3,
        "dragan_spread": 2.0,
        "lookahead": 3,
        "lookahead_share": 0.2,
    }
    other = values.get(param.name, param.high if param.kind == "float" else None)
    # A field that only shapes a toggle has no effect while the toggle is off.
    if param.name not in STABILISERS:
        assert same(advanced(BASE.replace(**{param.name: other})), plain)
    assert same(advanced(BASE.replace(**{param.name: param.default})), plain)
    if param.name in LIVE:
        run = Run(BASE)
        run.change(**{param.name: other})
        assert run.spec != BASE
        run.change(**{param.name: param.default})
        run.advance(6)
        assert same(run, plain)
        # The same in mid-iteration.
        run = Run(BASE)
        run.advance(3)
        run.update()
        for value in (other, param.default):
            run.change(**{param.name: value})
        run.advance(3)
        assert same(run, plain)


@pytest.mark.parametrize("name", STRENGTHS)
def test_a_hook_at_strength_zero_is_the_identity(name):
    """Its code is executed, but with a strength that has no effect: the run equals one without."""
    spec = with_on(name, STRENGTHS[name][0][1])
    run, without = in_double(Run(spec)), in_double(Run(spec.replace(**{name: 0.0})))
    run.game.strengths[name] = 1e30 if name.endswith("clip") else 0.0
    if name == "lookahead":  # its strength is an interval: larger acts more rarely
        run.game.strengths |= {"lookahead_d": 1e9, "lookahead_g": 1e9}
    for one in (run, without):
        one.advance(8)
    torch.testing.assert_close(run.state.g, without.state.g, rtol=1e-9, atol=1e-11)
    torch.testing.assert_close(run.state.d, without.state.d, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("name", [*STRENGTHS, "instance_noise_decay"])
def test_each_run_of_a_batch_is_the_run_alone_and_none_moves_another(name):
    if name == "instance_noise_decay":
        specs = [small(instance_noise=1.0, instance_noise_decay=n, k=2) for n in (0, 3, 50)]
    else:
        specs = [with_on(name, value, unroll=1) for value in STRENGTHS[name][0]]
    batch = in_double(Run(specs))
    batch.advance(6)
    for r, spec in enumerate(specs):
        alone = in_double(Run(spec))
        alone.advance(6)
        torch.testing.assert_close(batch.state.g[r], alone.state.g[0], rtol=1e-7, atol=1e-9)
        torch.testing.assert_close(batch.state.d[r], alone.state.d[0], rtol=1e-7, atol=1e-9)
    for a, b in ((0, 1), (1, 2)):  # they differ in their strengths alone
        if name == "g_average":
            mean = batch.state.g_slots[batch.game.rules.slots("G").index(name)]
            assert (mean[a] - mean[b]).abs().max() > 1e-5
            continue
        assert (batch.state.d[a] - batch.state.d[b]).abs().max() > 1e-5
    calm, shaken = Run(specs), Run(specs)
    shaken.state.d[1] += 3.0
    for run in (calm, shaken):
        run.advance(4)
    for x, y in zip(tensors(calm), tensors(shaken), strict=True):
        assert torch.equal(x[0], y[0]) and torch.equal(x[2], y[2])
    assert not torch.equal(calm.state.g[1], shaken.state.g[1])


SHAPED = [
    {"minibatch_discrimination": 2, "k": 2},
    {"packing": 2, "r1": 1.0},
    {"g_norm": "batch"},
    {"g_norm": "reference"},
    {"g_norm": "virtual"},
    {"unroll": 2, "unroll_data": "fresh", "rule": "simultaneous"},
    {"rule": "extragradient", "historical_averaging": 0.5},
    {"rule": "optimistic", "optimizer": "rmsprop"},
    {"rule": "rk4", "optimizer": "sgd"},
    {"rule": "cgd", "optimizer": "sgd", "loss": "minimax"},
    {"rule": "sga", "loss": "relativistic-average"},
    {"d_norm": "spectral", "r1": 0.1},
    {"d_norm": "batch", "packing": 2},
    {"lookahead": 2, "g_average": 0.9},
]


@pytest.mark.parametrize("fields", SHAPED, ids=str)
def test_runs_of_every_code_path_are_independent(fields):
    specs = [small(**fields).replace(seed=s, d_lr=0.01 * (1 + s)) for s in range(3)]
    calm, shaken = in_double(Run(specs)), in_double(Run(specs))
    shaken.state.d[1] += 3.0
    for run in (calm, shaken):
        run.advance(5)
    for r in (0, 2):
        alone = in_double(Run(specs[r]))
        alone.advance(5)
        torch.testing.assert_close(calm.state.g[r], alone.state.g[0], rtol=1e-7, atol=1e-9)
        assert torch.equal(calm.state.g[r], shaken.state.g[r])
        assert torch.equal(calm.state.d[r], shaken.state.d[r])
    assert not torch.equal(calm.state.g[1], shaken.state.g[1])


def test_noise_that_falls_is_gone_when_it_says_so():
    falling = small(instance_noise=1.0, instance_noise_decay=4)
    run, gone = in_double(Run(falling)), in_double(Run(small()))
    run.advance(4)
    gone.state = run.state
    for one in (run, gone):
        one.advance(3)
    assert torch.equal(run.state.g, gone.state.g) and torch.equal(run.state.d, gone.state.d)
    follow(falling, 8)


def test_feature_matching_of_1_forgets_the_loss():
    runs = [advanced(small(feature_matching=1.0, loss=n)) for n in ("minimax", "non-saturating")]
    assert torch.equal(runs[0].state.g, runs[1].state.g)


def test_a_clip_that_never_bites_changes_nothing():
    plain = advanced(small(optimizer="sgd"))
    assert same(advanced(small(optimizer="sgd", gradient_clip=1000.0, weight_clip=10.0)), plain)
    tight = advanced(small(weight_clip=0.05))
    assert tight.state.d.abs().max().item() == pytest.approx(0.05, rel=1e-6)
    assert PARAMS["weight_clip"].default == 0.0
