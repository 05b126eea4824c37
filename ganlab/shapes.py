"""What several fields of a Spec determine together: the space of x, the sizes of both nets."""

from __future__ import annotations

from dataclasses import dataclass

from ganlab.domains import Domain, domain_of
from ganlab.estimators import ESTIMATORS
from ganlab.fields import Fields
from ganlab.languages import _
from ganlab.latents import LATENTS, LatentEntry, given
from ganlab.losses import LOSSES
from ganlab.networks import MLP
from ganlab.params import PARAMS
from ganlab.registry import SpecError
from ganlab.stabilisers import STABILISERS
from ganlab.targets import TARGETS, Target
from ganlab.targets.symbols import Symbols
from ganlab.update_rules import RULES

_NOT_WITH_CLASSES = (
    "packing",
    "minibatch_discrimination",
    "d_norm",
    "unroll",
    "gradient_clip",
    "weight_clip",
    "consensus",
    "ode_regulariser",
)

_NOT_WITH_REGRESSION = ("gradient_clip", "consensus", "ode_regulariser")


@dataclass(frozen=True, kw_only=True)
class Shapes(Fields):
    """The fields with the shapes that follow from them, and a check that they go together."""

    @property
    def g_sizes(self) -> tuple[int, ...]:
        """Widths of G's layers. The first is its input: z, and the label if there are labels."""
        return (self.latent_dim + self.labels, *self.g_hidden, self.dim)

    @property
    def d_sizes(self) -> tuple[int, ...]:
        """Widths of D's layers. The first is its input: a pack of x, with z and labels if any."""
        z = self.latent_dim if self.inference == "joint" else 0
        return ((self.dim + z + self.labels) * self.packing, *self.d_hidden, self.classes or 1)

    @property
    def e_sizes(self) -> tuple[int, ...]:
        """Widths of E's layers, from x, and the label if there are labels, to z; () without E."""
        if self.inference == "none":
            return ()
        return (self.dim + self.labels, *reversed(self.g_hidden), self.latent_dim)

    @property
    def classes(self) -> int:
        """The number of labels that D learns from a few labelled points; 0 if it does not."""
        return self.built.labels if self.few_labels else 0

    @property
    def dim(self) -> int:
        """The dimension of x: 1, 2, the number of pixels, or of letters at all positions."""
        return self.axes or self.built.dim

    @property
    def axes(self) -> int:
        """The dimension of x as its target's entry says it: 1, 2, many, or 0 for symbols.

        It names the lab that shows the run.
        """
        return TARGETS[self.target].dim

    @property
    def letters(self) -> int:
        """The number of letters at each position; 0 if x are not symbols."""
        if self.axes:
            return 0
        target = self.built
        return len(target.alphabet) if isinstance(target, Symbols) else 0

    @property
    def p_z(self) -> LatentEntry:
        """The distribution of z: the entry of `LATENTS`, or that of the given points."""
        return given(self.latent_points) if self.latent_points else LATENTS[self.latent]

    @property
    def domain(self) -> Domain:
        """The space of x."""
        return domain_of(self.axes)

    @property
    def built(self) -> Target:
        """The target with its parameters."""
        raise NotImplementedError

    @property
    def labels(self) -> int:
        """The number of labels that G and D are given; 0 if none."""
        if self.conditional == "no":
            return 0
        return self.built.labels

    @property
    def label_weights(self) -> tuple[float, ...]:
        """p(label), if G and D are given labels; those of images count as equally likely."""
        if self.conditional == "no":
            return ()
        target = self.built
        if target.parts is None:
            return (1 / target.labels,) * target.labels
        return tuple(target.parts.weights.tolist())

    def check_together(self) -> None:
        """Raise `SpecError` if the values of several fields do not go together."""
        widest = self.domain.widest
        for name in ("g_hidden", "d_hidden"):
            if max(getattr(self, name), default=0) > widest:
                allowed = _(
                    "widths of at most {widest} with {title} as p_data",
                    widest=widest,
                    title=TARGETS[self.target].title,
                )
                raise SpecError(name, getattr(self, name), allowed)
        if self.g_output == "sigmoid" and not TARGETS[self.target].unit:
            allowed = _(
                "linear: {title} is not limited to [0, 1]", title=TARGETS[self.target].title
            )
            raise SpecError("g_output", "sigmoid", allowed)
        if self.conditional == "yes" and not self.labels:
            lone = _("with a single mode ") if TARGETS[self.target].labelled else ""
            allowed = _(
                "no: {title} {lone}has no labels", title=TARGETS[self.target].title, lone=lone
            )
            raise SpecError("conditional", "yes", allowed)
        if self.conditional == "yes" and self.latent_points:
            raise SpecError("latent_points", self.latent_points, _("empty with labels"))
        if self.data_size == 1:
            raise SpecError("data_size", 1, _("0, or at least 2 points"))
        if self.data_size and TARGETS[self.target].finite:
            allowed = _(
                "0: {title} is a finite set of points already", title=TARGETS[self.target].title
            )
            raise SpecError("data_size", self.data_size, allowed)
        if self.balanced == "yes" and (why := self._not_balanced()) is not None:
            raise SpecError("balanced", "yes", _("no {why}", why=why))
        if self.latent_points and self.latent_dim > 1:
            raise SpecError(
                "latent_points", self.latent_points, _("empty unless z has one dimension")
            )
        if self.g_bias == "alone" and self.weight_decay:
            # A decay would change the weights, which must keep their values.
            raise SpecError("weight_decay", self.weight_decay, _("0 if only G's biases learn"))
        if self.few_labels and (why := self._not_classes()) is not None:
            raise SpecError("few_labels", self.few_labels, f"0 {why}")
        if self.inference != "none" and (why := self._not_inferred()) is not None:
            raise SpecError("inference", self.inference, why)
        self._check_starts()
        if not self.axes:
            self._check_symbols()
        if self.d_to_optimum and (why := self._not_to_optimum()) is not None:
            raise SpecError("d_to_optimum", self.d_to_optimum, f"0 {why}")
        if self.g_steps > 1 and self.rule != "alternating":
            raise SpecError(
                "g_steps", self.g_steps, _("1 with {title} updates", title=RULES[self.rule].title)
            )
        if not -0.95 <= self.momentum + self.momentum_rise <= 0.99:
            allowed = _(
                "a rise that keeps momentum {momentum:g} between -0.95 and 0.99",
                momentum=self.momentum,
            )
            raise SpecError("momentum_rise", self.momentum_rise, allowed)

    def _check_symbols(self) -> None:
        entry = ESTIMATORS[self.estimator]
        if self.packing > 1 or self.minibatch_discrimination or self.d_norm == "batch":
            name = "packing" if self.packing > 1 else "minibatch_discrimination"
            name = name if getattr(self, name) != 1 and self.d_norm != "batch" else "d_norm"
            raise SpecError(name, getattr(self, name), _("off with symbols: D judges each alone"))
        if not entry.scored:
            return
        loss, rule = LOSSES[self.loss], RULES[self.rule]
        each = _("each symbol must have a cost of its own")
        if loss.g_sees_real:
            raise SpecError(
                "loss", self.loss, _("one without real samples with REINFORCE: {each}", each=each)
            )
        if self.feature_matching:
            raise SpecError(
                "feature_matching", self.feature_matching, _("0 with REINFORCE: {each}", each=each)
            )
        if self.unroll:
            allowed = _("0 with REINFORCE, which does not differentiate D in x")
            raise SpecError("unroll", self.unroll, allowed)
        if self.g_norm == "batch":
            raise SpecError("g_norm", self.g_norm, _("another with REINFORCE: z must count alone"))
        if self.baseline == "batch" and self.batch < 2:
            raise SpecError("batch", self.batch, _("at least 2 with a baseline"))
        first_order = _("one that takes no second derivatives with REINFORCE")
        if rule.name in ("sga", "cgd"):
            raise SpecError("rule", self.rule, first_order)
        for name in STABILISERS:
            if STABILISERS[name].field_term is not None and STABILISERS[name].on(self):
                raise SpecError(
                    name,
                    getattr(self, name),
                    _("0 with REINFORCE: {first_order}", first_order=first_order[9:]),
                )

    def _not_balanced(self) -> str | None:
        """Why minibatches cannot have fixed numbers of samples of each mode, or None."""
        if not self.built.balances:
            return _("unless p_data is a mixture of several Gaussians")
        if self.data_size:
            return _("with a finite set of data, all of which an epoch shows once")
        if self.packing > 1:
            return _("with packing: the samples of a pack must be independent")
        return None

    def _not_to_optimum(self) -> str | None:
        """Why D has no optimum that can be found, or None."""
        if not self.domain.drawn:
            return _("with images, for which it would take too long")
        if LOSSES[self.loss].optimal is None:
            return _(
                "with the loss {title}, whose optimal D is not known", title=LOSSES[self.loss].title
            )
        if self.rule != "alternating":
            return _(
                "with {title} updates, which are gradient steps of both",
                title=RULES[self.rule].title,
            )
        if self.g_norm != "none":
            return _("with a normalisation in G")
        for name in STABILISERS:
            entry = STABILISERS[name]
            changes = entry.grad_term or entry.field_term or entry.project or "D" in entry.keeps
            if (changes or name == "unroll") and entry.on(self):
                return _("with {title}, which changes D's steps", title=entry.title)
        return None

    def _not_classes(self) -> str | None:
        """Why D cannot learn the labels of a few points, or None."""
        if not self.domain.drawn:
            return _("with images")
        if not self.classes:
            return _("with {title}, which has no labels", title=TARGETS[self.target].title)
        if self.conditional == "yes":
            return _("if D is told all labels")
        if LOSSES[self.loss].shift_invariant:
            return _(
                "with the loss {title}, for which D's level means nothing",
                title=LOSSES[self.loss].title,
            )
        if self.d_start:
            return _("with given first values of D")
        if self.d_to_optimum:
            return _("if D is trained to its optimum")
        for name in _NOT_WITH_CLASSES:
            if STABILISERS[name].on(self):
                return _(
                    "with {title}, which D and the net beside it would share",
                    title=STABILISERS[name].title,
                )
        return None

    def _not_inferred(self) -> str | None:
        """What is allowed in place of this inference, and why; or None."""
        if self.axes not in (1, 2):
            return _(
                "none with {title}: x must be numbers in 1-D or 2-D",
                title=TARGETS[self.target].title,
            )
        if self.latent_points:
            return _("none with given latents: E infers z from a distribution")
        if self.inference == "joint":
            if self.few_labels:
                return _("none or regression with labelled points, which have no z")
            if self.d_to_optimum:
                return _("none or regression with D at its optimum: a D of pairs (x, z) has none")
            return None
        if self.rule in ("sga", "cgd"):
            return _(
                "none or joint with {title} updates, which E would influence",
                title=RULES[self.rule].title,
            )
        for name in _NOT_WITH_REGRESSION:
            if STABILISERS[name].on(self):
                return _(
                    "none or joint with {title}, which E would influence",
                    title=STABILISERS[name].title,
                )
        return None

    def _check_starts(self) -> None:
        g = MLP(self.g_sizes, self.g_activation, bias=self.g_bias != "no")
        d = MLP(self.d_sizes, self.d_activation, bias=self.d_bias == "yes")
        if self.g_start and self.g_norm != "none":
            raise SpecError("g_start", self.g_start, _("empty with a normalisation in G"))
        if self.d_start and self.minibatch_discrimination:
            raise SpecError("d_start", self.d_start, _("empty with minibatch discrimination"))
        if self.d_start and self.d_norm == "batch":
            raise SpecError("d_start", self.d_start, _("empty with batch norm in D"))
        for name, net in (("g_start", g), ("d_start", d)):
            given, most = getattr(self, name), PARAMS[name].longest
            if not given or len(given) == net.given_size:
                continue
            allowed = _(
                "{given_size} numbers, one for each weight and bias, or empty",
                given_size=net.given_size,
            )
            if net.given_size > most:
                allowed = _(
                    "empty: the net has {given_size:,} weights and biases, above {most}",
                    given_size=net.given_size,
                    most=most,
                )
            raise SpecError(name, given, allowed)
