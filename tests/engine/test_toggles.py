"""Each toggle, and many together, give the trajectory of an independent implementation."""

import pytest
import torch
from doubled import in_double
from oracle import Oracle

from ganlab import Run, Spec
from ganlab.losses import LOSSES
from ganlab.networks import NORMS
from ganlab.optim import OPTIMIZERS
from ganlab.spec import PARAMS
from ganlab.stabilisers import STABILISERS
from ganlab.update_rules import RULES

SMALL = {
    "target": "ring",
    "latent_dim": 2,
    "g_hidden": (6,),
    "d_hidden": (5, 4),
    "g_activation": "tanh",
    "batch": 8,
    "seed": 5,
}
RATES = {"adam": 5e-3, "momentum": 0.05, "sgd": 0.1, "rmsprop": 3e-3}
RATES |= {"adamw": 5e-3, "adagrad": 0.02, "nesterov": 0.05}
# Every combination is tried with these; the others differ from one of them in a formula.
EACH = ("adam", "momentum", "sgd", "rmsprop")
FIRST = ("minimax", "non-saturating", "maximum-likelihood", "least-squares", "wasserstein", "hinge")
TINY = {"g_hidden": (3,), "d_hidden": (3,), "batch": 4, "optimizer": "sgd"}  # for dense Jacobians


def small(**fields) -> Spec:
    rate = RATES[fields.get("optimizer", "adam")]
    return Spec(**{**SMALL, "g_lr": rate, "d_lr": 2 * rate, **fields})


def long(spec: Spec) -> int:
    """The number of iterations to compare: fewer where the oracle's loops are slow."""
    return 5 if spec.unroll > 1 or spec.minibatch_discrimination > 1 else 10


def follow(spec: Spec, iterations: int = 0) -> Run:
    """The engine's run after the oracle's iterations, which must agree."""
    iterations = iterations or long(spec)
    run, oracle = in_double(Run(spec)), Oracle(spec)
    start = run.state
    assert run.advance(iterations) == iterations, run.diverged
    oracle.advance(iterations)
    for player, got, first in (("G", run.state.g, start.g), ("D", run.state.d, start.d)):
        # Without a gradient but for rounding, as before a batch norm, Adam makes steps of that.
        loose = 1e-8 if spec.d_norm == "batch" else 1e-9
        torch.testing.assert_close(got[0], oracle.flat(player), rtol=1e-7, atol=loose)
        moved = (got - first).abs().max()
        assert moved > 1e-3 or (player == "D" and spec.k == 0 and moved == 0)
    return run


def differs(spec: Spec, **without) -> None:
    """The oracle's run of `spec`, which must differ from that of `without`."""
    run = follow(spec)
    other = in_double(Run(spec.replace(**without)))
    other.advance(run.iteration)
    if other.state.g.shape == run.state.g.shape:
        assert (other.state.g - run.state.g).abs().max() > 1e-5


