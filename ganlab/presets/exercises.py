"""Exercises that courses, textbooks and papers set, as Specs: what to check, and what differs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ganlab.languages import _
from ganlab.presets.defaults import DEFAULTS
from ganlab.registry import Entry, Registry
from ganlab.spec import Spec


@dataclass(frozen=True, kw_only=True)
class Exercise(Entry):
    """One Spec, or two to four side by side, of an exercise that somebody set.

    name, title, cite: as for any entry; doc: the exercise in a sentence or two. check: what to
    check, with the source's own values where it prints some. differs: every deviation from the
    source, or "". labels: of several Specs.
    """

    specs: tuple[Spec, ...] = ()
    labels: tuple[str, ...] = ()
    equation: str = ""
    check: str = ""
    differs: str = ""


EXERCISES: Registry[Exercise] = Registry("exercise")

_TEN = (  # NumPy's RandomState(0) and (1), as the notebook draws them
    (9.2640523, 7.9001572, 8.478738, 9.7408932, 9.367558),
    (6.5227221, 8.4500884, 7.3486428, 7.3967811, 7.9105985),
    (1.6243454, -0.61175641, -0.52817175, -1.0729686, 0.86540763),
    (-2.3015387, 1.7448118, -0.7612069, 0.3190391, -0.24937038),
)
_DEEP: dict[str, Any] = {"g_hidden": (128,) * 3, "d_hidden": (128,) * 3}
_CS294 = Spec(
    target="mixture",
    target_params={"means": (-0.5, 0.0667), "stds": (0.1167, 0.2)},
    data_size=20_000,
    betas=(0.0, 0.9),
    g_lr=1e-4,
    d_lr=1e-4,
    k=2,
    batch=64,
    **_DEEP,
)
_GRID = {"side": 4, "spacing": 1.0, "std": 0.02}
_RELU: dict[str, Any] = {"g_activation": "relu", "d_activation": "relu"}
_NUMERICS = Spec(
    target="ring",
    target_params={"radius": 1.0, "std": 0.01},
    latent_dim=16,
    g_hidden=(16,) * 4,
    d_hidden=(16,) * 4,
    rule="simultaneous",
    optimizer="rmsprop",
    g_lr=1e-4,
    d_lr=1e-4,
    batch=512,
    **_RELU,
)
_BALDUZZI = Spec(
    target="grid",
    target_params=_GRID,
    latent_dim=64,
    g_hidden=(64,) * 4,
    d_hidden=(64,) * 4,
    rule="simultaneous",
    optimizer="rmsprop",
    g_lr=1e-4,
    d_lr=1e-4,
    batch=256,
    **_RELU,
)
_PAIRS = DEFAULTS[2].replace(target="ring", loss="relativistic-pairing", batch=128)

for _exercise in (
    Exercise(
        name="d2l",
        title=_("D2L: a linear G learns an affine Gaussian"),
        doc=_("A thousand points x = zA + b; G is linear, D has two small layers of tanh."),
        cite="Zhang et al., Dive into Deep Learning, chapter GANs",
        specs=(
            Spec(
                target="gaussian_2d",
                data_size=1000,
                latent_dim=2,
                g_hidden=(),
                d_hidden=(5, 3),
                d_activation="tanh",
                batch=8,
                d_lr=0.05,
                g_lr=0.005,
                betas=(0.9, 0.999),
                init="gaussian",
                init_gain=0.02,
            ),
        ),
        check=_(
            "After 20 epochs (2,500 iterations) the book prints losses near .693 each, "
            "ln 2. D's loss here is the sum of both halves, about 1.386."
        ),
        differs=_("Biases begin at 0; the book draws them from N(0, .02²) as well."),
    ),
    Exercise(
        name="udl",
        title=_("UDL 15.1: ten points, and a G that only shifts"),
        doc=_(
            "Ten points of N(7.5, 1) and ten latents: x = z + θ, and D is logistic. Each "
            "iteration is 300 steps of D, then 3 of G."
        ),
        cite="Prince 2023, Understanding Deep Learning, notebook 15.1",
        specs=(
            Spec(
                target="points",
                target_params={"points": _TEN[0] + _TEN[1]},
                latent_points=_TEN[2] + _TEN[3],
                batch=10,
                g_hidden=(),
                g_bias="alone",
                g_start=(1.0, 3.0),
                d_hidden=(),
                d_start=(1.0, -2.0),
                loss="minimax",
                optimizer="sgd",
                d_lr=0.1,
                g_lr=0.2,
                k=300,
                g_steps=3,
            ),
        ),
        check=_(
            "The notebook prints losses of 13.8148 (D) and 13.7844 (G) at the start. "
            "After five iterations θ = 3.3434."
        ),
        differs=_(
            "The notebook sums over the ten points, ganlab takes the mean: losses are a "
            "tenth, rates ten times the notebook's. G's loss has the other sign."
        ),
    ),
    Exercise(
        name="cs294",
        title=_("CS294-158: a mixture by both losses of G"),
        doc=_(
            "20,000 points of ½ N(−1.5, .35) + ½ N(.2, .6), scaled into [−1, 1]: with "
            "the minimax loss, then with the non-saturating one."
        ),
        cite="UC Berkeley CS294-158, homework 3, question 1",
        specs=(_CS294.replace(loss="minimax"), _CS294),
        labels=(_("minimax"), _("non-saturating")),
        check=_(
            "Where D is sure, only one of the losses gives G a gradient. After 1,500 "
            "iterations both are near: JSD between .010 and .026 on three seeds."
        ),
        differs=_(
            "The exercise leaves the rates open. Its .35 and .6 are taken as standard deviations."
        ),
    ),
    Exercise(
        name="murphy",
        title=_("Murphy: the 4 × 4 grid with plain gradient descent"),
        doc=_("Sixteen narrow modes, two small nets with two layers of 25, and SGD at .05."),
        cite="Murphy 2023, Probabilistic Machine Learning: Advanced Topics, notebook",
        specs=(
            Spec(
                target="grid",
                target_params=_GRID,
                latent_dim=32,
                g_hidden=(25, 25),
                d_hidden=(25, 25),
                optimizer="sgd",
                g_lr=0.05,
                d_lr=0.05,
                batch=512,
                **_RELU,
            ),
        ),
        check=_(
            "The notebook shows pictures after 20,000 iterations: how many of the 16 "
            "modes does G find, and does it keep them?"
        ),
        differs="",
    ),
    Exercise(
        name="numerics",
        title=_("The Numerics of GANs: eigenvalues with and without consensus"),
        doc=_(
            "A narrow ring of eight, simultaneous RMSProp, and consensus optimisation with γ = 10."
        ),
        cite="Mescheder et al. 2017, notebook of eigenvalues",
        specs=(_NUMERICS, _NUMERICS.replace(consensus=10.0)),
        labels=(_("without"), "γ = 10"),
        check=_(
            "Both nets together have the notebook's 2,003 parameters. Open the spectrum "
            "of a run in its lab: with γ what turned is damped."
        ),
        differs=_(
            "The notebook's Jacobian has one row for each tensor and is not square; ours "
            "is that of both gradients."
        ),
    ),
    Exercise(
        name="sga",
        title=_("Symplectic gradient adjustment on the 4 × 4 grid"),
        doc=_(
            "Simultaneous RMSProp, without and with the adjustment that turns the players inward."
        ),
        cite="Balduzzi et al. 2018, notebook",
        specs=(_BALDUZZI, _BALDUZZI.replace(rule="sga")),
        labels=(_("simultaneous"), _("adjusted")),
        check=_(
            "The notebook's comment: without it G collapses, with it G has all 16 modes "
            "after 10,000 iterations. See the table of the 4 × 4 grid in the "
            "documentation."
        ),
        differs=_("Four layers of 64 in place of six of 384, which take too long for a lesson."),
    ),
    Exercise(
        name="r3gan",
        title=_("R3GAN's loss: pairs, with both penalties"),
        doc=_(
            "D must prefer each real sample to a generated one; R1 and R2 penalise its "
            "slope at both."
        ),
        cite="Huang et al. 2024",
        specs=(_PAIRS, _PAIRS.replace(r1=1.0, r2=1.0)),
        labels=(_("pairs alone"), _("with R1 and R2")),
        check=_(
            "After 2,000 iterations: with the penalties G should hold nearly all eight "
            "modes, without them few. The paper: 1,000 of 1,000 modes of StackedMNIST, "
            "second hand."
        ),
        differs=_(
            "A ring of eight modes in the plane, small nets and our rates in place of images."
        ),
    ),
):
    EXERCISES.add(_exercise)
