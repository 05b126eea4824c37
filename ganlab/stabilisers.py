"""What calms, or is said to calm, the game: one registry entry per variant, and the update rules.

An entry's name is the Spec field of its strength, its first parameter, whose default is "off":
then its code is not on the path at all. Strengths are numbers that reach an update as inputs; hooks
here do the work of those that need no more than the costs or the gradient at hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch

from ganlab.losses import LOSSES
from ganlab.networks import NORMS
from ganlab.registry import Entry, Param, Registry


def over(number: Any, like: torch.Tensor) -> Any:
    """A number, or numbers (R, 1) of runs that differ, so that it multiplies `like` (R, ...)."""
    return number.view(-1, *[1] * (like.ndim - 1)) if torch.is_tensor(number) else number


class Judged(NamedTuple):
    """A minibatch as D saw it: inputs (R, n, in), logits (R, n), and how to judge other inputs."""

    real: torch.Tensor
    fake: torch.Tensor
    real_logits: torch.Tensor
    fake_logits: torch.Tensor
    judge: Callable[[torch.Tensor], torch.Tensor]
    draws: Mapping[str, torch.Tensor]


@dataclass(frozen=True)
class StabiliserEntry(Entry):
    """player: "D", "G" or "" (both), in whose colour and place its controls are.

    d_term(judged, strength, ...) -> (R,): added to D's cost. needs_input_grad: of D's inputs.
    grad_term(grad, params, strength, ...) -> grad: done to every player's gradient, in this order.
    Both are given the strength and the values of the other numeric parameters, see `over`.
    blurs: it makes what D sees noisy, and is left out where D is looked at.
    refuse(spec): why the Spec's combination means nothing, or None; asked while it is on.
    Its parameters are toggles of its player's, all but the strength visible only while it is on.
    """

    player: str = ""
    d_term: Callable[..., torch.Tensor] | None = None
    needs_input_grad: bool = False
    grad_term: Callable[..., torch.Tensor] | None = None
    blurs: bool = False
    refuse: Callable[[Any], str | None] = lambda spec: None

    def __post_init__(self) -> None:
        params = tuple(p if p.owner else self._owned(p) for p in self.params)
        object.__setattr__(self, "params", params)

    def on(self, spec: Any) -> bool:
        """Whether `spec` uses it."""
        return getattr(spec, self.name) != self.params[0].default

    def _owned(self, param: Param) -> Param:
        first = self.params[0]

        def needed(values: Mapping[str, Any]) -> bool:
            own = param.needs is None or param.needs(values)
            return own and values[first.name] != first.default

        needs = param.needs if param is first else needed
        return replace(param, owner=self.player or "game", more=True, needs=needs)

    @property
    def numeric(self) -> bool:
        """Whether its strength is a number of an update, not part of the shapes or the code."""
        return self.params[0].numeric

    @property
    def numbers(self) -> tuple[str, ...]:
        """The fields whose values an update takes for it: its strength, and what its hooks need."""
        hooked = self.d_term is not None or self.grad_term is not None
        return (self.name, *(p.name for p in self.params[1:] if hooked and p.numeric))


STABILISERS: Registry[StabiliserEntry] = Registry("stabiliser")
RULES: Registry[Entry] = Registry("rule")


def _strength(name: str, title: str, high: float, typical: float, doc: str) -> Param:
    return Param(
        name,
        title,
        0.0,
        0.0,
        high,
        doc=f"{doc} 0: off.",
        numeric=True,
        live=True,
        typical=typical,
    )


def _unlabelled(spec: Any) -> str | None:
    if LOSSES[spec.loss].smooth is None:
        return f"0 with the loss {LOSSES[spec.loss].title}, which has no labels to smooth"
    if spec.smooth_real + spec.smooth_fake >= 1:
        return "smoothing of both sides that adds up to less than 1"
    return None


def _squared_slope(x: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    """|grad of D's logit|^2 at each x, (R, n)."""
    (slope,) = torch.autograd.grad(logits.sum(), x, create_graph=True)
    return (slope * slope).sum(2)


