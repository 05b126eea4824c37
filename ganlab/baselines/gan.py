"""The GAN itself, as a family among others."""

from __future__ import annotations

import torch

from ganlab.baselines.entry import Family, Model, Task
from ganlab.engine import Run
from ganlab.languages import _

_AT_ONCE = 20  # iterations between two checks of the clock


def fit(task: Task) -> Model:
    """The GAN of the task's Spec."""
    run = Run(task.spec)
    while run.iteration < task.steps and not run.stopped and not task.over():
        run.advance(min(_AT_ONCE, task.steps - run.iteration))

    def sample(n: int, draw: torch.Generator) -> torch.Tensor:
        seed = int(torch.randint(2**31 - 1, (1,), generator=draw))
        labels = None
        if weights := task.spec.label_weights:
            labels = torch.multinomial(torch.tensor(weights), n, True, generator=draw)
        return torch.as_tensor(run.sample(n, seed, labels=labels)).double()

    about = _("diverged: {why}", why=run.diverged[0]) if run.diverged[0] else _("run A")
    return Model(sample, None, False, run.iteration, about)


FAMILY = Family(
    name="gan",
    title=_("GAN"),
    equation=r"\min_G \max_D V(D, G)",
    doc=_("Two players: run A of this comparison."),
    cite="Goodfellow et al. 2014",
    fit=fit,
    training=_("Two costs: the players must keep pace."),
    inference=_("None, unless learned beside it."),
    sampling=_("One pass."),
    evaluating=_("Not possible; only estimated from samples."),
    covering=_("Not by itself: modes may collapse."),
    design=_("Any net from z to x."),
)
