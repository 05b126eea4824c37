"""Nets of images as torch.nn.Modules, with labels and without."""

import pytest
import torch

from ganlab import Run, SpecError
from ganlab.mnist.recipes import RECIPES
from ganlab.networks import OUTPUTS

IMAGES = {"target": "drawn_digits", "latent_dim": 4, "g_hidden": (8,), "d_hidden": (8,)}
IMAGES |= {"batch": 20}


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("labels", ["no", "yes"])
def test_images_and_labels(few, output, labels):
    spec = RECIPES["quick"].spec.replace(**IMAGES, g_output=output, conditional=labels)
    run = Run(spec)
    run.make(4)
    which = torch.arange(20) % 10
    z, given = torch.randn(20, 4), [which] if labels == "yes" else []
    G, D = run.generator(), run.discriminator()
    hot = torch.nn.functional.one_hot(which, 10).float()
    with torch.no_grad():
        x = G(z, *given)
        told = hot[None] if given else None
        made = run.game.make(run.state.g, z[None], labels=told)
        torch.testing.assert_close(x, made[0])
        torch.testing.assert_close(D(x, *given), run.game.logits(run.state.d, made, told)[0])
    assert x.shape == (20, 784)
    got = run.sample(20, seed=3, tensor=True)
    assert torch.equal(got, run.sample(20, seed=3, labels=which if given else None, tensor=True))
    if not given:
        for call in (
            lambda: G(z, which),
            lambda: D(x, which),
            lambda: run.sample(20, labels=which),
        ):
            with pytest.raises(SpecError, match="have no labels"):
                call()
        return
    assert not torch.equal(got, run.sample(20, seed=3, labels=[3] * 20, tensor=True))
    for bad in ([1] * 19, [10] * 20, [-1] * 20, [0.5] * 20, "3", 3, [None] * 20, [True] * 20):
        with pytest.raises(SpecError, match="20 integers from 0 to 9"):
            run.sample(20, labels=bad)
    with pytest.raises(SpecError, match="integers from 0 to 9"):
        G(z)
