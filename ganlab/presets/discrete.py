"""Presets of discrete outputs: one for each estimator of the gradient through a choice."""

from __future__ import annotations

from ganlab.languages import _
from ganlab.presets.counts import Counts
from ganlab.presets.preset import PRESETS, RIGHT, Preset, Trace
from ganlab.spec import Spec

_LETTERS = Spec(target="categorical", latent_dim=2)
_BRACKETS = Spec(target="strings", latent_dim=2, estimator="reinforce")
_SOFT = _LETTERS.replace(estimator="gumbel")


def _annealed(hot: Trace, cold: Trace) -> bool:
    few, many = hot["modes"][-1] <= 2, cold["modes"][-1] >= 11
    return bool(few and many and cold["jsd"][-1] < hot["jsd"][-1] / 4)


PRESETS.add(
    Preset(
        name="symbols-straight-through",
        title=_("Straight-through: symbols to D, a soft slope to G"),
        topic=RIGHT,
        equation=r"x = \mathrm{onehot}(\arg\max_i a_i + g_i),\ "
        r"\partial x := \partial\,\mathrm{softmax}\big((a + g)/\tau\big)",
        doc=_(
            "D sees one-hot symbols and cannot tell them by their softness, while G gets "
            "the slope of the relaxed sample. That gradient is biased (press "
            "“Gradients”), yet p_g arrives."
        ),
        cite="Jang et al. 2017",
        specs=(_LETTERS,),
        labels=(_("straight-through"),),
        claim=_("After 400 iterations all 12 symbols are covered, at a JSD below 0.01 nats."),
        iterations=400,
        every=50,
        holds=lambda run: bool(run["modes"][-1] == 12 and run["jsd"][-1] < 0.01),
        counts=Counts(60, 81_000, 81_059),
    )
)
PRESETS.add(
    Preset(
        name="symbols-annealed",
        title=_("Gumbel-softmax: D wins by softness until τ falls"),
        equation=r"x = \mathrm{softmax}\big((a + g)/\tau\big),\ \tau_t = \max(0.1, e^{-t/100})",
        doc=_(
            "Real symbols are one-hot and relaxed ones are not: D tells them apart by "
            "that alone, and G can only look real by being certain, always of the same "
            "symbol. Annealed early enough, samples become one-hot by themselves and all "
            "symbols return."
        ),
        cite="Jang et al. 2017; Maddison et al. 2017",
        specs=(_SOFT, _SOFT.replace(temperature_decay=0.01)),
        labels=("τ = 1", _("τ annealed")),
        claim=_(
            "After 600 iterations G covers at most 2 of the 12 symbols with τ = 1; with "
            "an annealed τ at least 11, at less than a quarter of the JSD."
        ),
        iterations=600,
        every=100,
        holds=_annealed,
        counts=Counts(59, 82_000, 82_059),
    )
)
PRESETS.add(
    Preset(
        name="symbols-reinforce",
        title=_("REINFORCE: one correct string is reward enough"),
        equation=r"\nabla_\theta \mathbb{E}\,f(x) = "
        r"\mathbb{E}\,\big(f(x) - b\big)\,\nabla_\theta \log \pi_\theta(x \mid z)",
        doc=_(
            "The gradient is unbiased, with a baseline against its noise, and needs no "
            "slope of D. It also rewards what was drawn and nothing else: the first "
            "correct string that D believes crowds out all others before they are tried."
        ),
        cite="Williams 1992",
        specs=(_BRACKETS,),
        labels=(_("REINFORCE"),),
        claim=_(
            "After 1,000 iterations more than 95 % of p_g are balanced brackets, and "
            "only one of the five strings is covered."
        ),
        iterations=1000,
        every=100,
        holds=lambda run: bool(run["hq"][-1] > 0.95 and run["modes"][-1] == 1),
        counts=Counts(60, 82_000, 82_059),
    )
)
PRESETS.add(
    Preset(
        name="symbols-rounded",
        title=_("Continuous and rounded: certain of few"),
        equation=r"x = \mathrm{softmax}(a),\ \text{symbol} = \arg\max_i a_i",
        doc=_(
            "G makes probabilities, and only what is counted is rounded. D refuses "
            "whatever is not one-hot, so G becomes certain at once; between two symbols "
            "there is no sample that D would accept, and most of them are never reached."
        ),
        cite="Gulrajani et al. 2017",
        specs=(_LETTERS.replace(estimator="rounded"),),
        labels=(_("rounded"),),
        claim=_(
            "After 600 iterations at most 3 of the 12 symbols are covered, at a JSD "
            "above 0.15 nats."
        ),
        iterations=600,
        every=100,
        holds=lambda run: bool(run["modes"][-1] <= 3 and run["jsd"][-1] > 0.15),
        counts=Counts(60, 81_000, 81_059),
    )
)
