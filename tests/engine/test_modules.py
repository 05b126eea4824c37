"""A run's nets as torch.nn.Modules, its samples, and its documented files."""

import io
import itertools
import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from ganlab import Run, Spec, SpecError
from ganlab.latents import LATENTS
from ganlab.networks import ACTIVATIONS, NORMS

DOC = (Path(__file__).parents[2] / "docs" / "files.md").read_text()
SMALL = {"target": "ring", "latent_dim": 3, "g_hidden": (7, 5), "d_hidden": (6, 4), "batch": 24}
IMAGES = {
    "target": "drawn_digits",
    "latent_dim": 4,
    "g_hidden": (8,),
    "d_hidden": (8,),
    "batch": 20,
}
VARIANTS = {
    **{f"G {n}": {"g_activation": n} for n in ACTIVATIONS},
    **{f"D {n}": {"d_activation": n} for n in ACTIVATIONS},
    **{f"norm {n}": {"g_norm": n, "g_activation": "maxout"} for n in NORMS},
    "D spectral": {"d_norm": "spectral"},
    "D batch": {"d_norm": "batch", "d_activation": "maxout"},
    "linear": {"g_hidden": (), "d_hidden": ()},
    "packing": {"packing": 3},
    "kernels": {"minibatch_discrimination": 4, "minibatch_dims": 2},
    "kernels of packs": {"minibatch_discrimination": 4, "packing": 2, "d_activation": "maxout"},
    "dropout": {"d_dropout": 0.5, "d_dropout_input": 0.2},
    "line": {"target": "gaussian", "latent_dim": 1, "latent": "uniform"},
}


def trained(specs, updates: int = 9) -> Run:
    run = Run(specs)
    run.make(updates)
    return run


