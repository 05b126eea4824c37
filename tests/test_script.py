"""The exported PyTorch script, which does not know ganlab, makes the run of ganlab's engine."""

import contextlib
import io
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from doubled import in_double

from ganlab import Run, Spec, export
from ganlab.events import Event, check
from ganlab.latents import LATENTS
from ganlab.losses import LOSSES
from ganlab.networks import ACTIVATIONS, D_NORMS, INITS, NORMS
from ganlab.optim import OPTIMIZERS
from ganlab.params import LIVE, PARAMS
from ganlab.registry import SpecError
from ganlab.stabilisers import STABILISERS
from ganlab.targets import TARGETS, make_target
from ganlab.update_rules import RULES

SMALL = {"g_hidden": (4,), "d_hidden": (5, 3), "batch": 8, "seed": 5, "g_lr": 3e-3, "d_lr": 5e-3}
SMOOTH = {**SMALL, "g_activation": "tanh", "d_activation": "tanh"}
PLAIN = {"optimizer": "sgd", "loss": "minimax"}
DRAWN = [name for name in TARGETS if TARGETS[name].dim < 3]


def executed(text: str) -> dict:
    """The names of a script after its run, in float64."""
    text = text.replace("DTYPE = torch.float32", "DTYPE = torch.float64", 1)
    space: dict = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(text, "script", "exec"), space)
    return space


def follows(spec: Spec, iterations: int = 200, events: tuple[Event, ...] | str = ()) -> str:
    """The script, whose parameters must be those of the engine after the iterations."""
    text = export.script(spec, iterations, events)
    assert "ganlab import" not in text and "import ganlab" not in text
    assert all(len(line) <= 100 for line in text.splitlines()[5:])
    run = in_double(Run(spec, events=events))
    start = run.state
    assert run.advance(iterations) == iterations, run.diverged
    weights = executed(text)["weights"]
    for player, first, last in (("G", start.g, run.state.g), ("D", start.d, run.state.d)):
        torch.testing.assert_close(weights[player], last[0], rtol=1e-6, atol=1e-8)
        plays = player == "G" or run.state.d_updates
        assert torch.equal(first, last) != bool(plays)
    return text


@pytest.mark.parametrize("loss", list(LOSSES))
def test_losses(loss):
    follows(Spec(**SMOOTH, loss=loss, target="ring"))


@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
def test_optimisers(optimizer):
    own = {"weight_decay": 0.01, "momentum": 0.7, "momentum_rise": 0.2, "momentum_ramp": 50}
    follows(Spec(**SMOOTH, optimizer=optimizer, **own, lr_decay=1e-3, lr_floor=2.5e-3))


@pytest.mark.parametrize("rule", list(RULES))
def test_update_rules(rule):
    own = PLAIN if rule in ("heun", "rk4", "cgd") else {}
    follows(Spec(**SMOOTH, **own, rule=rule, k=2), 20 if rule in ("cgd", "sga") else 60)


@pytest.mark.parametrize("fields", [{"batch": 10}, {"unroll": 2, "unroll_data": "fresh"}])
def test_balanced_minibatches(fields):
    follows(Spec(**SMOOTH | fields, target="ring", balanced="yes"), 40)


STRENGTHS = {
    "unroll": [{"unroll": 2}, {"unroll": 2, "unroll_data": "fresh", "instance_noise": 0.2}],
    "minibatch_discrimination": [{"minibatch_discrimination": 2, "minibatch_dims": 2}],
    "packing": [{"packing": 2, "target": "ring"}],
    # D does not depend on the size of its weights: Adam would amplify the rounding of gradients 0.
    "d_norm": [{"d_norm": name, "optimizer": "sgd"} for name in D_NORMS if name != "none"],
    "g_norm": [{"g_norm": name} for name in NORMS if name != "none"],
    "instance_noise": [{"instance_noise": 0.3, "instance_noise_decay": 100}],
    "augmentation": [
        {"augmentation": 0.5, "target": "gaussian_2d"},
        {"augmentation": 0.5, "target": "gaussian", "instance_noise": 0.2, "packing": 2},
    ],
    "ode_regulariser": [{"ode_regulariser": 0.1, **PLAIN, "rule": "rk4"}],
    "feature_matching": [{"feature_matching": 0.4, "d_dropout": 0.2, "packing": 2}],
    "smooth_fake": [
        {"smooth_fake": 0.1},
        {"smooth_fake": 0.1, "smooth_real": 0.2, "loss": "least-squares"},
    ],
}
ALONE = [
    pytest.param(fields, id=f"{name}-{i}")
    for name in STABILISERS
    for i, fields in enumerate(STRENGTHS.get(name, [{name: PARAMS[name].typical}]))
]


