"""From a game to a lab, and back: the Spec that plays a Dirac-GAN, and the game nearest to a Spec.

A lab plays the Dirac-GAN itself: data at the given point 0, a constant latent that G's only weight
moves, and a D of one weight. What differs is said.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from ganlab.games import closed
from ganlab.games.dirac import ENTRY as DIRAC
from ganlab.games.method import Method, rule_entry
from ganlab.games.schemes import SCHEMES
from ganlab.games.setup import Setup
from ganlab.languages import _
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
# What a Spec may choose, besides rates and starts, and still have a radius in closed form.
_SCALED = ("simultaneous", "alternating", "extragradient", "optimistic", "heun", "rk4")
_LINEAR = ("sgd", "momentum", "nesterov")
_FREE: tuple[str, ...] = ("loss", "rule", "optimizer", "momentum", "betas", "consensus", "r1", "r2")
_FREE += ("k", "g_steps", "g_lr", "d_lr", "batch", "seed", "g_start", "d_start")


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
        differs.append(_("It plays one rule, {title}.", title=rule_entry(rule).title))
    if rule in SCHEMES:
        fields["rule"] = _NEAREST[rule]
        title, nearest = rule_entry(rule).title, rule_entry(_NEAREST[rule]).title
        differs.append(
            _("Labs have no {title}: {nearest} is the nearest.", title=title, nearest=nearest)
        )
    if fields["rule"] == "alternating":
        differs.append(_("In a lab D moves first, in the game G does."))
    if values["noise"]:
        differs.append(
            _("The noise is drawn for minibatches of {noisy}, not averaged exactly.", noisy=_NOISY)
        )
    if values["gp"] and values["gp_target"] != 1:
        differs.append(
            _("WGAN-GP asks for the slope 1, not {gp_target:g}.", gp_target=values["gp_target"])
        )
    spec = Spec(**_FIELDS)
    for name, value in fields.items():
        if value == getattr(spec, name):
            continue
        try:
            spec = spec.replace(**{name: value})
        except SpecError as error:
            differs.append(
                _(
                    "Its {name} stays {getattr}; it must be {allowed}.",
                    name=error.name,
                    getattr=getattr(spec, name),
                    allowed=error.allowed,
                )
            )
    return Lab(spec, tuple(differs))


def game_of(spec: Spec) -> Explained:
    """The Dirac-GAN with a Spec's loss, penalties, optimiser and rule, as far as it has them."""
    differs = [
        _("One number for each player instead of nets: G's point, D's slope; step size 0.2.")
    ]
    optimizer = spec.optimizer
    if optimizer in OPTIMIZERS and optimizer not in ("sgd", "momentum", "nesterov"):
        title = OPTIMIZERS[optimizer].title
        differs.append(_("SGD: {title} has no eigenvalues where gradients vanish.", title=title))
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
                _(
                    "The game's {name} stays {values}; it must be {allowed}.",
                    name=name,
                    values=setup.values[name],
                    allowed=error.allowed,
                )
            )
    for name, value in method.items():
        try:
            setup = replace(setup, method={**setup.method, name: value})
        except SpecError as error:
            differs.append(
                _(
                    "The game's {name} stays {method}; it must be {allowed}.",
                    name=name,
                    method=setup.method[name],
                    allowed=error.allowed,
                )
            )
    return Explained(setup, tuple(differs))


def radius(spec: Spec) -> float | None:
    """The spectral radius of an iteration at the equilibrium, in closed form.

    Below 1 the players converge from nearby. None unless the Spec plays exactly a Dirac-GAN whose
    eigenvalues are known; with the Wasserstein loss it is the bilinear game.
    """
    chosen = {name: getattr(spec, name) for name in _FREE}
    if spec.target != _FIELDS["target"] or spec != Spec(**_FIELDS | chosen):
        return None
    values = {param.name: param.default for param in DIRAC.params}
    values |= {"loss": spec.loss, "r1": spec.r1 + spec.r2}
    jacobian = DIRAC.equilibria(values)[0].jacobian
    steps = max(spec.k, spec.g_steps)
    if spec.rule not in _SCALED or spec.optimizer not in _LINEAR or not 1 <= steps <= 10:
        return None
    if jacobian is None or min(spec.k, spec.g_steps) < 1:
        return None
    # Each player's gradient times its rate. Cycles that begin with G or with D have equal radii.
    scaled = np.diag([spec.g_lr, spec.d_lr]) @ closed.with_consensus(jacobian, spec.consensus)
    method = Method(
        spec.rule,
        1.0,
        spec.optimizer,
        spec.momentum,
        first_steps=spec.g_steps,
        second_steps=spec.k,
    )
    found = closed.of_update(scaled, method)
    return None if found is None else float(np.abs(found).max())
