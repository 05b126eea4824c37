"""A traced picture and traced metrics are the eager ones, at every later State."""

import numpy as np
import pytest
import torch

from ganlab import Run, Spec
from ganlab.engine import evaluation, fusing, generate, tracing
from ganlab.engine.native import build, provide
from ganlab.engine.snapshot import take
from ganlab.engine.tracing import Traces

LINE = Spec(g_hidden=(8,), d_hidden=(8,), batch=16)
RING = Spec(target="ring", latent_dim=2, g_hidden=(8, 8), d_hidden=(8, 8), batch=16)
SPECS = {
    "line": (LINE,),
    "plane": (RING,),
    "wide": (RING.replace(g_hidden=(32, 40), d_hidden=(64, 64), unroll=1),),
    "wide runs": tuple(RING.replace(g_hidden=(32, 32), seed=seed) for seed in (0, 1)),
    "tanh": (RING.replace(g_activation="tanh", d_activation="tanh"),),
    "estimated": (LINE.replace(latent_dim=3, g_average=0.9),),
    "unrolled": (RING.replace(unroll=3, d_lr=0.02, lr_decay=0.1),),
    "unrolled runs": tuple(LINE.replace(unroll=2, d_lr=lr) for lr in (0.01, 0.03)),
    "features": (RING.replace(feature_matching=0.5),),
    "pairs": (RING.replace(loss="relativistic-average"),),
    "pairs unrolled": (LINE.replace(loss="relativistic-average", unroll=1),),
    "critic": (LINE.replace(loss="wasserstein", weight_clip=0.1),),
    "minibatch": (RING.replace(minibatch_discrimination=3),),
    "packed": (RING.replace(packing=2),),
    "batch norm": (RING.replace(g_norm="batch", d_norm="batch"),),
    "batch norm runs": tuple(RING.replace(g_norm="batch", unroll=1, seed=s) for s in (0, 1)),
    "reference": tuple(RING.replace(g_norm="reference", seed=seed) for seed in (0, 1)),
    "virtual": tuple(RING.replace(g_norm="virtual", seed=seed) for seed in (0, 1)),
    "noise": (RING.replace(d_dropout=0.3, instance_noise=0.1, gradient_penalty=0.1, unroll=1),),
}


@pytest.fixture(scope="module")
def in_c(tmp_path_factory):
    """The operations of layers.c."""
    path = tmp_path_factory.mktemp("layers") / build.LAYERS
    build.compile_library(path)
    return provide.operations(path)


def seen(run: Run, detail: str = "full") -> dict[str, np.ndarray]:
    shot = take(run.game, run.state, run.specs, run.diverged, points=2048, detail=detail)
    return shot.metrics | shot.picture


def compare(found, wanted):
    assert found.keys() == wanted.keys()
    for key, array in wanted.items():
        np.testing.assert_allclose(found[key], array, rtol=1e-3, atol=1e-5, err_msg=key)


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize("name", SPECS)
def test_it_is_the_eager_one(name, native, in_c, monkeypatch):
    monkeypatch.setattr(fusing, "layers", in_c if native else {})
    run, traces = Run(SPECS[name]), Traces(after=0)
    first = seen(run)
    with monkeypatch.context() as patch:
        for module in (evaluation, generate):
            patch.setattr(module, "TRACES", traces)
        traced = seen(run)  # the calls that are traced
    known = list(traces._known.values())
    assert known and all(one.trace is not None for one in known)
    compare(traced, first)
    run.advance(7)
    run.change(d_lr=0.003)  # does not change what was traced
    run.advance(2)
    later = seen(run)
    with monkeypatch.context() as patch:
        for module in (evaluation, generate):
            patch.setattr(module, "TRACES", traces)
        traced = seen(run)
    assert len(traces._known) == len(known)
    compare(traced, later)
    assert any(not np.array_equal(later[key], first[key]) for key in later)


ONEDNN = "mkldnn::_linear_pointwise"


