"""Every invalid argument of a Run raises a SpecError that names it."""

import itertools
import math

import numpy as np
import pytest
import torch

from ganlab import Run, Spec, SpecError

RUN = Run(Spec(g_hidden=(4,), d_hidden=(4,), batch=8))
PLANE = Run(Spec(target="ring", latent_dim=2, g_hidden=(4,), d_hidden=(4,), batch=8))
NUMBERS = (1.5, -1, True, "3", None, math.nan, math.inf, 10**30, [1], torch.tensor([1, 2]))


class Unready:
    def __iter__(self):
        raise TypeError("no")


@pytest.mark.parametrize("name", ["advance", "make"])
@pytest.mark.parametrize("value", NUMBERS, ids=repr)
def test_counts(name, value):
    with pytest.raises(SpecError, match="an integer >= 0") as caught:
        getattr(RUN, name)(value)
    assert caught.value.name in ("iterations", "updates") and RUN.state.g_updates == 0


def test_counts_of_numpy_are_counts():
    run = Run(Spec(g_hidden=(4,), d_hidden=(4,), batch=8))
    assert run.advance(np.int64(2)) == 2 and run.make(4.0) == 4 and run.iteration == 4


@pytest.mark.parametrize("player", ["d", "X", "", 0, 1, b"D", ["D"], "DG"], ids=repr)
def test_players(player):
    with pytest.raises(SpecError, match="D, G, or None") as caught:
        RUN.update(player)
    assert caught.value.name == "player" and RUN.state.d_updates == 0


@pytest.mark.parametrize("device", ["cuda", "cuda:0", "mps", "meta", "gpu", "", None, 1.5, "cpu:x"])
def test_devices(device, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(SpecError, match="one of cpu on this machine") as caught:
        Run(Spec(), device=device)
    assert caught.value.name == "device"
    assert Run(Spec(), device=torch.device("cpu")).device.type == "cpu"


def test_a_gpu_that_is_not_there(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(SpecError, match="cuda:0 to cuda:1 on this machine"):
        Run(Spec(), device="cuda:2")


@pytest.mark.parametrize("name", ["run.csv", "run", "", "run.npz.gz", "."])
def test_a_run_is_saved_under_a_name_that_says_so(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SpecError, match=r"ends in \.npz"):
        RUN.save(name)
    with pytest.raises(FileNotFoundError, match="nowhere/run.NPZ"):  # not a temporary file's name
        RUN.save("nowhere/run.NPZ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "specs", ["ring", [], (), None, 5, {"target": "ring"}, [Spec(), None], ["a"]], ids=repr
)
def test_specs(specs):
    with pytest.raises(SpecError, match="a Spec, or a sequence of at least one Spec"):
        Run(specs)


@pytest.mark.parametrize("run", [RUN, PLANE], ids=["line", "plane"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("points", v) for v in (10, 1499, 2047, 2**30, "many", 4096.5, None)),
        *((n, v) for n in ("measure", "picture", "arrows") for v in (None, 1, "no")),
        ("point", 4096),
        ("metrics", False),
    ],
)
def test_snapshots(run, name, value):
    with pytest.raises(SpecError):
        run.snapshot(**{name: value})


@pytest.mark.parametrize("run", [RUN, PLANE], ids=["line", "plane"])
def test_the_fewest_points_are_enough(run):
    shot = run.snapshot(points=2048)
    assert np.isfinite(shot.metrics["jsd"]).all() and shot.picture["d"].size


@pytest.mark.parametrize("program", ["x", 1, object()], ids=["text", "number", "object"])
def test_programs(program):
    with pytest.raises(SpecError, match="a compiled Program, or None"):
        RUN.use(program)


def test_values_without_an_end():
    for name in ("g_hidden", "betas"):
        with pytest.raises(SpecError) as caught:
            Spec(**{name: itertools.repeat(1)})
        assert caught.value.name == name
    with pytest.raises(SpecError):
        Spec(g_hidden=Unready())
