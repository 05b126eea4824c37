"""The computed cost of a Spec, compared with measurements within a factor of 2."""

import pytest
import torch
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

from ganlab import Run, Spec
from ganlab.engine import evaluation, generate
from ganlab.engine.cost import cost
from ganlab.engine.snapshot import points_for
from ganlab.engine.tracing import Traces
from ganlab.stabilisers import STABILISERS

RING = {"target": "ring", "latent_dim": 2}
WIDE = {"g_hidden": (256, 256), "d_hidden": (256, 256, 128)}
VARIED = {
    "default 1-D": {},
    "large batch": {**RING, "batch": 4096},
    "wide": {**RING, **WIDE, "batch": 512},
    "long latent": {**RING, "latent_dim": 256, "batch": 1024},
    "maxout": {**RING, "d_activation": "maxout", "batch": 1024},
    "unrolled far": {**RING, "unroll": 7},
    "unrolled on fresh data": {**RING, "unroll": 4, "unroll_data": "fresh", "optimizer": "sgd"},
    "many kernels in blocks": {"minibatch_discrimination": 16, "minibatch_dims": 8, "batch": 512},
    "both penalties and consensus": {"r1": 1.0, "gradient_penalty": 1.0, "consensus": 0.1, **RING},
    "extragradient, unrolled": {**RING, "rule": "extragradient", "unroll": 3, "packing": 2},
    "virtual norm, wide": {**RING, **WIDE, "g_norm": "virtual", "feature_matching": 0.5},
    "no hidden layers": {**RING, "g_hidden": (), "d_hidden": ()},
}
for _name in STABILISERS:
    _first = STABILISERS[_name].params[0]
    _on = tuple(_first.choices)[-1] if _first.kind == "choice" else _first.typical
    VARIED[_name] = {**RING, _name: _on}
for _loss in ("relativistic-average", "relativistic-pairing"):
    VARIED[_loss] = {**RING, "loss": _loss, "batch": 512}
VARIED["spectral"] = {**RING, "d_norm": "spectral"}
VARIED["batch norm in D"] = {**RING, "d_norm": "batch"}
for _rule in ("sga", "heun", "rk4"):
    VARIED[_rule] = {**RING, "rule": _rule, "optimizer": "sgd"}
VARIED["cgd"] = {**RING, "rule": "cgd", "optimizer": "sgd", "loss": "minimax"}
VARIED["optimistic"] = {**RING, "rule": "optimistic"}


def measured_flops(run: Run, player: str) -> int:
    with FlopCounterMode(display=False) as counter:
        run.update(player)
    return counter.get_total_flops()


def measured_peak(run: Run, player: str) -> int:
    """The most bytes that an update has allocated, according to the allocator."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as prof:
        run.update(player)
    events = prof.profiler.kineto_results.events()
    changes = [(e.start_ns(), e.nbytes()) for e in events if e.name() == "[memory]"]
    held = peak = 0
    for _, change in sorted(changes, key=lambda pair: pair[0]):
        held += change
        peak = max(peak, held)
    return peak


@pytest.mark.parametrize("name", VARIED)
def test_flops_and_bytes_of_an_update(name):
    spec = Spec(**VARIED[name])
    said, run = cost(spec), Run(spec)
    for player, work in (("D", said.d), ("G", said.g)):
        run.update(player)  # makes a block of draws
        flops = measured_flops(run, player)
        assert flops / 2 <= work.flops <= 2 * flops, player
        peak = measured_peak(run, player)
        assert peak / 2 <= work.peak <= 2 * peak, (player, peak, work.peak)


def test_nothing_is_allocated():
    spec = Spec(**RING, batch=4096, minibatch_discrimination=64, minibatch_dims=16)
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as prof:
        said = cost(spec)
    sizes = [e.nbytes() for e in prof.profiler.kineto_results.events() if e.name() == "[memory]"]
    assert max(sizes, default=0) < 2**20
    # All pairs at once would be 137 GB, and every update visits all of them.
    assert said.peak < 2e9 and said.d.traffic > 4096**2 * 64 * 16 * 4


def test_runs_together_cost_as_many_times_as_much():
    spec = Spec(**RING, **WIDE)
    one, many = cost(spec), cost(spec, 16)
    run = Run([spec.replace(seed=i) for i in range(16)])
    assert many.d.flops == pytest.approx(16 * one.d.flops, rel=0.01)
    assert many.d.flops == pytest.approx(measured_flops(run, "D"), rel=0.01)
    peak = measured_peak(run, "D")
    assert peak / 2 <= many.d.peak <= 2 * peak


def test_an_iteration_is_k_updates_of_d_and_g_steps_of_g():
    said = cost(Spec(**RING, k=5, g_steps=3))
    assert said.iteration.flops == 5 * said.d.flops + 3 * said.g.flops
    assert cost(Spec(**RING, k=5, g_steps=3), 16).g_steps == 3
    assert said.iteration.peak == max(said.d.peak, said.g.peak)
    assert cost(Spec(**RING, k=0)).iteration.flops == said.g.flops


LOOKS = [{}, WIDE, {"minibatch_discrimination": 8}, {"unroll": 5}]
LOOKS += [{"loss": "relativistic-pairing"}]


@pytest.mark.parametrize("wide", LOOKS)
@pytest.mark.parametrize("target", ["two_gaussians", "ring"])
def test_flops_of_a_look(target, wide, monkeypatch):
    # torch's counter does not know oneDNN's operations, which are in traces of earlier tests.
    for module in (evaluation, generate):
        monkeypatch.setattr(module, "TRACES", Traces(after=10**9))
    spec = Spec(target=target, latent_dim=2, **wide)
    run, said = Run(spec), cost(spec)
    for what, work in (("picture", said.picture), ("measure", said.measure)):
        other = "measure" if what == "picture" else "picture"
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            run.snapshot(points=points_for(run.game), **{other: False})
        flops = counter.get_total_flops()
        assert flops / 2 <= work.flops <= 2 * flops, what