def _r1(judged: Judged, gamma: Any) -> torch.Tensor:
    slopes = _squared_slope(judged.real, judged.real_logits).mean(1)
    return over(gamma, slopes) / 2 * slopes


def _r2(judged: Judged, gamma: Any) -> torch.Tensor:
    slopes = _squared_slope(judged.fake, judged.fake_logits).mean(1)
    return over(gamma, slopes) / 2 * slopes


def _gradient_penalty(judged: Judged, weight: Any) -> torch.Tensor:
    mix = judged.draws["mix"]
    between = mix * judged.real + (1 - mix) * judged.fake
    if not between.requires_grad:
        between.requires_grad_()
    (slope,) = torch.autograd.grad(judged.judge(between).sum(), between, create_graph=True)
    # The norm's derivative at 0 is 0, as torch has it.
    excess = (torch.linalg.vector_norm(slope, dim=2) - 1) ** 2
    return over(weight, excess.mean(1)) * excess.mean(1)


def _alone(spec: Any) -> str | None:
    if spec.minibatch_discrimination:
        return "0 with minibatch discrimination: D's slope at a sample needs D(x) of it alone"
    return None


def _clipped(grad: torch.Tensor, params: torch.Tensor, most: Any) -> torch.Tensor:
    norm = grad.norm(dim=1, keepdim=True)
    return grad * (most / (norm + 1e-6)).clamp(max=1.0)


def _decayed(grad: torch.Tensor, params: torch.Tensor, weight: Any) -> torch.Tensor:
    return grad + weight * params


def _batch_of_one(spec: Any) -> str | None:
    return "a minibatch of at least 2" if spec.batch < 2 else None


def _unnormal(spec: Any) -> str | None:
    if not spec.g_hidden:
        return "none where G has no hidden layer"
    return "none with a minibatch of 1, which has no spread" if spec.batch < 2 else None


def _uneven(spec: Any) -> str | None:
    if spec.batch % spec.packing:
        return f"a divisor of the minibatch of {spec.batch}"
    return None


_unroll = StabiliserEntry(
    "unroll",
    "unrolled D",
    r"\min_G f(\theta_G, \theta_D^K),\ \theta_D^{i+1} = \theta_D^i - \eta\,\partial f_D",
    "G sees where D would go, and stops crowding on one mode.",
    cite="Metz et al. 2017",
    player="D",
    params=(
        Param(
            "unroll",
            "unrolled D, K",
            0,
            0,
            20,
            "int",
            doc="G's cost is that of D after K more updates, differentiated through them: "
            "G sees where D would go, and stops crowding on one mode (Metz et al. 2017).",
            live=True,
            knob=4,
            typical=5,
            menu=((0, "off"), (1, "K = 1"), (5, "K = 5"), (10, "K = 10")),
        ),
        Param(
            "unroll_data",
            "unrolled on",
            "same",
            kind="choice",
            choices=("same", "fresh"),
            doc="The K updates on one minibatch, as published, or each on a fresh one.",
            live=True,
        ),
    ),
)

