"""Multilayer perceptrons as pure functions of flat parameters with a leading run axis."""

from ganlab.networks.discriminator import Discriminator
from ganlab.networks.entries import ACTIVATIONS, INITS, OUTPUTS
from ganlab.networks.generator import NORMS, Generator
from ganlab.networks.mlp import MLP

__all__ = ["ACTIVATIONS", "INITS", "MLP", "NORMS", "OUTPUTS", "Discriminator", "Generator"]
