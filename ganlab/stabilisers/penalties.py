"""Terms of D's cost: penalties on D's slope and on D's output."""

from __future__ import annotations

import torch

from ganlab.languages import _
from ganlab.optim import Number
from ganlab.registry import Param
from ganlab.stabilisers.entry import (
    Draw,
    Judged,
    StabiliserEntry,
    alone,
    over,
    strength,
)


def _squared_slope(x: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    """|grad of D's logit|^2 at each x, (R, n)."""
    (slope,) = torch.autograd.grad(logits.sum(), x, create_graph=True)
    return (slope * slope).sum(2)


def _r1(judged: Judged, gamma: Number) -> torch.Tensor:
    slopes = _squared_slope(judged.real, judged.real_logits).mean(1)
    return over(gamma, slopes) / 2 * slopes


def _r2(judged: Judged, gamma: Number) -> torch.Tensor:
    slopes = _squared_slope(judged.fake, judged.fake_logits).mean(1)
    return over(gamma, slopes) / 2 * slopes


def _slope_at(judged: Judged, x: torch.Tensor) -> torch.Tensor:
    """|grad of D's logit| at each x, (R, n)."""
    if not x.requires_grad:
        x.requires_grad_()
    (slope,) = torch.autograd.grad(judged.judge(x).sum(), x, create_graph=True)
    # torch defines the norm's derivative at 0 as 0.
    norms: torch.Tensor = torch.linalg.vector_norm(slope, dim=2)
    return norms


def _between(judged: Judged) -> torch.Tensor:
    mix = judged.draws["mix"]
    return mix * judged.real + (1 - mix) * judged.fake


def _gradient_penalty(judged: Judged, weight: Number) -> torch.Tensor:
    between = _between(judged)
    excess = (_slope_at(judged, between) - 1) ** 2
    return over(weight, excess.mean(1)) * excess.mean(1)


def _lipschitz_penalty(judged: Judged, weight: Number) -> torch.Tensor:
    excess = (_slope_at(judged, _between(judged)) - 1).relu() ** 2
    return over(weight, excess.mean(1)) * excess.mean(1)


def _dragan(judged: Judged, weight: Number, spread: Number) -> torch.Tensor:
    around = judged.real.detach() + over(spread, judged.real) * judged.draws["around"]
    excess = (_slope_at(judged, around) - 1) ** 2
    return over(weight, excess.mean(1)) * excess.mean(1)


def _drift(judged: Judged, weight: Number) -> torch.Tensor:
    square = (judged.real_logits**2).mean(1)
    return over(weight, square) * square


# One u for each pair of a real and a fake input.
_MIX = {"mix": Draw(lambda packs, width: (packs, 1))}

ENTRIES = (
    StabiliserEntry(
        "r1",
        "R1",
        r"+\tfrac{\gamma}{2}\,\mathbb{E}_{p_{\rm data}} \lVert \nabla a(x) \rVert^2",
        _("D must be flat where the data are: rotation about the equilibrium is damped."),
        cite="Mescheder et al. 2018",
        player="D",
        d_term=_r1,
        needs_input_grad=True,
        refuse=alone,
        params=(strength("r1", "R1, γ", 1000.0, 0.1, _("Penalty on D's slope at real samples.")),),
    ),
    StabiliserEntry(
        "r2",
        "R2",
        r"+\tfrac{\gamma}{2}\,\mathbb{E}_{p_g} \lVert \nabla a(x) \rVert^2",
        _("The same penalty at generated samples."),
        cite="Mescheder et al. 2018",
        player="D",
        d_term=_r2,
        needs_input_grad=True,
        refuse=alone,
        params=(
            strength("r2", "R2, γ", 1000.0, 0.1, _("Penalty on D's slope at generated samples.")),
        ),
    ),
    StabiliserEntry(
        "gradient_penalty",
        _("WGAN-GP"),
        r"+\lambda\,\mathbb{E}\,(\lVert \nabla a(\hat x) \rVert - 1)^2,"
        r"\ \hat x = u\,x + (1 - u)\,G(z)",
        _(
            "D's slope between real and fake samples is held near 1, so that D estimates "
            "a distance."
        ),
        cite="Gulrajani et al. 2017",
        player="D",
        d_term=_gradient_penalty,
        draws=_MIX,
        refuse=alone,
        params=(
            strength(
                "gradient_penalty", _("WGAN-GP, λ"), 1000.0, 0.1, _("Holds D's slope near 1.")
            ),
        ),
    ),
    StabiliserEntry(
        "lipschitz_penalty",
        _("WGAN-LP"),
        r"+\lambda\,\mathbb{E}\,[\lVert \nabla a(\hat x) \rVert - 1]_+^2,"
        r"\ \hat x = u\,x + (1 - u)\,G(z)",
        _(
            "Like WGAN-GP, but only slopes above 1 are penalised: D may be flat where "
            "that is optimal."
        ),
        cite="Petzka et al. 2018",
        player="D",
        d_term=_lipschitz_penalty,
        draws=_MIX,
        refuse=alone,
        params=(
            strength(
                "lipschitz_penalty",
                _("WGAN-LP, λ"),
                1000.0,
                0.1,
                _("Keeps D's slope from exceeding 1."),
            ),
        ),
    ),
    StabiliserEntry(
        "dragan",
        _("DRAGAN"),
        r"+\lambda\,\mathbb{E}_{p_{\rm data}, \delta}\,(\lVert \nabla a(x + \delta) \rVert - 1)^2,"
        r"\ \delta \sim \mathcal{N}(0, c^2 I)",
        _(
            "D's slope is held near 1 around the data only: sharp cliffs, into which G "
            "falls, are smoothed."
        ),
        cite="Kodali et al. 2017",
        player="D",
        d_term=_dragan,
        draws={"around": Draw(lambda packs, width: (packs, width), normal=True)},
        refuse=alone,
        params=(
            strength(
                "dragan", _("DRAGAN, λ"), 1000.0, 0.1, _("Holds D's slope near 1 around the data.")
            ),
            Param(
                "dragan_spread",
                _("how far around"),
                0.3,
                0.0,
                10.0,
                unit=_("units of x"),
                doc=_("Standard deviation of DRAGAN's noise δ around real samples."),
                numeric=True,
                live=True,
            ),
        ),
    ),
    StabiliserEntry(
        "drift",
        _("drift penalty"),
        r"+\epsilon\,\mathbb{E}_{p_{\rm data}}\,a(x)^2",
        _(
            "D's output on real samples is kept near 0, so that a critic whose offset "
            "has no effect does not drift."
        ),
        cite="Karras et al. 2018, appendix A.1",
        player="D",
        d_term=_drift,
        offset=True,
        params=(
            strength(
                "drift", _("drift penalty, ε"), 10.0, 0.001, _("Penalty on D's output for real x.")
            ),
        ),
    ),
)
