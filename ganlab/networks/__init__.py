"""Multilayer perceptrons as pure functions of flat parameters with a leading run axis."""

from ganlab.networks.discriminator import Discriminator
from ganlab.networks.entries import ACTIVATIONS, INITS, OUTPUTS
from ganlab.networks.generator import Generator
from ganlab.networks.mlp import MLP
from ganlab.networks.norms import D_NORMS, MOST_SPECTRAL, NORMS

__all__ = [
    "ACTIVATIONS",
    "D_NORMS",
    "INITS",
    "MLP",
    "MOST_SPECTRAL",
    "NORMS",
    "OUTPUTS",
    "Discriminator",
    "Generator",
]
