"""From a game to a lab, and back: the Spec that plays a Dirac-GAN, and the game nearest to a Spec.

A lab plays the Dirac-GAN itself: data at the given point 0, a constant latent that G's only weight
moves, and a D of one weight. What differs is said.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from ganlab.games.method import rule_entry
from ganlab.games.schemes import SCHEMES
from ganlab.games.setup import Setup
from ganlab.optim import OPTIMIZERS
from ganlab.registry import SpecError
from ganlab.spec import Spec

_SHARED = ("optimizer", "momentum", "betas", "consensus", "lookahead", "lookahead_share")
_NEAREST = {"continuous": "rk4", "implicit": "extragradient"}  # of the rules that no lab has
_NOISY = 256  # the batch over which a lab draws the noise that a game averages exactly
_FIELDS: dict[str, Any] = {
    "target": "points",
    "target_params": {"points": (0.0,)},
    "latent": "constant",
    "g_hidden": (),
    "d_hidden": (),
    "g_bias": "no",
    "d_bias": "no",
}


class Lab(NamedTuple):
    """The Spec of a lab that plays a game by one rule, and what differs, in sentences."""

    spec: Spec
    differs: tuple[str, ...]


class Explained(NamedTuple):
    """A game that explains what a run's spectrum shows, and what it leaves out, in sentences."""

    setup: Setup
    differs: tuple[str, ...]


def lab_of(setup: Setup, point: int = 0) -> Lab | None:
    """The lab that plays a game from one of its starting points, by its first rule that can.

    None for games that no GAN of a lab plays.
    """
    if setup.game != "dirac":
        return None
    rule = next((r for r in setup.rules if setup.refused(r) is None), setup.rules[0])
    differs: list[str] = []
    values, method = setup.values, setup.method
    theta, psi = setup.points[point]
    fields: dict[str, Any] = {name: method[name] for name in _SHARED}
    fields |= {"loss": values["loss"], "r1": values["r1"], "instance_noise": values["noise"]}
    fields |= {"weight_clip": values["clip"], "gradient_penalty": values["gp"] / 2}
    fields |= {"g_start": (theta,), "d_start": (-psi,)}
    fields |= {"g_lr": method["step"], "d_lr": method["step"]}
    fields |= {"k": method["second_steps"], "g_steps": method["first_steps"], "rule": rule}
    fields["batch"] = _NOISY if values["noise"] else 1
    if len(setup.rules) > 1:
        differs.append(f"It plays one rule, {rule_entry(rule).title}.")
    if rule in SCHEMES:
        fields["rule"] = _NEAREST[rule]
        title, nearest = rule_entry(rule).title, rule_entry(_NEAREST[rule]).title
        differs.append(f"Labs have no {title}: {nearest} is the nearest.")
    if fields["rule"] == "alternating":
        differs.append("In a lab D moves first, in the game G does.")
    if values["noise"]:
        differs.append(f"The noise is drawn for minibatches of {_NOISY}, not averaged exactly.")
    if values["gp"] and values["gp_target"] != 1:
        differs.append(f"WGAN-GP asks for the slope 1, not {values['gp_target']:g}.")
    spec = Spec(**_FIELDS)
    for name, value in fields.items():
        if value == getattr(spec, name):
            continue
        try:
            spec = spec.replace(**{name: value})
        except SpecError as error:
            differs.append(
                f"Its {error.name} stays {getattr(spec, name)}; it must be {error.allowed}."
            )
    return Lab(spec, tuple(differs))


def game_of(spec: Spec) -> Explained:
    """The Dirac-GAN with a Spec's loss, penalties, optimiser and rule, as far as it has them."""
    differs = ["One number for each player instead of nets: G's point, D's slope; step size 0.2."]
    optimizer = spec.optimizer
    if optimizer in OPTIMIZERS and optimizer not in ("sgd", "momentum", "nesterov"):
        title = OPTIMIZERS[optimizer].title
        differs.append(f"SGD: {title} has no eigenvalues where gradients vanish.")
        optimizer = "sgd"
    wanted: dict[str, Any] = {
        "loss": spec.loss,
        "r1": spec.r1 + spec.r2,
        "noise": spec.instance_noise,
    }
    wanted |= {"gp": 2 * spec.gradient_penalty, "clip": spec.weight_clip}
    method: dict[str, Any] = {name: getattr(spec, name) for name in _SHARED if name != "betas"}
    method["optimizer"] = optimizer
    if optimizer == "sgd":
        del method["momentum"]
    rules = tuple(dict.fromkeys((spec.rule, "alternating", "simultaneous")))
    setup = Setup("dirac", rules=rules)
    for name, value in wanted.items():
        try:
            setup = replace(setup, values={**setup.values, name: value})
        except SpecError as error:
            differs.append(
                f"The game's {name} stays {setup.values[name]}; it must be {error.allowed}."
            )
    for name, value in method.items():
        try:
            setup = replace(setup, method={**setup.method, name: value})
        except SpecError as error:
            differs.append(
                f"The game's {name} stays {setup.method[name]}; it must be {error.allowed}."
            )
    return Explained(setup, tuple(differs))