@pytest.mark.parametrize("fields", ALONE)
def test_stabilisers(fields):
    follows(Spec(**SMOOTH | fields), 40)


@pytest.mark.parametrize("name", DRAWN)
def test_data_are_drawn_bit_for_bit(name):
    spec = Spec(target=name, batch=9)
    space = executed(export.script(spec, 0))
    if "POINTS" in space:
        assert torch.equal(space["POINTS"], make_target(name).examples.stored)
        return
    for n, seed in ((9, 0), (4000, 1)):
        drawn = space["data"](n, spec.dim, torch.Generator().manual_seed(seed))
        wanted = make_target(name).sample(n, torch.Generator().manual_seed(seed))
        assert drawn.dtype == torch.float32 and torch.equal(drawn, wanted)
    draws = Run(spec).draws
    for number in (0, 1, 128, 777):
        drawn = space["draws"]("D", number)["data"]
        assert torch.equal(drawn, draws.get("D", "data", number)[0].double())


SHARES = {"symbols": 3, "zipf": 0, "weights": (3, 1, 2)}
OTHERS = [
    *({"latent": name, "latent_dim": 3} for name in LATENTS if name != "constant"),
    *({"init": name, "init_gain": 0.7, "d_init_gain": 0.5} for name in INITS),
    *({"g_activation": name, "d_activation": name} for name in ACTIVATIONS),
    {"latent_points": (-1.0, 0.5, 2.0), "target": "points"},
    {"latent_points": (-1.0, 0.5, 2.0), "g_norm": "virtual"},
    {"data_size": 20, "batch": 8},
    {"data_size": 5, "latent_points": (-1.0, 0.5), "unroll": 2},
    {"data_size": 5, "target": "ring", "latent_dim": 2},
    {"g_hidden": (), "d_hidden": (), "g_start": (0.5, -2.0), "d_start": (0.25, 0.1)},
    {"target": "gaussians", "target_params": {"weights": (1, 2, 3, 4)}},
    {"g_bias": "no", "d_bias": "no"},
    {"g_bias": "alone"},
    {"k": 0, "g_steps": 2},
    {"d_to_optimum": 0.01, "d_activation": "tanh", "batch": 1500},
    {"target": "points_2d", "seed": 2**31 - 1},
    {"target": "categorical", "temperature": 0.7, "temperature_decay": 0.02},
    {"target": "strings", "estimator": "gumbel", "unroll": 1, "target_params": {"size": 2}},
    {"target": "strings", "estimator": "rounded", "rule": "extragradient"},
    {"target": "categorical", "estimator": "reinforce", "target_params": SHARES},
    {"target": "strings", "estimator": "reinforce", "baseline": "none", "loss": "hinge", "r1": 0.1},
]


@pytest.mark.parametrize("fields", OTHERS, ids=str)
def test_other_fields(fields):
    follows(Spec(**SMALL | fields), 40)


EVENTS = [
    ({}, "4:k:3:loss:minimax,9:D,20:GGD,26:g_steps:2"),
    ({}, "5:rule:simultaneous,12:rule:optimistic,18:rule:alternating,25:rule:extra-adam,33:k:3"),
    ({}, "5:lookahead:2,11:lookahead:3,20:lookahead:0,25:lookahead:2"),
    ({}, "5:r1:.3,11:weight_clip:.3,20:gradient_clip:.1,25:weight_decay:.1,30:r1:0"),
    ({}, "5:unroll:2,11:unroll:3,20:unroll:0,25:unroll:1:unroll_data:fresh"),
    ({}, "5:loss:wasserstein:drift:.1,12:drift:0,19:loss:relativistic-pairing"),
    (
        {},
        "5:d_dropout:.3,12:gradient_penalty:.01,18:dragan:.02,25:dragan:0:gradient_penalty:0,30:consensus:.1",
    ),
    ({"k": 0}, "5:D,10:k:1:g_lr:.01"),
    (
        {"d_hidden": (), "batch": 512},
        "2:d_to_optimum:.01,6:d_to_optimum:0:r1:.1,8:d_to_optimum:.02:loss:minimax",
    ),
    ({"loss": "least-squares", "smooth_real": 0.1}, "5:smooth_real:0,10:loss:hinge"),
]


@pytest.mark.parametrize(("fields", "events"), EVENTS)
def test_changes_and_updates_by_hand(fields, events):
    spec = Spec(**SMOOTH | {"k": 2} | fields)
    if "fresh" in events:
        with pytest.raises(SpecError, match="unroll"):
            export.script(spec, 30, events)
        events = events.replace(":unroll_data:fresh", "")
    follows(spec, 15, events)