def close(a: torch.Tensor, b: torch.Tensor) -> None:
    torch.testing.assert_close(a, b, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("fields", VARIANTS.values(), ids=VARIANTS)
def test_modules_say_what_the_run_says(fields):
    specs = [Spec(**SMALL | fields, seed=seed) for seed in (0, 1)]
    run = trained(specs)
    z = LATENTS[specs[0].latent].sample((24, specs[0].latent_dim), torch.Generator().manual_seed(5))
    for i in (0, 1):
        G, D = run.generator(i), run.discriminator(i)
        assert not G.training and not D.training
        with torch.no_grad():
            x = G(z)
            close(x, run.game.make(run.state.g, z.expand(2, -1, -1))[i])
            close(D(x), run.game.logits(run.state.d, x.expand(2, -1, -1))[i])
        assert not torch.equal(run.generator(1 - i)(z), x)


@pytest.mark.parametrize("fields", VARIANTS.values(), ids=VARIANTS)
def test_state_dicts_load_back_and_are_as_documented(fields):
    run = trained(Spec(**SMALL | fields))
    rows = re.findall(r"^\| (G, D|G|D) \| (.*?) \|", DOC, re.M)
    known = {net: set() for net in "GD"}
    for nets, keys in rows:
        for net in nets.split(", "):
            known[net] |= set(re.findall(r"`([^`]+)`", keys))
    z, fresh = torch.randn(24, run.spec.latent_dim), Run(run.spec)
    for net, mine, new in (
        ("G", run.generator(), fresh.generator()),
        ("D", run.discriminator(), fresh.discriminator()),
    ):
        state = mine.state_dict()
        assert {re.sub(r"\.\d+\.", ".i.", key) for key in state} <= known[net]
        file = io.BytesIO()
        torch.save(state, file)
        file.seek(0)
        new.load_state_dict(torch.load(file, weights_only=True))
        x = z if net == "G" else run.generator()(z)
        assert torch.equal(new(x), mine(x))
    assert [p.shape[0] for n, p in mine.named_parameters() if n.endswith("weight")][-1] == 1


def test_modules_are_copies_and_leave_the_run_as_it_was():
    run, alone = trained(Spec(**SMALL, g_norm="batch")), trained(Spec(**SMALL, g_norm="batch"))
    G, D = run.generator(), run.discriminator()
    loss = D(G.train()(torch.randn(24, 3))).sum()
    loss.backward()
    torch.optim.SGD([*G.parameters(), *D.parameters()], 0.1).step()
    run.sample(100)
    for one in (run, alone):
        one.make(5)
    assert torch.equal(run.state.g, alone.state.g) and torch.equal(run.state.d, alone.state.d)


def test_dropout_comes_with_training_mode():
    run = trained(Spec(**SMALL | {"d_dropout": 0.5, "d_dropout_input": 0.25}))
    D, x = run.discriminator(), torch.randn(4000, 2)
    assert (D.dropout.p, D.dropout_input.p) == (0.5, 0.25)
    assert torch.equal(D(x), D(x)) and not torch.equal(D.train()(x), D(x))


def test_samples_follow_p_g():
    run = trained(Spec(target="two_gaussians", g_hidden=(16,), d_hidden=(16,), batch=64), 600)
    x = run.sample(200_000, seed=1)
    assert x.shape == (200_000, 1) and x.dtype == np.float32
    shot, probe = run.snapshot(measure=False), run.snapshot().probes[0]
    # The pushed-forward p_g in cells against counts: 4 standard errors of a cell's count.
    share = np.histogram(x[:, 0], probe.edges[0])[0] / len(x)
    wanted = shot.picture["p_g"][0] * probe.cell
    assert np.abs(share - wanted).max() < 5 * np.sqrt(wanted.max() / len(x))
    assert np.array_equal(x, run.sample(200_000, seed=1))
    assert not np.array_equal(x, run.sample(200_000, seed=2))
    both = trained([Spec(**SMALL, seed=s) for s in (0, 1)])
    alone = trained(Spec(**SMALL, seed=1))
    np.testing.assert_allclose(both.sample(50, run=1), alone.sample(50), rtol=1e-5, atol=1e-6)
    reference = trained([Spec(**SMALL, g_norm="virtual", seed=s) for s in (0, 1)])
    alone = trained(Spec(**SMALL, g_norm="virtual", seed=1))
    np.testing.assert_allclose(reference.sample(50, run=1), alone.sample(50), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("n", [0, -1, 1.5, "7", None, True, 10**12], ids=repr)
def test_bad_numbers_of_samples(n):
    run = Run(Spec(**SMALL))
    with pytest.raises(SpecError, match="^n = "):
        run.sample(n)
    with pytest.raises(SpecError, match="^seed = "):
        run.sample(1, seed=-1)
    for call in (lambda i: run.sample(1, run=i), run.generator, run.discriminator):
        for i in (1, -1, "0", None, 0.5):
            with pytest.raises(SpecError, match="^run = "):
                call(i)


# -- the file, read by its documentation alone -----------------------------------------------------


def table(first: str) -> dict[str, list[str]]:
    """The rows of the documentation's table whose first column is `first`."""
    lines = DOC.splitlines()
    start = next(i for i, row in enumerate(lines) if row.startswith(f"| {first} |"))
    rows = itertools.takewhile(lambda row: row.startswith("|"), lines[start + 2 :])
    cells = ([c.strip() for c in row.strip("|").split("|")] for row in rows)
    return {name: rest for names, *rest in cells for name in re.findall(r"`([^`]+)`", names)}


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"rule": "extragradient", "optimizer": "momentum", "historical_averaging": 0.1},
        {"rule": "optimistic", "optimizer": "sgd", "packing": 2, "minibatch_discrimination": 3},
        {"g_norm": "batch", "optimizer": "rmsprop"},
    ],
    ids=["plain", "extragradient", "optimistic", "norm"],
)
def test_a_file_is_as_documented(tmp_path, fields):
    run = trained([Spec(**SMALL | fields, seed=s) for s in (0, 1)])
    run.save(tmp_path / "run.npz")
    with np.load(tmp_path / "run.npz", allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    sizes = {"R": 2, "P_G": run.state.g.shape[1], "P_D": run.state.d.shape[1]}
    rows = table("array")
    for name, array in arrays.items():
        dtype, shape, _ = rows[re.sub(r"\d+$", "i", name)]
        assert array.dtype.name.startswith(dtype)
        assert array.shape == tuple(sizes[s] for s in re.findall(r"\w+", shape))
    assert {re.sub(r"\d+$", "i", n) for n in arrays} >= {"header", "g", "d"}
    header = json.loads(str(arrays["header"]))
    assert set(header) == set(table("field of the header"))
    assert header["g_updates"] + header["d_updates"] == 9

    # G and D, built from the flat vectors as described below the table.
    spec, row = run.specs[1], {"g": list(arrays["g"][1]), "d": list(arrays["d"][1])}

    def take(player: str, *shape: int) -> np.ndarray:
        count = int(np.prod(shape))
        values, row[player] = row[player][:count], row[player][count:]
        return np.array(values, np.float32).reshape(shape)

    kernels = spec.minibatch_discrimination
    for player, net, sizes in (
        ("g", run.generator(1), (spec.latent_dim, *spec.g_hidden, 2)),
        ("d", run.discriminator(1), (2 * spec.packing, *spec.d_hidden, 1)),
    ):
        state = {name: t.numpy() for name, t in net.state_dict().items()}
        for i, (n_in, n_out) in enumerate(itertools.pairwise(sizes)):
            more = kernels if (player, n_out) == ("d", 1) else 0
            assert np.array_equal(take(player, n_in + more, n_out).T, state[f"layers.{i}.weight"])
            assert np.array_equal(take(player, n_out), state[f"layers.{i}.bias"])
        if player == "g" and spec.g_norm != "none":
            for i, width in enumerate(spec.g_hidden):
                assert np.array_equal(take("g", width), state[f"norms.{i}.weight"])
                assert np.array_equal(take("g", width), state[f"norms.{i}.bias"])
        if player == "d" and kernels:
            t = take("d", spec.d_hidden[-1], kernels * spec.minibatch_dims)
            assert np.array_equal(t.reshape(state["kernels"].shape), state["kernels"])
        assert not row[player]
