"""Presets of maps with a closed form: the Dirac-GAN with R1, and momentum in the bilinear game."""

from __future__ import annotations

from ganlab.languages import _
from ganlab.spec import Spec
from ganlab.sweeps.presets.preset import MAP_PRESETS, MapPreset

# Data at 0, G(z) = θ and D(x) = ψ x: one number for each player. It begins near the equilibrium,
# because the closed form describes small distances from it.
DIRAC = Spec(
    target="points",
    target_params={"points": (0.0,)},
    latent="constant",
    g_hidden=(),
    d_hidden=(),
    g_bias="no",
    d_bias="no",
    g_start=(0.02,),
    d_start=(0.01,),
    loss="minimax",
    optimizer="sgd",
    rule="simultaneous",
    g_lr=0.2,
    d_lr=0.2,
    batch=1,
)
WITHIN = _(
    "Where the spectral radius of one iteration is below 1 runs converge, and "
    "elsewhere they do not, except in cells beside the border between the two."
)

MAP_PRESETS.add(
    MapPreset(
        name="r1-dirac",
        title=_("R1's γ against the step size, on the Dirac-GAN"),
        equation=r"\lvert 1 + h\lambda \rvert < 1,\ "
        r"\lambda = -\tfrac{\gamma}{2} \pm \sqrt{\tfrac{\gamma^2}{4} - f'(0)^2}",
        doc=_(
            "Without R1 no step size h converges. Below the wedge the players orbit "
            "outwards because γ is below h/4; above it D's own penalty overshoots, and "
            "both diverge."
        ),
        cite="Mescheder et al. 2018",
        base=DIRAC,
        axes={"g_lr+d_lr": "0.2..4:20", "r1": "0..2:21"},
        seeds=1,
        iterations=1000,
        checks=100,
        claim=WITHIN,
        coarse={"g_lr+d_lr": "0.4..3.9:6", "r1": "0.2..1.9:5"},
    )
)
MAP_PRESETS.add(
    MapPreset(
        name="negative-momentum",
        title=_("Momentum's β against the step size"),
        equation=r"\max \lvert \mu \rvert < 1,\ "
        r"(\mu - 1)^2 (\mu - \beta)^2 + h^2 \mu^3 = 0",
        doc=_(
            "With a linear D and the Wasserstein loss the Dirac-GAN is the bilinear "
            "game. Alternating steps converge only with negative momentum, and the more "
            "negative it is, the smaller the steps must be."
        ),
        cite="Gidel et al. 2019",
        base=DIRAC.replace(
            loss="wasserstein", rule="alternating", optimizer="momentum", momentum=-0.5
        ),
        axes={"g_lr+d_lr": "0.2..2.4:12", "momentum": "-0.9..0.3:13"},
        seeds=1,
        iterations=2000,
        checks=100,
        claim=WITHIN,
        coarse={"g_lr+d_lr": "0.3..2.3:6", "momentum": "-0.9..0.3:5"},
    )
)
