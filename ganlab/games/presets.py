"""Presets of the page of games: each shows one phenomenon."""

from __future__ import annotations

from dataclasses import dataclass

from ganlab.games.setup import Setup
from ganlab.languages import _


@dataclass(frozen=True)
class GamePreset:
    """A setup, and what it shows, in a sentence."""

    name: str
    title: str
    says: str
    setup: Setup


PRESETS = (
    GamePreset(
        "rules",
        _("bilinear: three rules"),
        _(
            "The same game and step size: simultaneous steps spiral out, alternating "
            "ones stay, and extragradient spirals in."
        ),
        Setup("bilinear"),
    ),
    GamePreset(
        "time",
        _("bilinear: is it the game or the step?"),
        _(
            "Continuous time circles for ever: the game rotates, and the step size makes "
            "it worse (simultaneous), hides it (implicit) or nearly keeps it "
            "(Runge-Kutta)."
        ),
        Setup(
            "bilinear",
            rules=("continuous", "simultaneous", "implicit", "rk4"),
            method={"step": 0.3},
            updates=120,
        ),
    ),
    GamePreset(
        "momentum",
        _("bilinear: negative momentum"),
        _(
            "With momentum −0.5 alternating steps converge, and simultaneous ones still "
            "do not. Make it positive: both diverge."
        ),
        Setup(
            "bilinear",
            rules=("alternating", "simultaneous"),
            method={"step": 0.5, "optimizer": "momentum", "momentum": -0.5},
            updates=120,
        ),
    ),
    GamePreset(
        "minimax",
        _("Dirac-GAN: minimax"),
        _(
            "The smallest GAN never comes to rest: alternating steps circle, and "
            "simultaneous ones drift outwards."
        ),
        Setup("dirac", rules=("simultaneous", "alternating", "continuous")),
    ),
    GamePreset(
        "r1",
        _("Dirac-GAN: R1"),
        _(
            "A penalty on D's slope moves the eigenvalues inside the circle: both rules "
            "converge. Raise γ to 1: the rotation ends."
        ),
        Setup("dirac", {"r1": 0.3}, rules=("simultaneous", "alternating")),
    ),
    GamePreset(
        "noise",
        _("Dirac-GAN: instance noise"),
        _("Noise on data and samples blunts D near the data, and the GAN converges."),
        Setup("dirac", {"noise": 0.7}, rules=("simultaneous", "alternating")),
    ),
    GamePreset(
        "saturation",
        _("Dirac-GAN: non-saturating"),
        _(
            "The eigenvalues are those of minimax, and decide nothing: the flow creeps "
            "in as √(8/t), and simultaneous steps end in a limit cycle."
        ),
        Setup(
            "dirac",
            {"loss": "non-saturating"},
            rules=("continuous", "simultaneous", "alternating"),
            updates=500,
        ),
    ),
    GamePreset(
        "wgan",
        _("Dirac-GAN: WGAN, clipped"),
        _("Clipping bounds D's slope but does not damp: both rules circle for ever."),
        Setup(
            "dirac",
            {"loss": "wasserstein", "clip": 1.0},
            rules=("simultaneous", "alternating"),
        ),
    ),
    GamePreset(
        "potential",
        _("quadratic: potential to rotation"),
        _(
            "Turn φ from 0° to 90°: at first both descend a potential, at last they only "
            "rotate. Symplectic gradient adjustment turns the rotation inwards."
        ),
        Setup(
            "quadratic",
            {"angle": 60.0},
            rules=("simultaneous", "sga", "cgd"),
            starts=((2.0, 1.0), (-2.0, 0.5)),
            updates=100,
        ),
    ),
    GamePreset(
        "consensus",
        _("Dirac-GAN: consensus optimisation"),
        _("Both players also make the gradient small, which pulls all trajectories to rest."),
        Setup(
            "dirac",
            rules=("simultaneous", "alternating", "continuous"),
            method={"consensus": 1.0},
            updates=150,
        ),
    ),
    GamePreset(
        "salimans",
        _("Salimans' toy: orbits"),
        _("The orbits are not circles: f is flat near x = 0."),
        Setup(
            "salimans",
            rules=("alternating", "simultaneous", "extragradient"),
            starts=((1.4, 1.0), (1.9, 1.0)),
            method={"step": 0.05},
            updates=400,
        ),
    ),
    GamePreset(
        "variance",
        _("learning a variance: two equilibria"),
        _(
            "Which sign of v is learnt depends on the start; extragradient and "
            "optimistic steps reach it, alternating ones circle."
        ),
        Setup(
            "covariance",
            rules=("alternating", "extragradient", "optimistic"),
            starts=((1.4, 0.0), (-0.5, 0.5)),
            method={"step": 0.1},
            updates=400,
        ),
    ),
)
