"""Changes of what D sees: unrolling, minibatches, packs, dropout, labels, noise, augmentation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from ganlab.languages import _
from ganlab.losses import LOSSES
from ganlab.registry import Param
from ganlab.stabilisers.augmentation import AUGMENTATION
from ganlab.stabilisers.entry import Clock, Draw, StabiliserEntry, over, strength


def _fall(spec: Any) -> float:
    """The share of instance noise lost per iteration."""
    return 1 / spec.instance_noise_decay if spec.instance_noise_decay else 0.0


def _noise_left(values: Mapping[str, Any], clock: Clock) -> tuple[Any, ...]:
    left = 1 - clock.iterations * values["noise_fall"]
    return (values["instance_noise"] * ((left + abs(left)) / 2),)


def _noisy(x: torch.Tensor, draws: Mapping[str, torch.Tensor], sigma: Any) -> torch.Tensor:
    return x + over(sigma, x) * draws["noise"]


def _unlabelled(spec: Any) -> str | None:
    if LOSSES[spec.loss].smooth is None:
        return _(
            "0 with the loss {title}, which has no labels to smooth", title=LOSSES[spec.loss].title
        )
    if spec.smooth_real + spec.smooth_fake >= 1:
        return _("smoothing of both labels that adds up to less than 1")
    return None


def _batch_of_one(spec: Any) -> str | None:
    return _("a minibatch of at least 2") if spec.batch < 2 else None


def _uneven(spec: Any) -> str | None:
    if spec.batch % spec.packing:
        return _("a divisor of the minibatch of {batch}", batch=spec.batch)
    return None


_unroll = StabiliserEntry(
    "unroll",
    _("unrolled D"),
    r"\min_G f(\theta_G, \theta_D^K),\ \theta_D^{i+1} = \theta_D^i - \eta\,\partial f_D",
    _("G sees how D would respond, and stops crowding on one mode."),
    cite="Metz et al. 2017",
    player="D",
    params=(
        Param(
            "unroll",
            _("unrolled D, K"),
            0,
            0,
            20,
            "int",
            doc=_(
                "G's cost uses D after K more updates, differentiated through them: G sees "
                "how D would respond, and stops crowding on one mode (Metz et al. 2017)."
            ),
            live=True,
            knob=4,
            typical=5,
            menu=((0, _("off")), (1, "K = 1"), (5, "K = 5"), (10, "K = 10")),
        ),
        Param(
            "unroll_data",
            _("unrolled on"),
            "same",
            kind="choice",
            choices=("same", "fresh"),
            doc=_("The K updates use one minibatch, as published, or a fresh one each."),
            live=True,
        ),
    ),
)

ENTRIES: tuple[StabiliserEntry, ...] = (
    _unroll,
    StabiliserEntry(
        "minibatch_discrimination",
        _("minibatch discrimination"),
        r"o(x_i)_b = \sum_{j \ne i} e^{-\lVert M_{i,b} - M_{j,b} \rVert_1},\ M_i = f(x_i)\,T",
        _(
            "D sees how close the samples of a minibatch are to each other, so it "
            "recognises a crowd on one mode."
        ),
        cite="Salimans et al. 2016, section 3.2",
        player="D",
        refuse=_batch_of_one,
        params=(
            Param(
                "minibatch_discrimination",
                _("minibatch kernels"),
                0,
                0,
                64,
                "int",
                doc=_(
                    "Number of kernels, by which D's last layer sees how close a sample is to "
                    "the rest of its minibatch. 0: off."
                ),
                knob=3,
                typical=5,
                menu=(
                    (0, _("off")),
                    (4, _("4 kernels")),
                    (8, _("8 kernels")),
                    (16, _("16 kernels")),
                ),
            ),
            Param(
                "minibatch_dims",
                _("dimensions of a kernel"),
                3,
                1,
                16,
                "int",
                doc=_("Number of dimensions in which a kernel measures closeness."),
            ),
        ),
    ),
    StabiliserEntry(
        "packing",
        _("packing"),
        r"D(x_1, \dots, x_m)",
        _("D judges m samples at once: those of a collapsed G are too alike to be real."),
        cite="PacGAN, Lin et al. 2018",
        player="D",
        refuse=_uneven,
        params=(
            Param(
                "packing",
                _("samples in a pack"),
                1,
                1,
                8,
                "int",
                doc=_("Number of samples that D judges at once (PacGAN). 1: each alone."),
                typical=2,
            ),
        ),
    ),
    StabiliserEntry(
        "d_dropout",
        _("dropout in D"),
        r"h \leftarrow h \odot m/(1 - p),\ m \sim \mathrm{Bernoulli}(1 - p)",
        _("D is a random thinned net at each update, so it is never sure."),
        cite="Srivastava et al. 2014; Goodfellow et al. 2014",
        player="D",
        blurs=True,
        refuse=lambda s: None if s.d_hidden else _("0 if D has no hidden layer"),
        params=(
            strength(
                "d_dropout", _("dropout in D"), 0.9, 0.5, _("Share of D's hidden units dropped.")
            ),
        ),
    ),
    StabiliserEntry(
        "d_dropout_input",
        _("dropout of D's input"),
        r"x \leftarrow x \odot m/(1 - p)",
        _("D does not see some coordinates."),
        cite="Goodfellow et al. 2014",
        player="D",
        blurs=True,
        params=(
            strength(
                "d_dropout_input",
                _("dropout of D's input"),
                0.9,
                0.2,
                _("Share of D's inputs dropped."),
            ),
        ),
    ),
    StabiliserEntry(
        "smooth_real",
        _("one-sided label smoothing"),
        r"D^* = \frac{(1 - \alpha)\,p_{\rm data}}{p_{\rm data} + p_g}",
        _("Real samples are labelled 1 − α: D is never sure, and its optimum is only rescaled."),
        cite="Salimans et al. 2016, section 3.4",
        player="D",
        refuse=_unlabelled,
        params=(
            strength("smooth_real", _("label smoothing α"), 0.5, 0.1, _("Real labels are 1 − α.")),
        ),
    ),
    StabiliserEntry(
        "smooth_fake",
        _("smoothing of the other side"),
        r"D^* = \frac{(1 - \alpha)\,p_{\rm data} + \beta\,p_g}{p_{\rm data} + p_g}",
        _(
            "Fakes are labelled β: where only G is, D* = β instead of 0, so G is "
            "rewarded for staying."
        ),
        cite="Goodfellow 2016, section 4.2, which argues against it",
        player="D",
        refuse=_unlabelled,
        params=(strength("smooth_fake", _("fake labels β"), 0.5, 0.1, _("Fake labels are β.")),),
    ),
    StabiliserEntry(
        "instance_noise",
        _("instance noise"),
        r"D(x + \sigma_t \varepsilon),\ \varepsilon \sim \mathcal{N}(0, I)",
        _("D sees real and fake samples blurred, so supports overlap and its gradient is useful."),
        cite="Sønderby et al. 2017; Arjovsky & Bottou 2017",
        player="D",
        blurs=True,
        sees=_noisy,
        draws={"noise": Draw(lambda n, width: (n, width), normal=True)},
        extra={"noise_fall": _fall},
        number=_noise_left,
        params=(
            strength(
                "instance_noise", _("instance noise σ"), 10.0, 0.3, _("Std of noise on D's input.")
            ),
            Param(
                "instance_noise_decay",
                _("gone after"),
                0,
                0,
                1_000_000,
                "int",
                unit=_("iterations"),
                doc=_("Instance noise falls linearly to 0 in this many iterations. 0: it stays."),
                numeric=True,
                live=True,
            ),
        ),
    ),
    AUGMENTATION,
)