def some_spec(draw: random.Random) -> tuple[Spec, tuple[Event, ...]]:
    """A random Spec and random events that are allowed."""
    names = draw.sample(list(STABILISERS), draw.choice([1, 2, 3]))
    fields = SMALL | {name: PARAMS[name].typical for name in names if PARAMS[name].typical}
    fields |= {"seed": draw.randrange(10**6), "k": draw.choice([1, 2]), "d_activation": "tanh"}
    fields |= {"unroll": 2} if "unroll" in names else {}
    for name, of in (("loss", LOSSES), ("rule", RULES), ("optimizer", OPTIMIZERS)):
        fields[name] = draw.choice(list(of))
    fields["target"], fields["init"] = draw.choice(DRAWN), draw.choice(list(INITS))
    spec, events, at = Spec(**fields), [], 0
    for _ in range(draw.choice([0, 1, 3])):
        at += draw.randrange(1, 8)
        name = draw.choice([n for n in LIVE if n not in ("unroll", "d_dropout_input")])
        of = PARAMS[name]
        value = draw.choice(list(of.choices) if of.choices else [of.default, of.typical or 1])
        events.append(Event(at, ((name, value),)))
    return spec, check(events, (spec,))


@pytest.mark.parametrize("seed", range(12))
def test_random_combinations(seed):
    draw = random.Random(seed)
    while True:
        with contextlib.suppress(SpecError):
            spec, events = some_spec(draw)
            run = in_double(Run(spec, events=events))
            run.advance(12)
            export.script(spec, 12, events)
            if not run.stopped:
                break
    follows(spec, 12, events)


def test_the_script_is_short_and_has_only_what_the_run_uses():
    spec = Spec(target="ring", latent_dim=2)
    text = export.script(spec, 1000)
    code = [line for line in text.splitlines() if line.strip() and line.lstrip()[0] not in "#"]
    assert len(code) <= 120
    assert not {"unroll", "slope", "before", "kept[", "minimax", "1 - p"} & set(text.split())
    assert "UNROLL" not in text and "CHANGES" not in text and "R1" not in text
    with_r1 = export.script(spec.replace(r1=0.1), 1000)
    assert "R1 = 0.1" in with_r1 and "def slope" in with_r1


@pytest.mark.slow
def test_scripts_need_torch_alone(tmp_path):
    """Isolated from the environment, with everything but torch and its needs made impossible."""
    guard = (
        "import sys\nfor n in ('ganlab', 'numpy', 'scipy', 'streamlit'): sys.modules[n] = None\n"
    )
    for number, (fields, events) in enumerate([({"target": "spiral", "r1": 0.1}, ""), EVENTS[1]]):
        spec = Spec(**SMALL | fields)
        text = guard + export.script(spec, 20, events)
        text += "torch.save(weights, sys.argv[1])\n"
        (tmp_path / "run.py").write_text(text)
        out = tmp_path / f"{number}.pt"
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-I", "run.py", str(out)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            env={"PATH": os.environ["PATH"]},
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("p_g: mean")
        weights = torch.load(out, weights_only=True)
        run = Run(spec, events=events)
        run.advance(20)
        # Float32 on both sides: rounding differs.
        torch.testing.assert_close(weights["G"], run.state.g[0], rtol=1e-3, atol=1e-4)


def test_what_has_no_plain_script_is_refused_by_name():
    with pytest.raises(SpecError, match="images"):
        export.script(Spec(target="drawn_digits", g_hidden=(4,), d_hidden=(4,)), 10)
    code = """
from ganlab import Spec, export
from ganlab.losses import LOSSES, LossEntry
mean = lambda real, fake: (fake**2).mean(1)
LOSSES.add(LossEntry("late", "late", "x", "x.", d=mean, g=mean))
try:
    export.script(Spec(loss="late"), 3)
except ValueError as error:
    print(error)
"""
    root = Path(export.__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root)
    assert (
        "script = '__main__' is not allowed; it must be a variant of ganlab itself" in done.stdout
    )


@pytest.mark.parametrize("inference", ["regression", "joint"])
def test_inference_of_latents(inference):
    spec = Spec(**SMALL, target="ring", latent_dim=2, inference=inference)
    assert "E(w" in follows(spec, 20)
    follows(spec.replace(packing=2, instance_noise=0.3, augmentation=0.3, lr_decay=0.01), 10)
    follows(
        spec.replace(unroll=2, unroll_data="fresh", feature_matching=0.3, rule="optimistic"), 10
    )
    follows(spec.replace(g_hidden=(), g_start=(1.0, 0.5, 0.2, 0.1, 0.0, 0.3)), 10)
    losses = [(10, "least-squares"), (20, "hinge"), (30, "minimax"), (40, "relativistic-average")]
    follows(spec, 30, [Event(at, (("loss", loss),)) for at, loss in losses])