# One toggle at a time, at a strength with a visible effect.
ALONE = {
    "unroll": [
        {"unroll": k, "unroll_data": data, "optimizer": by}
        for k in (1, 3)
        for data in ("same", "fresh")
        for by in (OPTIMIZERS if (k, data) == (3, "same") else EACH)
    ],
    "minibatch_discrimination": [
        {"minibatch_discrimination": 3, "minibatch_dims": 2},
        {"minibatch_discrimination": 1, "minibatch_dims": 1, "d_hidden": (4,), "k": 2},
    ],
    "packing": [{"packing": 2}, {"packing": 4, "target": "gaussian"}],
    "d_dropout": [{"d_dropout": 0.5}, {"d_dropout": 0.3, "d_activation": "maxout"}],
    "d_dropout_input": [{"d_dropout_input": 0.2}, {"d_dropout_input": 0.5, "d_dropout": 0.5}],
    "smooth_real": [{"smooth_real": 0.1}, {"smooth_real": 0.4, "loss": "least-squares"}],
    "smooth_fake": [
        {"smooth_fake": 0.3},
        {"smooth_fake": 0.2, "smooth_real": 0.1, "loss": "least-squares"},
        {"smooth_fake": 0.1, "smooth_real": 0.1, "loss": "minimax"},
    ],
    "instance_noise": [
        {"instance_noise": 0.5},
        {"instance_noise": 1.0, "instance_noise_decay": 7, "k": 2},
        {"instance_noise": 1.0, "instance_noise_decay": 100},
    ],
    "augmentation": [
        {"augmentation": 0.6},
        {"augmentation": 0.9, "target": "gaussian", "packing": 2},
        {"augmentation": 0.5, "target": "gaussian_2d", "feature_matching": 0.3, "r1": 0.2},
    ],
    "r1": [{"r1": 1.0}, {"r1": 10.0, "d_activation": "tanh"}],
    "r2": [{"r2": 1.0}, {"r2": 3.0, "r1": 2.0, "d_activation": "tanh"}],
    "gradient_penalty": [
        {"gradient_penalty": 1.0},
        {"gradient_penalty": 10.0, "loss": "wasserstein", "d_activation": "tanh"},
    ],
    "lipschitz_penalty": [
        {"lipschitz_penalty": 5.0, "init_gain": 3.0},
        {"lipschitz_penalty": 1.0, "loss": "wasserstein", "d_activation": "tanh", "init_gain": 2.0},
    ],
    "dragan": [
        {"dragan": 1.0},
        {"dragan": 5.0, "dragan_spread": 1.0, "d_dropout": 0.3, "packing": 2, "k": 2},
        {"dragan": 0.5, "d_activation": "elu", "unroll": 1, "unroll_data": "fresh"},
    ],
    "drift": [{"drift": 1.0}, {"drift": 0.5, "loss": "wasserstein", "optimizer": "sgd"}],
    "d_norm": [
        {"d_norm": "spectral", "d_activation": "elu"},
        {"d_norm": "spectral", "loss": "hinge", "r1": 0.5, "d_activation": "maxout"},
        {"d_norm": "spectral", "unroll": 2, "optimizer": "rmsprop", "d_activation": "tanh"},
        {"d_norm": "spectral", "consensus": 0.1, "d_activation": "tanh"},
        {"d_norm": "batch", "d_activation": "tanh"},
        {"d_norm": "batch", "packing": 2, "d_dropout": 0.3, "d_activation": "maxout"},
        {"d_norm": "batch", "minibatch_discrimination": 2, "unroll": 1, "optimizer": "sgd"},
    ],
    "ode_regulariser": [
        {"ode_regulariser": 1.0, "rule": "rk4", "optimizer": "sgd"},
        {"ode_regulariser": 0.3, "consensus": 0.1, "k": 2},
    ],
    "lookahead": [
        {"lookahead": 3, "k": 2},
        {"lookahead": 2, "lookahead_share": 0.3, "rule": "simultaneous", "optimizer": "sgd"},
        {"lookahead": 2, "g_steps": 2, "historical_averaging": 0.3},
    ],
    "weight_clip": [{"weight_clip": 0.3, "loss": "wasserstein", "optimizer": "rmsprop"}],
    "g_norm": [
        {"g_norm": norm, "g_hidden": (6, 5), "g_activation": act}
        for norm in NORMS
        for act in ("relu", "tanh", "maxout")
        if norm != "none"
    ],
    "feature_matching": [{"feature_matching": 1.0}, {"feature_matching": 0.3, "k": 2}],
    "consensus": [{"consensus": 1.0}, {"consensus": 0.1, "optimizer": "sgd"}],
    "historical_averaging": [
        {"historical_averaging": 0.5, "optimizer": "sgd"},
        {"historical_averaging": 0.1, "k": 2},
    ],
    "gradient_clip": [
        {"gradient_clip": 0.05, "optimizer": "sgd", "g_lr": 0.5, "d_lr": 0.5},
        {"gradient_clip": 0.3, "optimizer": "momentum"},  # now and then
    ],
    "weight_decay": [{"weight_decay": 0.1, "optimizer": by} for by in OPTIMIZERS],
}


def cases(table):
    return [
        pytest.param(name, fields, id=f"{name}-{i}")
        for name, row in table.items()
        for i, fields in enumerate(row)
    ]


def test_every_stabiliser_has_an_oracle_here():
    assert set(ALONE) | {"g_average"} == set(STABILISERS)  # that one moves nothing: see below


@pytest.mark.parametrize(("name", "fields"), cases(ALONE))
def test_one_toggle(name, fields):
    differs(small(**fields), **{name: PARAMS[name].default})


PAIRS = [(loss, by) for loss in FIRST for by in EACH]
PAIRS += [(loss, by) for loss in LOSSES if loss not in FIRST for by in ("adam", "sgd")]
PAIRS += [("non-saturating", by) for by in OPTIMIZERS if by not in EACH]


@pytest.mark.parametrize(("loss", "optimizer"), PAIRS)
def test_losses(loss, optimizer):
    follow(small(loss=loss, optimizer=optimizer), 12)