for _entry in (
    _unroll,
    StabiliserEntry(
        "minibatch_discrimination",
        "minibatch discrimination",
        r"o(x_i)_b = \sum_{j \ne i} e^{-\lVert M_{i,b} - M_{j,b} \rVert_1},\ M_i = f(x_i)\,T",
        "D sees how close the samples of a minibatch are to each other: a crowd on one mode "
        "gives itself away.",
        cite="Salimans et al. 2016, section 3.2",
        player="D",
        refuse=_batch_of_one,
        params=(
            Param(
                "minibatch_discrimination",
                "minibatch kernels",
                0,
                0,
                64,
                "int",
                doc="Kernels of minibatch discrimination: numbers by which D's last layer sees how "
                "close a sample is to the rest of its minibatch. 0: off.",
                knob=3,
                typical=5,
                menu=((0, "off"), (4, "4 kernels"), (8, "8 kernels"), (16, "16 kernels")),
            ),
            Param(
                "minibatch_dims",
                "dimensions of a kernel",
                3,
                1,
                16,
                "int",
                doc="Of minibatch discrimination: in so many dimensions closeness is judged.",
            ),
        ),
    ),
    StabiliserEntry(
        "packing",
        "packing",
        r"D(x_1, \dots, x_m)",
        "D judges m samples at once: of a collapsed G they are too alike to be real.",
        cite="PacGAN, Lin et al. 2018",
        player="D",
        refuse=_uneven,
        params=(
            Param(
                "packing",
                "samples in a pack",
                1,
                1,
                8,
                "int",
                doc="D judges so many samples at once (PacGAN). 1: each alone.",
                typical=2,
            ),
        ),
    ),
    StabiliserEntry(
        "d_dropout",
        "dropout in D",
        r"h \leftarrow h \odot m/(1 - p),\ m \sim \mathrm{Bernoulli}(1 - p)",
        "D is blurred: many thinned nets in one, none of them sure.",
        cite="Srivastava et al. 2014; Goodfellow et al. 2014",
        player="D",
        blurs=True,
        refuse=lambda s: None if s.d_hidden else "0 where D has no hidden layer",
        params=(
            _strength("d_dropout", "dropout in D", 0.9, 0.5, "Share of D's hidden units put out."),
        ),
    ),
    StabiliserEntry(
        "d_dropout_input",
        "dropout of D's input",
        r"x \leftarrow x \odot m/(1 - p)",
        "D misses some coordinates.",
        cite="Goodfellow et al. 2014",
        player="D",
        blurs=True,
        params=(
            _strength("d_dropout_input", "of its input", 0.9, 0.2, "Share of D's inputs put out."),
        ),
    ),
    StabiliserEntry(
        "smooth_real",
        "one-sided label smoothing",
        r"D^* = \frac{(1 - \alpha)\,p_{\rm data}}{p_{\rm data} + p_g}",
        "Real samples are labelled 1 − α: D is never sure, its optimum only rescaled.",
        cite="Salimans et al. 2016, section 3.4",
        player="D",
        refuse=_unlabelled,
        params=(_strength("smooth_real", "label smoothing α", 0.5, 0.1, "Labels of real: 1 − α."),),
    ),
    StabiliserEntry(
        "smooth_fake",
        "smoothing of the other side",
        r"D^* = \frac{(1 - \alpha)\,p_{\rm data} + \beta\,p_g}{p_{\rm data} + p_g}",
        "Fakes labelled β: where only G is, D* = β instead of 0, and G is rewarded for staying.",
        cite="Goodfellow 2016, section 4.2, why not",
        player="D",
        refuse=_unlabelled,
        params=(_strength("smooth_fake", "fake labels β", 0.5, 0.1, "Labels of fake: β."),),
    ),
    StabiliserEntry(
        "instance_noise",
        "instance noise",
        r"D(x + \sigma_t \varepsilon),\ \varepsilon \sim \mathcal{N}(0, I)",
        "D sees real and fake blurred: supports overlap, and its gradient points somewhere.",
        cite="Sønderby et al. 2017; Arjovsky & Bottou 2017",
        player="D",
        blurs=True,
        params=(
            _strength("instance_noise", "instance noise σ", 10.0, 0.3, "Noise on all that D sees."),
            Param(
                "instance_noise_decay",
                "gone after",
                0,
                0,
                1_000_000,
                "int",
                unit="iterations",
                doc="Instance noise falls linearly to 0 in so many iterations. 0: it stays.",
                numeric=True,
                live=True,
            ),
        ),
    ),
    StabiliserEntry(
        "r1",
        "R1",
        r"+\tfrac{\gamma}{2}\,\mathbb{E}_{p_{\rm data}} \lVert \nabla a(x) \rVert^2",
        "D must be flat where the data is: rotation about the equilibrium dies out.",
        cite="Mescheder et al. 2018",
        player="D",
        d_term=_r1,
        needs_input_grad=True,
        refuse=_alone,
        params=(_strength("r1", "R1, γ", 1000.0, 0.1, "Penalty on D's slope at real samples."),),
    ),
    StabiliserEntry(
        "r2",
        "R2",
        r"+\tfrac{\gamma}{2}\,\mathbb{E}_{p_g} \lVert \nabla a(x) \rVert^2",
        "The same at generated samples.",
        cite="Mescheder et al. 2018",
        player="D",
        d_term=_r2,
        needs_input_grad=True,
        refuse=_alone,
        params=(
            _strength("r2", "R2, γ", 1000.0, 0.1, "Penalty on D's slope at generated samples."),
        ),
    ),
    StabiliserEntry(
        "gradient_penalty",
        "WGAN-GP",
        r"+\lambda\,\mathbb{E}\,(\lVert \nabla a(\hat x) \rVert - 1)^2,"
        r"\ \hat x = u\,x + (1 - u)\,G(z)",
        "D's slope between real and fake is held near 1: a distance instead of a verdict.",
        cite="Gulrajani et al. 2017",
        player="D",
        d_term=_gradient_penalty,
        refuse=_alone,
        params=(
            _strength("gradient_penalty", "WGAN-GP, λ", 1000.0, 0.1, "Holds D's slope near 1."),
        ),
    ),
    StabiliserEntry(
        "weight_clip",
        "weight clipping",
        r"\theta_D \leftarrow \min(\max(\theta_D, -c), c)",
        "Bounds D's slope crudely: D gets simple, and slow.",
        cite="Arjovsky et al. 2017, Algorithm 1",
        player="D",
        params=(
            _strength(
                "weight_clip", "clip D's weights, c", 10.0, 0.1, "After each of D's updates."
            ),
        ),
    ),
    StabiliserEntry(
        "g_norm",
        "normalisation in G",
        r"h \leftarrow \gamma\,(h - \mu)/\sqrt{\sigma^2 + \epsilon} + \beta",
        "G learns faster; with batch statistics the samples of a minibatch depend on each other.",
        cite="Ioffe & Szegedy 2015; Salimans et al. 2016",
        player="G",
        refuse=_unnormal,
        params=(
            Param(
                "g_norm",
                "normalisation in G",
                "none",
                kind="choice",
                choices=NORMS,
                doc="Of the hidden layers before their activation.",
            ),
        ),
    ),
    StabiliserEntry(
        "feature_matching",
        "feature matching",
        r"\min_G \lVert \mathbb{E} f(x) - \mathbb{E} f(G(z)) \rVert_2^2",
        "G matches the mean of D's last hidden layer, not D's verdict: steady, but averages "
        "can agree while shapes do not.",
        cite="Salimans et al. 2016, section 3.1",
        player="G",
        params=(
            _strength(
                "feature_matching",
                "feature matching",
                1.0,
                1.0,
                "Its share of G's cost; 1: all of it.",
            ),
        ),
    ),
    StabiliserEntry(
        "consensus",
        "consensus optimisation",
        r"+\tfrac{\gamma}{2} \lVert v \rVert^2,\ v = (\partial_D f_D, \partial_G f_G)",
        "Both players also make the game's gradient small: it pulls towards rest points.",
        cite="Mescheder et al. 2017",
        params=(_strength("consensus", "consensus γ", 100.0, 0.1, "Of ½|v|² in both costs."),),
    ),
    StabiliserEntry(
        "historical_averaging",
        "historical averaging",
        r"+h\,\lVert \theta - \tfrac1t \textstyle\sum_i \theta[i] \rVert^2",
        "Each player is drawn to the mean of its own past: orbits spiral in, slowly.",
        cite="Salimans et al. 2016, section 3.3",
        params=(
            Param(
                "historical_averaging",
                "historical averaging h",
                0.0,
                0.0,
                10.0,
                doc="Pull of each player's own past. 0: off.",
                numeric=True,
                typical=0.1,
            ),
        ),
    ),
    StabiliserEntry(
        "gradient_clip",
        "gradient clipping",
        r"g \leftarrow g\,\min(1, c/\lVert g \rVert)",
        "No single minibatch can throw a player far.",
        cite="Pascanu et al. 2013",
        grad_term=_clipped,
        params=(
            _strength("gradient_clip", "clip gradients, c", 1000.0, 1.0, "Norm of a gradient."),
        ),
    ),
    StabiliserEntry(
        "weight_decay",
        "weight decay",
        r"g \leftarrow g + \lambda\,\theta",
        "Both nets are kept small; D cannot become steep. With AdamW it is decoupled: the weights "
        "shrink by ηλ in each update, apart from the gradient.",
        cite="torch.optim's weight_decay; Loshchilov & Hutter 2019",
        grad_term=_decayed,
        params=(_strength("weight_decay", "weight decay λ", 10.0, 0.001, "Of both players."),),
    ),
):
    STABILISERS.add(_entry)


