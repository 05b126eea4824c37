"""Changes of the nets: clipped weights, normalised layers, matched features."""

from __future__ import annotations

from typing import Any

import torch

from ganlab.languages import _
from ganlab.networks import ACTIVATIONS, D_NORMS, MOST_SPECTRAL, NORMS
from ganlab.optim import Number
from ganlab.registry import Param
from ganlab.stabilisers.entry import StabiliserEntry, strength


def _clamped(d: torch.Tensor, most: Number) -> torch.Tensor:
    if torch.is_tensor(most):
        return torch.minimum(torch.maximum(d, -most), most)
    return d.clamp(-most, most)


def _unnormal_d(spec: Any) -> str | None:
    if spec.d_norm == "batch":
        if not spec.d_hidden:
            return _("none or spectral if D has no hidden layer")
        if spec.batch < 2 * spec.packing:
            return _("none or spectral with one pack per minibatch, which has no variance")
        return None
    if spec.minibatch_discrimination:
        return _(
            "none or batch with minibatch discrimination, whose kernels have slopes of their own"
        )
    pieces = ACTIVATIONS[spec.d_activation].pieces
    outputs = (*(width * pieces for width in spec.d_hidden), 1)
    narrow = (min(pair) for pair in zip(spec.d_sizes, outputs, strict=False))
    if max(narrow) > MOST_SPECTRAL:
        return _(
            "none or batch if a layer of D has more than {most_spectral} inputs and outputs",
            most_spectral=MOST_SPECTRAL,
        )
    return None


def _unnormal(spec: Any) -> str | None:
    if not spec.g_hidden:
        return _("none if G has no hidden layer")
    return _("none with a minibatch of 1, which has no variance") if spec.batch < 2 else None


ENTRIES = (
    StabiliserEntry(
        "weight_clip",
        _("weight clipping"),
        r"\theta_D \leftarrow \min(\max(\theta_D, -c), c)",
        _("A crude bound on D's slope: D becomes simple and learns slowly."),
        cite="Arjovsky et al. 2017, Algorithm 1",
        player="D",
        project=_clamped,
        params=(
            strength(
                "weight_clip", _("clip D's weights, c"), 10.0, 0.1, _("After each update of D.")
            ),
        ),
    ),
    StabiliserEntry(
        "d_norm",
        _("normalisation in D"),
        r"W \leftarrow W/\sigma_{\max}(W)\ \text{ or }\ "
        r"h \leftarrow \gamma\,(h - \mu)/\sqrt{\sigma^2 + \epsilon} + \beta",
        _(
            "Spectral: D's slope is at most 1 everywhere. Batch norm: D compares the "
            "samples of a minibatch."
        ),
        cite="Miyato et al. 2018; Ioffe & Szegedy 2015; Radford et al. 2016",
        player="D",
        refuse=_unnormal_d,
        params=(
            Param(
                "d_norm",
                _("normalisation in D"),
                "none",
                kind="choice",
                choices=D_NORMS,
                doc=_("Normalises D's weights, or its hidden layers before the activation."),
            ),
        ),
    ),
    StabiliserEntry(
        "g_norm",
        _("normalisation in G"),
        r"h \leftarrow \gamma\,(h - \mu)/\sqrt{\sigma^2 + \epsilon} + \beta",
        _(
            "G learns faster; with batch statistics the samples of a minibatch depend on "
            "each other."
        ),
        cite="Ioffe & Szegedy 2015; Salimans et al. 2016",
        player="G",
        refuse=_unnormal,
        params=(
            Param(
                "g_norm",
                _("normalisation in G"),
                "none",
                kind="choice",
                choices=NORMS,
                doc=_("Normalises G's hidden layers before the activation."),
            ),
        ),
    ),
    StabiliserEntry(
        "feature_matching",
        _("feature matching"),
        r"\min_G \lVert \mathbb{E} f(x) - \mathbb{E} f(G(z)) \rVert_2^2",
        _(
            "G matches the mean of D's last hidden layer instead of D's output: training "
            "is steady, but equal means do not imply equal distributions."
        ),
        cite="Salimans et al. 2016, section 3.1",
        player="G",
        params=(
            strength(
                "feature_matching",
                _("feature matching"),
                1.0,
                1.0,
                _("Its share of G's cost; with 1 it is the whole cost."),
            ),
        ),
    ),
)
