"""Normalisation of layers: statistics of batches, and spectral norms of weights."""

from __future__ import annotations

import torch

from ganlab.languages import _
from ganlab.registry import Entry, Registry

EPSILON = 1e-5  # added to a variance
MOST_SPECTRAL = 128  # the largest allowed smaller side of a matrix with a spectral norm
_SQUARINGS = 9

NORMS: Registry[Entry] = Registry("g_norm")
D_NORMS: Registry[Entry] = Registry("d_norm")

for _entry in (
    Entry("none", _("none"), "h", _("Every sample is generated alone.")),
    Entry(
        "batch",
        _("batch norm"),
        r"\gamma\,(h - \mu_B)/\sqrt{\sigma_B^2 + \epsilon} + \beta",
        _("Statistics of the minibatch: its samples depend on each other, visibly if it is small."),
        cite="Ioffe & Szegedy 2015",
    ),
    Entry(
        "reference",
        _("reference batch norm"),
        r"\gamma\,(h - \mu_{\rm ref})/\sqrt{\sigma_{\rm ref}^2 + \epsilon} + \beta",
        _(
            "Statistics of one fixed batch of latents: samples are independent, but G "
            "can overfit it."
        ),
        cite="Goodfellow 2016, section 4.4; Salimans et al. 2016",
    ),
    Entry(
        "virtual",
        _("virtual batch norm"),
        r"\text{statistics of the reference batch and } h \text{ itself}",
        _("The reference batch plus the sample itself."),
        cite="Salimans et al. 2016, section 3.5",
    ),
):
    NORMS.add(_entry)
NORMS.closed = _("a normalisation is code in ganlab/networks/generator.py")

for _entry in (
    Entry("none", _("none"), "h", _("Every sample is judged alone, with any slope.")),
    Entry(
        "batch",
        _("batch norm"),
        r"\gamma\,(h - \mu_B)/\sqrt{\sigma_B^2 + \epsilon} + \beta",
        _(
            "Statistics of the minibatch, separately for real and fake samples: D "
            "compares minibatches, and the logit of a sample depends on the others."
        ),
        cite="Ioffe & Szegedy 2015; Radford et al. 2016",
    ),
    Entry(
        "spectral",
        _("spectral norm"),
        r"W/\sigma_{\max}(W)",
        _(
            "No layer increases a distance, so D's slope is at most 1 everywhere. The "
            "norm is exact, a function of the weights alone, by repeated squaring of WᵀW "
            "instead of a stored vector."
        ),
        cite="Miyato et al. 2018",
    ),
):
    D_NORMS.add(_entry)
D_NORMS.closed = _("a normalisation is code in ganlab/networks/discriminator.py")


def moments(h: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and (biased) variance over the batch, (R, 1, width) each."""
    mean = h.mean(-2, keepdim=True)
    return mean, ((h - mean) ** 2).mean(-2, keepdim=True)


def spectral_norm(weight: torch.Tensor) -> torch.Tensor:
    """The largest singular value of each matrix (R, n, m), (R, 1, 1); differentiable.

    With A = W^T W (or W W^T, if that is smaller) and p = 2^9, tr(A^(2p) A)/tr(A^(2p)), the mean of
    the eigenvalues weighted by their 2p-th powers, approximates the largest one: to rounding if the
    second is 2 % smaller, and otherwise within a relative error of log(n)/2p.
    """
    rows, columns = weight.shape[1:]
    gram = torch.bmm(weight.mT, weight) if columns <= rows else torch.bmm(weight, weight.mT)
    if min(rows, columns) == 1:
        return (gram + _LEAST).sqrt()
    gram = gram + 0.0
    power = gram / (_trace(gram) + _LEAST)
    for _unused in range(_SQUARINGS):
        power = torch.bmm(power, power)
        power = power / (_trace(power) + _LEAST)
    largest = (power * gram).sum((1, 2), keepdim=True) / (_trace(power) + _LEAST)
    return (largest + _LEAST).sqrt()


_LEAST = 1e-30  # avoids a division by a norm of 0


def _trace(matrix: torch.Tensor) -> torch.Tensor:
    return matrix.diagonal(dim1=1, dim2=2).sum(1).view(-1, 1, 1)