def _idle(entry: StabiliserEntry) -> str | None:
    if entry.d_term is None and entry.grad_term is None:
        return "it has neither a d_term nor a grad_term, and no code in ganlab/engine/rules.py"
    first = entry.params[0] if entry.params else None
    if first is None or first.name != entry.name or not first.numeric or first.default != 0:
        return (
            "its first parameter must be its strength: of its name, numeric, and 0 where it is off"
        )
    return None


STABILISERS.guards.append(_idle)  # those above are known to the rules

for _rule in (
    Entry(
        "alternating",
        "alternating",
        r"\theta_D' = \theta_D - \eta\,\partial f_D(\theta_D, \theta_G),\ "
        r"\theta_G' = \theta_G - \eta\,\partial f_G(\theta_D', \theta_G)",
        "Algorithm 1: G answers the D that has just moved.",
        cite="Goodfellow et al. 2014, Algorithm 1",
    ),
    Entry(
        "simultaneous",
        "simultaneous",
        r"\theta' = \theta - \eta\,v(\theta)",
        "G answers D as it was before D's last update: on rotating games this spirals outwards.",
        cite="Mescheder et al. 2017",
    ),
    Entry(
        "extragradient",
        "extragradient",
        r"\theta' = \theta - \eta\,v(\theta - \eta\,v(\theta))",
        "Both look one update ahead and use the gradient found there: rotation is damped. An "
        "optimiser's memory takes in the second gradient alone.",
        cite="Korpelevich 1976; Gidel et al. 2019",
    ),
    Entry(
        "extra-adam",
        "ExtraAdam",
        r"m_{t-1/2} = \beta_1 m_{t-1} + (1 - \beta_1)\,v(\theta_t),\ "
        r"m_t = \beta_1 m_{t-1/2} + (1 - \beta_1)\,v(\theta_{t+1/2})",
        "As extragradient, but an optimiser's memory takes in both gradients: Adam's two moments, "
        "unbiased by the powers 2t − 1 and 2t, or momentum's velocity. The same with SGD, which "
        "has no memory; where Gidel et al. draw the second minibatch anew, both are of one.",
        cite="Gidel et al. 2019, Algorithm 4",
    ),
    Entry(
        "optimistic",
        "optimistic",
        r"\theta_{t+1} = \theta_t - 2\eta\,v_t + \eta\,v_{t-1}",
        "Both expect the other to go on as before, without a second gradient.",
        cite="Daskalakis et al. 2018",
    ),
):
    RULES.add(_rule)
RULES.closed = "a rule is code in ganlab/engine/rules.py"


def refusal(spec: Any) -> tuple[str, Any, str] | None:
    """Field, value and what is allowed, of the first combination that means nothing."""
    for name in STABILISERS:
        entry = STABILISERS[name]
        why = entry.refuse(spec) if entry.on(spec) else None
        if why is not None:
            return name, getattr(spec, name), why
    return None
