"""Rules that combine gradients: plain steps, and those that look ahead or back."""

from __future__ import annotations

import torch

from ganlab.languages import _
from ganlab.update_rules.entry import Found, RuleEntry, Turn


def _extragradient(turn: Turn, g: torch.Tensor, d: torch.Tensor) -> Found:
    by_d, by_g = turn.gradient("D", g, d).grad, turn.gradient("G", g, d).grad
    g, d, memory = turn.stepped(g, d, by_g, by_d)
    return turn.gradient(turn.player, g, d)._replace(memory=memory)


def _expected(
    old: torch.Tensor, new: torch.Tensor, last: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    step = new - old
    return old + 2 * step - last, step


ENTRIES = (
    RuleEntry(
        "alternating",
        _("alternating"),
        r"\theta_D' = \theta_D - \eta\,\partial f_D(\theta_D, \theta_G),\ "
        r"\theta_G' = \theta_G - \eta\,\partial f_G(\theta_D', \theta_G)",
        _("Algorithm 1: G responds to the D that has just been updated."),
        cite="Goodfellow et al. 2014, Algorithm 1",
        before=False,
    ),
    RuleEntry(
        "simultaneous",
        _("simultaneous"),
        r"\theta' = \theta - \eta\,v(\theta)",
        _("G responds to D as it was before D's last update: on rotating games orbits spiral out."),
        cite="Mescheder et al. 2017",
    ),
    RuleEntry(
        "extragradient",
        _("extragradient"),
        r"\theta' = \theta - \eta\,v(\theta - \eta\,v(\theta))",
        _(
            "Both players look one update ahead and use the gradient found there, which "
            "damps rotation. The optimiser's slots take in the second gradient only."
        ),
        cite="Korpelevich 1976; Gidel et al. 2019",
        both=True,
        work=4,
        find=_extragradient,
    ),
    RuleEntry(
        "extra-adam",
        _("ExtraAdam"),
        r"m_{t-1/2} = \beta_1 m_{t-1} + (1 - \beta_1)\,v(\theta_t),\ "
        r"m_t = \beta_1 m_{t-1/2} + (1 - \beta_1)\,v(\theta_{t+1/2})",
        _(
            "Like extragradient, but the optimiser's slots take in both gradients: "
            "Adam's two moments, unbiased by the powers 2t − 1 and 2t, or momentum's "
            "velocity. It is the same with SGD, which has none. Gidel et al. draw a "
            "second minibatch; here both gradients use one."
        ),
        cite="Gidel et al. 2019, Algorithm 4",
        both=True,
        twice=True,
        work=4,
        find=_extragradient,
    ),
    RuleEntry(
        "optimistic",
        _("optimistic"),
        r"\theta_{t+1} = \theta_t - 2\eta\,v_t + \eta\,v_{t-1}",
        _("Each player expects the other to repeat its last step, without a second gradient."),
        cite="Daskalakis et al. 2018",
        step=_expected,
    ),
)