FIRST_RULES = ("alternating", "simultaneous", "extragradient", "extra-adam", "optimistic")
BY_RULE = [(rule, k, by) for rule in FIRST_RULES for k in (0, 1, 2) for by in EACH]
BY_RULE += [(rule, 2, by) for rule in FIRST_RULES for by in OPTIMIZERS if by not in EACH]
BY_RULE += [("sga", 2, "adam")]
BY_RULE += [(rule, k, "sgd") for rule in ("heun", "rk4") for k in (0, 2)]


def test_every_rule_has_an_oracle_here():
    assert {rule for rule, _, _ in BY_RULE} | {"cgd"} == set(RULES)


@pytest.mark.parametrize(("rule", "k", "optimizer"), BY_RULE)
def test_rules(rule, k, optimizer):
    spec = small(rule=rule, k=k, optimizer=optimizer)
    if rule == "sga":
        follow(spec.replace(g_hidden=(3,), d_hidden=(3,), batch=4), 3)
        return
    if rule == "alternating" or (rule == "simultaneous" and k == 0):
        follow(spec)
    else:
        differs(spec, rule="alternating")


@pytest.mark.parametrize(("loss", "k"), [("minimax", 1), ("f-hellinger", 2)])
def test_competitive_gradient_descent_is_the_dense_solve(loss, k):
    spec = small(rule="cgd", loss=loss, k=k, r1=0.1, drift=0.1, **TINY)
    spec = spec.replace(g_lr=0.2, d_lr=0.4)
    follow(spec, 2)
    runs = [in_double(Run(spec.replace(rule=rule))) for rule in ("cgd", "simultaneous")]
    for run in runs:
        run.advance(4)
    assert (runs[0].state.g - runs[1].state.g).abs().max() > 1e-4


def test_the_average_of_g_is_that_of_its_weights_and_moves_nothing():
    spec = small(g_average=0.7, k=2)
    run, oracle, without = in_double(Run(spec)), Oracle(spec), in_double(Run(small(k=2)))
    for one in (run, oracle, without):
        one.advance(6)
    assert torch.equal(run.state.g, without.state.g) and torch.equal(run.state.d, without.state.d)
    mean = run.state.g_slots[run.game.rules.slots("G").index("g_average")]
    oracle.now.nets["G"].load_state_dict(
        dict(zip(dict(oracle.now.nets["G"].named_parameters()), oracle.mean, strict=True))
    )
    torch.testing.assert_close(mean[0], oracle.flat("G"), rtol=1e-9, atol=1e-11)
    assert (mean - run.state.g).abs().max() > 1e-3


@pytest.mark.parametrize("momentum", [-0.5, 0.9])
@pytest.mark.parametrize("rule", FIRST_RULES)
def test_momentum_of_either_sign(rule, momentum):
    follow(small(rule=rule, optimizer="momentum", momentum=momentum))


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "elu", "maxout"])
def test_piecewise_linear_nets(activation):
    follow(small(g_activation=activation, d_activation=activation, init="gaussian", init_gain=0.5))