def operations(spec: Spec, runs: int, points: int) -> list[str]:
    """The operations of G's trace, which equals G."""
    traces, specs = Traces(after=0), [spec.replace(seed=seed) for seed in range(runs)]
    run = Run(tuple(specs))
    z = torch.randn(runs, points, 2)
    z[:, 0], z[:, 1] = torch.nan, torch.inf
    wanted = run.game.G(run.state.g, z)
    found = [traces.call("G", lambda g, z: (run.game.G(g, z),), run.state.g, z) for _ in "12"]
    for (x,) in found:
        assert torch.allclose(x, wanted, 1e-4, 1e-5, equal_nan=True)
        assert x[:, 0].isnan().all()  # no number where there is none
    (known,) = traces._known.values()
    return [node.kind() for node in known.trace.graph.nodes()]


@pytest.mark.parametrize("runs", [1, 3])
@pytest.mark.parametrize("activation", ["relu", "leaky_relu"])
def test_an_mlp_is_one_operation(in_c, monkeypatch, activation, runs):
    monkeypatch.setattr(fusing, "layers", in_c)
    spec = RING.replace(g_hidden=(9, 20, 7), g_activation=activation)
    made = operations(spec, runs, 100)
    assert made.count("ganlab::layers4") == 1
    assert not {"aten::baddbmm", "aten::relu", "aten::leaky_relu", ONEDNN} & set(made)
    made = operations(spec, runs, 8)  # so few that the call itself takes as long
    assert made.count("aten::baddbmm") == 4 and "ganlab::layers4" not in made


def test_only_whole_nets_become_one(in_c, monkeypatch):
    """Of D with kernels, samples must be at distance 0 from themselves wherever they come from."""
    monkeypatch.setattr(fusing, "layers", in_c)
    made = operations(RING.replace(g_activation="tanh"), 1, 100)
    assert "aten::baddbmm" in made and not any("layers" in kind for kind in made)
    run, traces, x = (
        Run(RING.replace(minibatch_discrimination=2)),
        Traces(after=0),
        torch.randn(1, 64, 2),
    )
    for _ in "12":
        traces.call("D", lambda d, x: (run.game.at(d, x, x),), run.state.d, x)
    (known,) = traces._known.values()
    kinds = [node.kind() for node in known.trace.graph.nodes()]
    assert "aten::baddbmm" in kinds and not any("layers" in kind for kind in kinds)


@pytest.mark.parametrize("runs", [1, 3])
def test_unfused_a_trace_is_the_function_bit_for_bit(in_c, monkeypatch, runs):
    monkeypatch.setattr(fusing, "layers", in_c)
    traces, run = Traces(after=0), Run(tuple(RING.replace(seed=s) for s in range(runs)))
    z = torch.randn(runs, 4096, 2)

    def made(g: torch.Tensor, z: torch.Tensor) -> tuple[torch.Tensor]:
        return (run.game.G(g, z),)

    wanted = run.game.G(run.state.g, z)
    with fusing.unfused():
        assert not fusing.as_one("relu")
        for _ in "123":
            assert torch.equal(traces.call("G", made, run.state.g, z)[0], wanted)
    assert fusing.as_one("relu")
    for _ in "123":
        traces.call("G", made, run.state.g, z)
    found = [[node.kind() for node in one.trace.graph.nodes()] for one in traces._known.values()]
    assert ["ganlab::layers3" in kinds for kinds in found] == [False, True]


