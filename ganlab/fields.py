"""The fields of a Spec, each declared once: its type, default, bounds, words and owner.

A field that belongs to a stabiliser or an optimiser is declared in that entry. Everything else is
derived from `ganlab.params.PARAMS`: addresses, files, sidebars, which fields may change during a
run, which fields runs must share to be advanced together, and the documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ganlab.declarations import IN_ITS_ENTRY, choice, declared, declared_params, from_entries
from ganlab.domains import IMAGE
from ganlab.estimators import BASELINES, ESTIMATORS
from ganlab.languages import _
from ganlab.latents import LATENTS
from ganlab.losses import LOSSES
from ganlab.networks import ACTIVATIONS, INITS, OUTPUTS
from ganlab.optim import OPTIMIZERS
from ganlab.registry import Param
from ganlab.targets import TARGETS
from ganlab.update_rules import RULES

_FEW = 8  # the largest number of hidden units for which the initial values can be given
# The words of choices that are no entries, as they are shown.
_WORDS = (
    _("no"),
    _("yes"),
    _("none"),
    _("alone"),
    _("regression"),
    _("joint"),
    _("batch"),
    _("same"),
    _("fresh"),
    _("standardised"),
    _("as they are"),
    _("brackets"),
    _("powers"),
    _("sums"),
    _("palindromes"),
)
_SWITCH = ("no", "yes")
_INFERENCE = ("none", "regression", "joint")


def _symbols(values: Mapping[str, Any]) -> bool:
    """Whether x are symbols."""
    return not TARGETS[values["target"]].dim


def _tempered(values: Mapping[str, Any]) -> bool:
    return _symbols(values) and ESTIMATORS[values["estimator"]].tempered


def _infers(values: Mapping[str, Any]) -> bool:
    """Whether a net may infer z from x: not of images, nor of symbols."""
    return TARGETS[values["target"]].dim in (1, 2)


def _bias(player: str, choices: tuple[str, ...], doc: str) -> str:
    doc = _("Whether {player}'s layers have biases. {doc}", player=player, doc=doc)
    return choice(
        _("{player}'s biases", player=player), choices, "yes", doc, owner=player, more=True
    )


def _hidden(player: str, doc: str) -> tuple[int, ...]:
    return declared(
        _("{player}'s hidden widths", player=player),
        (32, 32),
        1,
        IMAGE.widest,
        "ints",
        longest=4,
        doc=doc,
        owner=player,
    )


def _activation(player: str) -> str:
    doc = _("The activation function between {player}'s layers.", player=player)
    return choice(
        _("{player}'s activation", player=player), ACTIVATIONS, "leaky_relu", doc, owner=player
    )


def _start(player: str) -> tuple[float, ...]:
    hidden = f"{player.lower()}_hidden"
    return declared(
        _("{player}'s first values", player=player),
        (),
        -1e6,
        1e6,
        "floats",
        longest=32,
        doc=_(
            "The initial weights and biases of a small {player}: for each layer the "
            "weights into each unit in turn, then the biases, as in PyTorch's "
            "state_dict. If empty, they are drawn as “initial weights” says.",
            player=player,
        ),
        owner=player,
        numeric=True,
        more=True,
        needs=lambda values: sum(values[hidden]) <= _FEW,
    )


def _rate(player: str, default: float, doc: str, knob: int) -> float:
    return declared(
        _("{player}'s rate", player=player),
        default,
        1e-6,
        100.0,
        doc=doc,
        log=True,
        owner=player,
        numeric=True,
        live=True,
        knob=knob,
        scale=(1e-5, 1.0),
    )


@dataclass(frozen=True, kw_only=True)
@from_entries
class Fields:
    """The fields of a Spec in the order shown, except for the parameters of its target.

    To add a field, add a line. A field of a stabiliser or an optimiser has a line here only so that
    type checkers know it.
    """

    target: str = choice(
        _("p_data"),
        TARGETS,
        "gaussian",
        _("The data distribution that G must learn."),
        owner="data",
    )
    data_size: int = declared(
        _("points of data"),
        0,
        0,
        1_000_000,
        doc=_(
            "The number of points that are drawn from p_data once, with the seed, as the "
            "training data. Minibatches go through them in turn, shuffled. 0: each "
            "minibatch is drawn anew."
        ),
        typical=32,
        owner="data",
        numeric=True,
        needs=lambda values: not TARGETS[values["target"]].finite,
    )
    balanced: str = choice(
        _("samples of each mode"),
        _SWITCH,
        "no",
        _(
            "Whether each minibatch has as many samples of each mode as its weight says, "
            "to within one. If not, their numbers are random."
        ),
        owner="data",
        numeric=True,
        more=True,
        needs=lambda values: TARGETS[values["target"]].labelled and not values["data_size"],
    )
    latent: str = choice(
        _("latent z"), LATENTS, "normal", _("The distribution of G's input."), owner="G"
    )
    latent_dim: int = declared(
        _("dimensions of z"),
        1,
        1,
        256,
        doc=_("With one dimension the whole map z → G(z) is shown; more give G more freedom."),
        owner="G",
    )
    latent_points: tuple[float, ...] = declared(
        _("given latents"),
        (),
        -1e6,
        1e6,
        "floats",
        longest=32,
        empty=_("drawn anew"),
        doc=_(
            "A fixed set of latents, in place of the distribution above: minibatches use "
            "them in turn, shuffled. If the batch is as long as the set, each minibatch "
            "is the whole set."
        ),
        owner="G",
        more=True,
        needs=lambda values: values["latent_dim"] == 1,
    )
    g_hidden: tuple[int, ...] = _hidden(
        "G", _("Widths of G's hidden layers, such as 32, 32. If empty, G is linear.")
    )
    g_activation: str = _activation("G")
    g_output: str = choice(
        _("G's output"),
        OUTPUTS,
        "linear",
        _("The function applied to G's last layer."),
        owner="G",
        images=True,
    )
    estimator: str = choice(
        _("G's symbols"),
        ESTIMATORS,
        "straight-through",
        _("How G turns its logits into symbols, and how its gradient passes through the choice."),
        owner="G",
        needs=_symbols,
    )
    temperature: float = declared(
        _("temperature τ"),
        1.0,
        0.05,
        20.0,
        doc=_(
            "Softness of the relaxed samples. As τ → 0 they become one-hot and their "
            "gradient unbiased, but of unbounded variance."
        ),
        owner="G",
        numeric=True,
        live=True,
        log=True,
        needs=_tempered,
    )
    temperature_decay: float = declared(
        _("decay of τ"),
        0.0,
        0.0,
        0.1,
        doc=_("In iteration t the temperature is τ exp(-decay · t), as Jang et al. anneal it."),
        typical=1e-3,
        owner="G",
        numeric=True,
        live=True,
        needs=_tempered,
    )
    temperature_floor: float = declared(
        _("lowest τ"),
        0.1,
        0.05,
        20.0,
        doc=_("The temperature stops falling here."),
        owner="G",
        numeric=True,
        live=True,
        needs=lambda values: _tempered(values) and values["temperature_decay"] > 0,
    )
    baseline: str = choice(
        _("baseline"),
        BASELINES,
        "batch",
        _(
            "What is subtracted from a symbol's cost: the mean cost of the others in the "
            "batch, which leaves the gradient unbiased and lowers its variance, or "
            "nothing."
        ),
        owner="G",
        live=True,
        needs=lambda values: _symbols(values) and ESTIMATORS[values["estimator"]].scored,
    )
    d_hidden: tuple[int, ...] = _hidden(
        "D", _("Widths of D's hidden layers. A small D cannot see all errors of G.")
    )
    d_activation: str = _activation("D")
    conditional: str = choice(
        _("labels"),
        _SWITCH,
        "no",
        _(
            "Whether G and D are given the label of each sample, so that G learns p(x | "
            "label). A mode of p_data, or a piece of its curve, is a label."
        ),
        owner="game",
        needs=lambda values: TARGETS[values["target"]].labelled,
    )
    few_labels: int = declared(
        _("labelled points of each label"),
        0,
        0,
        1000,
        doc=_(
            "Semi-supervised learning: D has an output for each label and one for "
            "“generated”, and learns the labels of this many points of each label "
            "besides its game. For comparison, a net of the same shape learns from these "
            "points alone. 0: off."
        ),
        typical=4,
        owner="D",
        more=True,
        needs=lambda values: TARGETS[values["target"]].labelled and values["conditional"] == "no",
    )
    inference: str = choice(
        _("inference of z"),
        _INFERENCE,
        "none",
        _(
            "A third net, the encoder E(x), infers z from x; its hidden layers are G's "
            "in reverse order. “regression”: it learns z from generated samples G(z), "
            "without any influence on G and D. “joint” (ALI, BiGAN): D distinguishes "
            "pairs (x, E(x)) from pairs (G(z), z), and E learns with G to fool it."
        ),
        owner="game",
        more=True,
        needs=_infers,
    )
    e_lr: float = declared(
        _("E's rate"),
        3e-3,
        1e-6,
        100.0,
        doc=_(
            "Learning rate of E, which makes one update with each of G. Its decay is that of G's."
        ),
        log=True,
        owner="game",
        numeric=True,
        live=True,
        more=True,
        needs=lambda values: _infers(values) and values["inference"] == "regression",
    )
    loss: str = choice(
        _("loss"),
        LOSSES,
        "non-saturating",
        _("The functions that D and G minimise; each is given below with its equation."),
        owner="game",
        live=True,
        knob=2,
    )
    k: int = declared(
        "k",
        1,
        0,
        300,
        doc=_(
            "Number of D updates before the updates of G (Algorithm 1). With 0, D is "
            "frozen and G exploits it."
        ),
        owner="D",
        numeric=True,
        live=True,
        knob=1,
        scale=(0, 20),
    )
    d_to_optimum: float = declared(
        _("D to its optimum"),
        0.0,
        0.0,
        1.0,
        doc=_(
            "Each update of D trains it to its optimum on 4,096 samples of each kind, "
            "the same in every update, as the theory assumes: L-BFGS, eagerly, until no "
            "entry of D's gradient is larger than this tolerance, or after 64 "
            "evaluations. 0: off."
        ),
        typical=1e-3,
        owner="D",
        live=True,
        more=True,
    )
    g_steps: int = declared(
        _("G updates"),
        1,
        1,
        20,
        doc=_(
            "Number of G updates after the k updates of D, at the end of each iteration "
            "of Algorithm 1. More than one helps G against a D that is too strong."
        ),
        owner="game",
        numeric=True,
        live=True,
    )
    rule: str = choice(
        _("update rule"),
        RULES,
        "alternating",
        _("The weights of D and G at which the two gradients are taken."),
        owner="game",
        live=True,
    )
    optimizer: str = choice(
        _("optimiser"), OPTIMIZERS, "adam", _("The optimiser of both players."), owner="optimiser"
    )
    g_lr: float = _rate(
        "G",
        3e-4,
        _("Learning rate of G. Its ratio to D's learning rate matters most."),
        knob=5,
    )
    d_lr: float = _rate(
        "D",
        3e-3,
        _(
            "Learning rate of D. With a high rate D stays near D*; with a low rate it "
            "lags behind G."
        ),
        knob=6,
    )
    betas: tuple[float, float] = IN_ITS_ENTRY
    momentum: float = IN_ITS_ENTRY
    momentum_rise: float = IN_ITS_ENTRY
    momentum_ramp: int = IN_ITS_ENTRY
    lr_decay: float = declared(
        _("decay of the learning rates"),
        0.0,
        0.0,
        0.1,
        doc=_("Each update divides the player's learning rate by 1 plus this number."),
        typical=1e-3,
        owner="optimiser",
        numeric=True,
    )
    lr_floor: float = declared(
        _("lowest learning rate"),
        0.0,
        0.0,
        1.0,
        doc=_("The learning rates stop decaying here."),
        typical=1e-5,
        owner="optimiser",
        numeric=True,
        needs=lambda values: values["lr_decay"] > 0,
    )
    batch: int = declared(
        _("batch"),
        256,
        1,
        4096,
        doc=_("Number of real and of generated samples per update."),
        owner="game",
    )
    init: str = choice(
        _("initial weights"),
        INITS,
        "default",
        _("The distribution of both nets' initial weights."),
        owner="game",
        numeric=True,
    )
    init_gain: float = declared(
        _("gain of the initial weights"),
        1.0,
        0.001,
        5.0,
        doc=_("Factor of the initial weights. With a small gain, p_g starts as a narrow bump."),
        owner="game",
        numeric=True,
    )
    d_init_gain: float = declared(
        _("gain of D's initial weights"),
        0.0,
        0.0,
        5.0,
        doc=_("Factor of D's initial weights; 0: the gain above."),
        owner="game",
        numeric=True,
    )
    seed: int = declared(
        _("seed"),
        0,
        0,
        2**31 - 1,
        doc=_("The seed of the initial weights, the data and the latents."),
        owner="data",
        numeric=True,
    )
    unroll: int = IN_ITS_ENTRY
    unroll_data: str = IN_ITS_ENTRY
    minibatch_discrimination: int = IN_ITS_ENTRY
    minibatch_dims: int = IN_ITS_ENTRY
    packing: int = IN_ITS_ENTRY
    d_dropout: float = IN_ITS_ENTRY
    d_dropout_input: float = IN_ITS_ENTRY
    smooth_real: float = IN_ITS_ENTRY
    smooth_fake: float = IN_ITS_ENTRY
    instance_noise: float = IN_ITS_ENTRY
    instance_noise_decay: int = IN_ITS_ENTRY
    augmentation: float = IN_ITS_ENTRY
    r1: float = IN_ITS_ENTRY
    r2: float = IN_ITS_ENTRY
    gradient_penalty: float = IN_ITS_ENTRY
    lipschitz_penalty: float = IN_ITS_ENTRY
    dragan: float = IN_ITS_ENTRY
    dragan_spread: float = IN_ITS_ENTRY
    drift: float = IN_ITS_ENTRY
    weight_clip: float = IN_ITS_ENTRY
    d_norm: str = IN_ITS_ENTRY
    g_norm: str = IN_ITS_ENTRY
    feature_matching: float = IN_ITS_ENTRY
    consensus: float = IN_ITS_ENTRY
    ode_regulariser: float = IN_ITS_ENTRY
    lookahead: int = IN_ITS_ENTRY
    lookahead_share: float = IN_ITS_ENTRY
    g_average: float = IN_ITS_ENTRY
    historical_averaging: float = IN_ITS_ENTRY
    gradient_clip: float = IN_ITS_ENTRY
    weight_decay: float = IN_ITS_ENTRY
    g_bias: str = _bias(
        "G",
        (*_SWITCH, "alone"),
        _(
            "Without them z = 0 stays x = 0. With “alone” only they learn, and the "
            "weights keep their initial values."
        ),
    )
    g_start: tuple[float, ...] = _start("G")
    d_bias: str = _bias("D", _SWITCH, _("Without them D(0) is 1/2."))
    d_start: tuple[float, ...] = _start("D")


LINES: dict[str, Param] = declared_params(Fields)