PENALTIES = {"r1": 0.5, "loss": "non-saturating", "d_activation": "tanh"}
TOGETHER = {
    "unrolled packs with R1": {"unroll": 2, "packing": 2, **PENALTIES},
    "wgan-gp": {"loss": "wasserstein", "gradient_penalty": 2.0, "optimizer": "rmsprop", "k": 3},
    "wgan": {"loss": "wasserstein", "weight_clip": 0.2, "optimizer": "rmsprop", "unroll": 2},
    "crowds, thinned and smoothed": {
        "minibatch_discrimination": 2,
        "d_dropout": 0.4,
        "d_dropout_input": 0.2,
        "smooth_real": 0.1,
    },
    "extragradient consensus": {"rule": "extragradient", "consensus": 0.5, "optimizer": "sgd"},
    "simultaneous consensus, unrolled": {"rule": "simultaneous", "consensus": 0.2, "unroll": 1},
    "extragradient, unrolled": {"rule": "extragradient", "unroll": 2, "k": 2},
    "simultaneous, unrolled afresh": {"rule": "simultaneous", "unroll": 2, "unroll_data": "fresh"},
    "unrolled afresh, all that is drawn": {
        "unroll": 2,
        "unroll_data": "fresh",
        "instance_noise": 0.3,
        "augmentation": 0.4,
        "d_dropout": 0.3,
        "packing": 2,
        "gradient_penalty": 0.5,
        "g_norm": "batch",
    },
    "extragradient, all that is drawn": {
        "rule": "extragradient",
        "unroll": 1,
        "unroll_data": "fresh",
        "instance_noise": 0.3,
        "instance_noise_decay": 9,
        "d_dropout": 0.3,
        "gradient_penalty": 0.5,
        "k": 2,
    },
    "consensus of unrolled D afresh": {"consensus": 0.1, "unroll": 1, "unroll_data": "fresh"},
    "consensus of batch norm and packs": {"consensus": 0.1, "g_norm": "batch", "packing": 2},
    "unrolled through clips and decay": {
        "unroll": 3,
        "gradient_clip": 0.2,
        "weight_decay": 0.05,
        "weight_clip": 0.6,
        "optimizer": "momentum",
    },
    "unrolled through penalties": {"unroll": 2, "r2": 0.5, "gradient_penalty": 0.5, **PENALTIES},
    "unrolled crowds": {"unroll": 1, "minibatch_discrimination": 2, "minibatch_dims": 2},
    "extra-adam, unrolled": {"rule": "extra-adam", "unroll": 2, "k": 2},
    "extra-adam consensus": {"rule": "extra-adam", "consensus": 0.5, "r1": 0.5},
    "extra-adam, all that is drawn": {
        "rule": "extra-adam",
        "unroll": 1,
        "unroll_data": "fresh",
        "instance_noise": 0.3,
        "d_dropout": 0.3,
        "gradient_penalty": 0.5,
        "optimizer": "rmsprop",
    },
    "extra-adam, pulled, clipped and decayed": {
        "rule": "extra-adam",
        "historical_averaging": 0.3,
        "gradient_clip": 0.5,
        "weight_decay": 0.1,
        "weight_clip": 0.5,
        "optimizer": "momentum",
    },
    "extragradient, pulled, clipped and decayed": {
        "rule": "extragradient",
        "historical_averaging": 0.3,
        "gradient_clip": 0.5,
        "weight_decay": 0.1,
        "weight_clip": 0.5,
        "optimizer": "momentum",
    },
    "optimistic, pulled, clipped and decayed": {
        "rule": "optimistic",
        "historical_averaging": 0.3,
        "gradient_clip": 0.5,
        "weight_decay": 0.1,
        "weight_clip": 0.5,
        "k": 2,
    },
    "matched features of thinned, noisy packs": {
        "feature_matching": 0.7,
        "d_dropout": 0.3,
        "d_dropout_input": 0.1,
        "instance_noise": 0.4,
        "packing": 2,
        "unroll": 1,
    },
    "virtual norm, simultaneous, least squares": {
        "g_norm": "virtual",
        "g_hidden": (5, 4),
        "rule": "simultaneous",
        "loss": "least-squares",
        "smooth_real": 0.1,
        "r1": 0.1,
    },
    "linear players": {"g_hidden": (), "d_hidden": (), "feature_matching": 0.5, "packing": 2},
    "AdamW, extragradient, decayed": {
        "optimizer": "adamw",
        "weight_decay": 2.0,
        "rule": "extragradient",
        "unroll": 1,
    },
    "Heun, penalised": {
        "rule": "heun",
        "optimizer": "sgd",
        "ode_regulariser": 0.5,
        "dragan": 0.3,
        "historical_averaging": 0.2,
        "weight_clip": 0.6,
        "d_activation": "elu",
    },
    "symplectic, unrolled": {"rule": "sga", "unroll": 1, "d_norm": "spectral", **TINY},
    "lookahead of extragradient": {"rule": "extragradient", "lookahead": 2, "weight_decay": 0.1},
    "paired, all that is drawn": {
        "loss": "relativistic-pairing",
        "r1": 0.3,
        "r2": 0.3,
        "feature_matching": 0.3,
        "instance_noise": 0.3,
        "d_dropout": 0.3,
        "packing": 2,
        "d_activation": "tanh",
    },
    "paired, unrolled afresh, simultaneous": {
        "loss": "relativistic-pairing",
        "unroll": 2,
        "unroll_data": "fresh",
        "rule": "simultaneous",
    },
    "relativistic crowds, consensus": {
        "loss": "relativistic-average",
        "minibatch_discrimination": 2,
        "consensus": 0.2,
    },
    "relativistic, extragradient": {"loss": "relativistic-average", "rule": "extragradient"},
    "linear crowds": {"d_hidden": (), "minibatch_discrimination": 2, "k": 2},
}


@pytest.mark.parametrize("name", TOGETHER)
def test_toggles_together(name):
    follow(small(**TOGETHER[name]), 2 if TOGETHER[name].get("rule") == "sga" else 5)