def test_functions_are_traced_again_once_there_is_the_operation(in_c, monkeypatch):
    traces = Traces(after=0)
    monkeypatch.setattr(fusing, "layers", {})
    monkeypatch.setattr(tracing, "TRACES", traces)
    run, z = Run(RING), torch.randn(1, 100, 2)
    kinds = []
    for _ in "12":
        for _ in "12":
            traces.call("G", lambda g, z: (run.game.G(g, z),), run.state.g, z)
        (known,) = traces._known.values()
        kinds.append([node.kind() for node in known.trace.graph.nodes()])
        tracing.use_layers(in_c)
    assert ["ganlab::layers3" in kind for kind in kinds] == [False, True]


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="a torch without oneDNN")
def test_a_layer_of_many_points_is_one_operation(monkeypatch):
    monkeypatch.setattr(fusing, "layers", {})
    relu = RING.replace(g_hidden=(64, 64), g_activation="relu")
    made = operations(relu, 1, 2048)
    # The first layer has two inputs, for which torch's own is as fast.
    assert made.count(ONEDNN) == 2 and made.count("aten::baddbmm") == 1
    made = operations(relu.replace(g_activation="tanh"), 1, 2048)
    assert made.count(ONEDNN) == 3 and not {"aten::baddbmm", "aten::tanh"} & set(made)
    assert ONEDNN not in operations(relu, 2, 2048) + operations(relu, 1, 256)


def test_what_cannot_be_traced_stays_eager():
    traces = Traces(after=0)

    def branches(x: torch.Tensor) -> tuple[torch.Tensor]:
        return (x + 1 if x.sum() > 0 else x - 1,)

    for _ in range(3):
        for sign in (1.0, -1.0):
            x = torch.full((2,), sign)
            assert torch.equal(traces.call("branches", branches, x)[0], 2 * x)


def test_a_trace_that_differs_is_not_used():
    traces, calls = Traces(after=0), []

    def counts(x: torch.Tensor) -> tuple[torch.Tensor]:
        calls.append(1)
        return (x + len(calls),)

    for expected in (1.0, 3.0, 5.0, 7.0, 8.0):  # the calls between were attempts to trace it
        assert traces.call("counts", counts, torch.zeros(1))[0].item() == expected


def test_one_tensor_passed_twice_is_two_arguments():
    traces, x = Traces(after=0), torch.ones(2)
    for _ in range(2):
        assert traces.call("less", lambda a, b: (a - b,), x, x)[0].tolist() == [0, 0]
    assert traces.call("less", lambda a, b: (a - b,), x, 3 * x)[0].tolist() == [-2, -2]


def test_only_as_many_are_kept_as_allowed(monkeypatch):
    traces = Traces(after=0)
    monkeypatch.setattr("ganlab.engine.tracing._MOST", 3)
    for n in range(1, 6):
        traces.call("double", lambda x: (2 * x,), torch.ones(n))
    assert [key[-1][0] for key in traces._known] == [3, 4, 5]


@pytest.mark.parametrize(("by", "used"), [(1e-5, True), (3e-3, True), (0.02, False)])
def test_a_trace_may_differ_by_what_rounding_changes(monkeypatch, by, used):
    def steep(x: torch.Tensor) -> tuple[torch.Tensor]:
        return (torch.sin(1e4 * x),)

    def other(x: torch.Tensor) -> tuple[torch.Tensor]:
        return (steep(x)[0] + by,)

    monkeypatch.setattr(torch.jit, "freeze", lambda module: other)
    x, traces = torch.linspace(-1, 1, 100)[None], Traces(after=0)
    traces.call("steep", steep, x)
    assert torch.equal(traces.call("steep", steep, x)[0], (other if used else steep)(x)[0])


def test_a_steep_run_does_not_excuse_another(monkeypatch):
    slope = torch.tensor([[1e4], [1.0]])

    def waves(x: torch.Tensor) -> tuple[torch.Tensor]:
        return (torch.sin(slope * x),)

    def other(x: torch.Tensor) -> tuple[torch.Tensor]:
        return (waves(x)[0] + torch.tensor([[0.0], [3e-3]]),)

    monkeypatch.setattr(torch.jit, "freeze", lambda module: other)
    x, traces = torch.linspace(-1, 1, 100).expand(2, 100).clone(), Traces(after=0)
    for _ in range(4):
        assert torch.equal(traces.call("waves", waves, x)[0], waves(x)[0])
