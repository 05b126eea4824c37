"""Every pair of toggles trains, and can be drawn and measured, in 1-D and 2-D."""

import numpy as np
import pytest

from ganlab import Run, Spec
from ganlab.losses import LOSSES
from ganlab.networks import ACTIVATIONS, D_NORMS, NORMS
from ganlab.optim import OPTIMIZERS
from ganlab.params import PARAMS
from ganlab.registry import SpecError
from ganlab.stabilisers import STABILISERS, refusal
from ganlab.update_rules import RULES

TINY = {"g_hidden": (3,), "d_hidden": (3,), "batch": 4, "seed": 3, "g_lr": 1e-3, "d_lr": 1e-3}
PLACES = {1: {"target": "two_gaussians"}, 2: {"target": "ring", "latent_dim": 2}}
POINTS = 2048
ALWAYS = "jsd jsd_smooth w1 d_loss g_loss grad_x grad_g".split()


PLAIN = ("heun", "rk4", "cgd")


def _toggles() -> list[dict]:
    """Each way to leave the default, with the typical strength."""
    out = []
    for name in STABILISERS:
        param = STABILISERS[name].params[0]
        if param.kind != "choice":  # one update ahead costs a fifth of the typical five
            out.append({name: 1 if name == "unroll" else param.typical})
    out += [{"g_norm": name} for name in NORMS]
    out += [{"d_norm": name} for name in D_NORMS]
    # Those that need SGD or a zero-sum loss, so that they go together with most others.
    plain = {"optimizer": "sgd", "loss": "minimax"}
    out += [{"rule": name} | (plain if name in PLAIN else {}) for name in RULES]
    out += [{"loss": name} for name in LOSSES]
    out += [{"optimizer": name} for name in OPTIMIZERS]
    out += [{"d_activation": name} for name in ACTIVATIONS]
    out += [{"unroll": 2, "unroll_data": "fresh"}, {"k": 3}, {"k": 0}, {"latent_dim": 3}]
    out += [{"d_hidden": ()}, {"instance_noise": 0.3, "instance_noise_decay": 1}]
    defaults = [{name: PARAMS[name].default} for name in PARAMS]
    return [toggle for toggle in out if toggle not in defaults]


TOGGLES = _toggles()
# Entries that differ from another in one formula only are not paired with each other.
FORMULAS = ({"loss"}, {"optimizer"}, {"d_activation"})
# Pairs with one of these are tried in one of the two dimensions.
LIGHT = {"sga", "cgd", "heun", "rk4", "elu", "adamw", "adagrad", "nesterov", "batch", "spectral"}
LIGHT |= {name for name in LOSSES if name.startswith(("f-", "relativistic"))}
LIGHT |= {"lipschitz_penalty", "dragan", "drift", "ode_regulariser", "lookahead", "g_average"}


def _tried(i: int, j: int, dim: int) -> bool:
    a, b = TOGGLES[i], TOGGLES[j]
    if a.keys() & b.keys() or (set(a) in FORMULAS and set(b) in FORMULAS):
        return False
    light = LIGHT & {*a, *b, *map(str, (*a.values(), *b.values()))}
    return not light or dim == 1 + (i + j) % 2


def _check(spec: Spec, detail: str) -> None:
    run = Run(spec)
    assert run.advance(2) == 2, (spec, run.diverged)
    shot = run.snapshot(points=POINTS, picture=detail == "full")
    for name in ALWAYS:
        assert np.isfinite(shot.metrics[name]).all(), (name, spec)
    if detail == "coarse":
        shot = run.snapshot(measure=False, detail="coarse")
    assert {"d", "grad", "grad_x"} <= shot.picture.keys()
    for name, values in shot.picture.items():
        if name != "d_star":  # not defined where nothing is
            assert np.isfinite(values).all(), (name, spec)


@pytest.mark.parametrize("dim", PLACES)
@pytest.mark.parametrize("first", range(len(TOGGLES)), ids=lambda i: str(TOGGLES[i]))
def test_every_pair_updates_and_is_seen(first, dim):
    refused = 0
    for other in range(first + 1, len(TOGGLES)):
        if not _tried(first, other, dim):
            continue
        a, b = TOGGLES[first], TOGGLES[other]
        try:
            spec = Spec(**{**TINY, **PLACES[dim], **a, **b})
        except SpecError as error:
            # Only combinations that a stabiliser refuses, which a page reports beside the field.
            assert error.name in (*STABILISERS, "rule"), (a, b, error)
            refused += 1
            continue
        assert refusal(spec) is None
        # One dimension is drawn at full detail, the other at that of a server with many sessions.
        _check(spec, ("coarse", "full")[(first + other + dim) % 2])
    assert refused <= len(TOGGLES) // 2


@pytest.mark.parametrize("dim", PLACES)
@pytest.mark.parametrize("points", [2048, 3000])
def test_any_count_of_points_will_do(dim, points):
    """G is drawn and measured with different numbers of samples; unrolled D needs one number."""
    both = {"unroll": 1, "gradient_penalty": 0.1}
    for more in ({}, both, both | {"packing": 2}, {"minibatch_discrimination": 2}):
        shot = Run(Spec(**{**TINY, **PLACES[dim], **more})).snapshot(points=points)
        assert all(np.isfinite(shot.metrics[name]).all() for name in ALWAYS)
        assert all(np.isfinite(shot.picture[name]).all() for name in ("d", "grad", "grad_x"))
