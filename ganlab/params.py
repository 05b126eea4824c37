"""What a Spec is made of: every field with its default, its bounds and its words."""

from __future__ import annotations

from typing import Any

from ganlab.latents import LATENTS
from ganlab.losses import LOSSES
from ganlab.networks import ACTIVATIONS, INITS, OUTPUTS
from ganlab.optim import OPTIMIZERS
from ganlab.registry import Param, Registry, SpecError
from ganlab.stabilisers import RULES, STABILISERS
from ganlab.targets import TARGETS


def _choice(
    name: str, title: str, registry: Registry, default: str, doc: str, **more: Any
) -> Param:
    return Param(name, title, default, kind="choice", choices=registry, doc=doc, **more)


WIDEST = (512, 2048)  # hidden layers, of x in one or two dimensions, and of images

PARAMS: dict[str, Param] = {
    p.name: p
    for p in (
        _choice("target", "p_data", TARGETS, "gaussian", "The distribution that G must learn."),
        _choice("latent", "latent z", LATENTS, "normal", "The noise that G is fed with."),
        Param(
            "latent_dim",
            "dimensions of z",
            1,
            1,
            256,
            "int",
            doc="One dimension shows the whole map z → G(z); more give G more room.",
        ),
        Param(
            "g_hidden",
            "G's hidden widths",
            (32, 32),
            1,
            WIDEST[-1],
            "ints",
            longest=4,
            doc="Widths of G's hidden layers, such as 32, 32; empty makes G linear.",
        ),
        Param(
            "d_hidden",
            "D's hidden widths",
            (32, 32),
            1,
            WIDEST[-1],
            "ints",
            longest=4,
            doc="Widths of D's hidden layers; a small D cannot see what G does wrong.",
        ),
        _choice("g_activation", "G's activation", ACTIVATIONS, "leaky_relu", "Between G's layers."),
        _choice("d_activation", "D's activation", ACTIVATIONS, "leaky_relu", "Between D's layers."),
        _choice("g_output", "G's output", OUTPUTS, "linear", "What the last layer's sums become."),
        Param(
            "conditional",
            "labels",
            "no",
            kind="choice",
            choices=("no", "yes"),
            doc="Whether G and D are told which kind of sample it is: p(x | label) is learned.",
        ),
        *(
            Param(
                f"{player}_bias",
                f"{player.upper()}'s biases",
                "yes",
                kind="choice",
                choices=("no", "yes"),
                doc=f"Whether {player.upper()}'s layers have biases; without, {what}.",
            )
            for player, what in (("g", "z = 0 stays x = 0"), ("d", "D(0) is 1/2"))
        ),
        _choice("init", "initial weights", INITS, "default", "How both nets start."),
        Param(
            "init_gain",
            "gain of the initial weights",
            1.0,
            0.001,
            5.0,
            doc="Multiplies the initial weights; small gains start G as a narrow bump.",
        ),
        Param(
            "d_init_gain",
            "gain of D's, if another",
            0.0,
            0.0,
            5.0,
            doc="Multiplies D's initial weights instead; 0: the same gain as G's.",
        ),
        *(
            Param(
                f"{player}_start",
                f"{player.upper()}'s first values",
                (),
                -1e6,
                1e6,
                "floats",
                longest=32,
                doc=f"Each weight and bias with which a small {player.upper()} starts: layer by "
                "layer the weights into each of its units in turn, then its biases, as in "
                "PyTorch's state_dict. Left empty: as the initial weights say.",
            )
            for player in "gd"
        ),
        _choice(
            "loss",
            "loss",
            LOSSES,
            "non-saturating",
            "What D and G minimise: see the equation of each.",
            live=True,
            knob=True,
        ),
        Param(
            "k",
            "k",
            1,
            0,
            300,
            "int",
            doc="D updates for each G update (Algorithm 1). 0 freezes D: watch G exploit it.",
            live=True,
            knob=True,
        ),
        Param(
            "g_steps",
            "G updates",
            1,
            1,
            20,
            "int",
            doc="G updates for each k of D, which end an iteration of Algorithm 1: more than one "
            "keeps up with a D that is too good.",
            live=True,
        ),
        _choice(
            "rule",
            "update rule",
            RULES,
            "alternating",
            "From which D and G the two gradients are taken.",
            live=True,
        ),
        _choice("optimizer", "optimiser", OPTIMIZERS, "adam", "Of both players."),
        Param(
            "g_lr",
            "G's rate",
            3e-4,
            1e-6,
            100.0,
            doc="Learning rate of G; zero-sum games are touchy about the ratio of the two.",
            log=True,
            live=True,
            knob=True,
        ),
        Param(
            "d_lr",
            "D's rate",
            3e-3,
            1e-6,
            100.0,
            doc="Learning rate of D; a fast D is near D*, a slow one lags behind G.",
            log=True,
            live=True,
            knob=True,
        ),
        Param(
            "betas",
            "Adam's β₁, β₂",
            (0.0, 0.99),
            0.0,
            0.9999,
            "floats",
            longest=2,
            doc="Memory of the gradient and of its square. A low β₁ calms GANs.",
        ),
        Param(
            "momentum",
            "momentum μ",
            0.5,
            -0.95,
            0.99,
            doc="Of SGD + momentum; negative momentum damps the rotation of games.",
        ),
        Param(
            "momentum_rise",
            "rise of μ",
            0.0,
            -1.0,
            1.0,
            doc="What momentum has gained at the end of its ramp.",
            typical=0.2,
        ),
        Param(
            "momentum_ramp",
            "ramp of μ",
            1,
            1,
            10**9,
            "int",
            unit="updates",
            doc="Over how many updates of a player its momentum rises.",
            typical=1000,
        ),
        Param(
            "lr_decay",
            "decay of the rates",
            0.0,
            0.0,
            0.1,
            doc="At each update a player's rate is divided by 1 plus this.",
            typical=1e-3,
        ),
        Param(
            "lr_floor",
            "least rate",
            0.0,
            0.0,
            1.0,
            doc="Where the decay of the rates ends.",
            typical=1e-5,
        ),
        Param("batch", "batch", 256, 1, 4096, "int", doc="Real and fake samples per update."),
        Param(
            "seed",
            "seed",
            0,
            0,
            2**31 - 1,
            "int",
            doc="Initial weights, data and latents all follow from it.",
        ),
        *(param for name in STABILISERS for param in STABILISERS[name].params),
    )
}

# What is turned above the picture.
KNOBS = tuple(name for name, param in PARAMS.items() if param.knob)


def named(error: SpecError) -> tuple[str, str] | None:
    """What the field of an error is called, and its value, in the words of its control."""
    # In a comparison's address b.k is run b's k.
    run, _, rest = error.name.partition(".")
    who, name = (f"run {run.upper()}'s ", rest) if rest and run in "abcd" else ("", error.name)
    param = PARAMS.get(name) or _of_a_target(name.removeprefix("t."))
    if param is None:
        return None
    try:
        value = param.words(param.check(error.value))
    except SpecError:
        value = error.shown
    return who + param.title, value


def in_words(error: SpecError) -> str:
    """What an error says, with the field called as its control is labelled."""
    words = named(error)
    if words is None:
        return str(error)
    return f"{words[0]} = {words[1]} is not allowed: {error.allowed}."


def _of_a_target(name: str) -> Param | None:
    every = (param for target in TARGETS for param in TARGETS[target].params)
    return next((param for param in every if param.name == name), None)


# What only images have a use for.
OF_IMAGES = ("g_output", "conditional")
