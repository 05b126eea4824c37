"""What a script must contain: the Specs of a run from its start to its end, and what they share."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from ganlab.engine.inputs import Inputs
from ganlab.engine.structure import Structure
from ganlab.events import Event, check
from ganlab.export import lines
from ganlab.export.data_lines import TARGETS
from ganlab.losses import LOSSES
from ganlab.networks import Discriminator, Generator
from ganlab.optim import OPTIMIZERS
from ganlab.params import PARAMS
from ganlab.registry import SpecError
from ganlab.spec import Spec
from ganlab.stabilisers import STABILISERS
from ganlab.update_rules import RULES

_TABLES: dict[str, Mapping[str, object]] = {
    "target": TARGETS,
    "latent": lines.LATENTS,
    "loss": lines.LOSSES,
    "rule": lines.RULES,
    "optimizer": lines.OPTIMIZERS,
    "g_activation": lines.ACTIVATIONS,
    "d_activation": lines.ACTIVATIONS,
    "g_output": lines.OUTPUTS,
    "init": lines.INITS,
}
_HOOKED = {*lines.D_TERMS, *lines.FIELD_TERMS, *lines.GRAD_TERMS, *lines.KEEPS, "weight_clip"}
_IN_NETS = {"unroll", "minibatch_discrimination", "packing", "d_dropout", "d_dropout_input"}
_IN_NETS |= {"smooth_real", "smooth_fake", "instance_noise", "d_norm", "g_norm", "feature_matching"}
_IN_NETS |= {"augmentation"}


class Plan:
    """A run's Specs: `first`, and `phases`, one from each change on.

    Raises `SpecError` if the run uses what a script without ganlab cannot.
    """

    def __init__(self, spec: Spec, events: Sequence[Event] | str = ()):
        self.first = spec
        self.events = check(events, (spec,))
        self.phases = [spec]
        for event in self.events:
            if event.fields:
                self.phases.append(event.of(self.phases[-1]))
        self._refuse()
        self.inputs = [Inputs(Structure.of(s)) for s in self.phases]
        self.constants: dict[str, Callable[[Spec], Any]] = {}

    def _refuse(self) -> None:
        for phase in self.phases:
            if phase.outside:
                raise SpecError("script", phase.outside[0], _SCRIPT_OF_OURS)
            if phase.labels:
                why = "no: a script does not draw labels"
                raise SpecError("conditional", phase.conditional, why)
            if phase.classes:
                raise SpecError("few_labels", phase.few_labels, "0: a script has no classes")
            for field, table in _TABLES.items():
                if getattr(phase, field) not in table:
                    why = (
                        "drawn data: images are read by ganlab"
                        if not phase.domain.drawn
                        else _SCRIPT_OF_OURS
                    )
                    raise SpecError(field, getattr(phase, field), why)
            for name in phase.stabilisers:
                if name not in _HOOKED | _IN_NETS:
                    raise SpecError("script", name, _SCRIPT_OF_OURS)
        both = {(s.d_dropout > 0, s.d_dropout_input > 0) for s in self.phases}
        if len(both - {(False, False)}) > 1:
            allowed = "events that leave both kinds of dropout on or off, in a script"
            raise SpecError("d_dropout_input", self.phases[-1].d_dropout_input, allowed)

    # -- questions of the parts --------------------------------------------------------------------

    def ever(self, name: str) -> bool:
        """Whether a stabiliser is on in some phase."""
        return any(STABILISERS[name].on(s) for s in self.phases)

    def switched(self, name: str) -> bool:
        """Whether a stabiliser is on in some phases only."""
        return self.ever(name) and not all(STABILISERS[name].on(s) for s in self.phases)

    def values(self, name: str) -> list[Any]:
        """The values of a field in the phases, each once."""
        return list(dict.fromkeys(getattr(s, name) for s in self.phases))

    def uses(self, name: str, value: Any) -> bool:
        """Whether a field has a value in some phase."""
        return value in self.values(name)

    @cached_property
    def rules(self) -> list[str]:
        """The names of the update rules."""
        return self.values("rule")

    @property
    def before(self) -> bool:
        """Whether a G update uses D before its last one."""
        return any(RULES[name].before for name in self.rules)

    @property
    def direction(self) -> bool:
        """Whether a rule combines gradients."""
        return any(RULES[name].find is not None for name in self.rules)

    @property
    def field(self) -> bool:
        """Whether a cost contains both players' gradients."""
        return any(self.ever(name) for name in lines.FIELD_TERMS)

    @property
    def through_g(self) -> bool:
        """Whether D's cost is differentiated in G's weights."""
        return self.field or self.ever("unroll") or bool({"sga", "cgd"} & set(self.rules))

    @property
    def needs_kept(self) -> bool:
        """Whether an update needs more than its own player's slots and number."""
        plain = {"alternating", "simultaneous", "optimistic"} >= set(self.rules)
        return self.ever("unroll") or not plain

    @property
    def real_in_g(self) -> bool:
        """Whether G's cost itself uses real samples."""
        return self.ever("feature_matching") or self.compares

    @property
    def compares(self) -> bool:
        """Whether the loss of G uses D's logits of real samples."""
        return self.joint or any(LOSSES[name].g_sees_real for name in self.values("loss"))

    @property
    def joint(self) -> bool:
        """Whether D judges pairs (x, z)."""
        return self.first.inference == "joint"

    @property
    def regression(self) -> bool:
        """Whether an encoder learns beside the game."""
        return self.first.inference == "regression"

    @property
    def to_optimum(self) -> bool:
        """Whether an update of D trains it to its optimum in some phase."""
        return any(self.values("d_to_optimum")) and self.d_plays

    @property
    def d_plays(self) -> bool:
        """Whether D's cost is used at all."""
        by_hand = any(e.player == "D" for e in self.events)
        return self.values("k") != [0] or by_hand or self.through_g or self.needs_kept

    @property
    def dropped(self) -> bool:
        """Whether D has dropout."""
        return self.ever("d_dropout") or self.ever("d_dropout_input")

    @property
    def shaped(self) -> list[str]:
        """The stabilisers that change gradients, in the order of the registry."""
        decays = OPTIMIZERS[self.first.optimizer].decays
        found = [n for n in lines.GRAD_TERMS if self.ever(n)]
        return [n for n in found if not (n == "weight_decay" and decays)]

    @property
    def G(self) -> Generator:
        """The generator."""
        return self.inputs[0].G

    @property
    def D(self) -> Discriminator:
        """The discriminator."""
        most = max(self.inputs, key=lambda i: len(i.D.droppable))
        return most.D

    @cached_property
    def level(self) -> list[bool]:
        """Whether D's last bias learns, in the phases, each value once."""
        return list(dict.fromkeys(i.D.level for i in self.inputs))

    # -- texts -------------------------------------------------------------------------------------

    def text(self, text: str) -> str:
        """Lines with the helpers that this run needs; their fields become constants."""
        schedule, adam = self.first.lr_decay > 0, self.first.optimizer in ("adam", "adamw")
        rate = r"rate(\1, \2)" if schedule else r"RATES[\1]"
        text = re.sub(r"\bRATE\((\w+), (r\[\"t\"\]\[\w+\]|\w+)\)", rate, text)
        text = text.replace("COUNT", "2 * t - 1" if adam else "t")
        clip = r"bounded(\1, \2)" if self.ever("weight_clip") else r"\2"
        text = re.sub(r"\bBOUNDED\((\w+), ([\w\[\]]+)\)", clip, text)
        shaped = r"shaped(\1, \2, \3)" if self.shaped else r"\2"
        text = re.sub(r"\bSHAPED\((\w+), (\w+), ([\w\[\]]+)\)", shaped, text)
        if "RATES[" in text:
            self.constants["RATES"] = lambda s: {"D": s.d_lr, "G": s.g_lr}
        for word in re.findall(r"\b[A-Z][A-Z0-9_]*\b", text):
            self._constant(word)
        return text

    def _constant(self, word: str) -> None:
        name = word.lower()
        if word in ("BETA1", "BETA2"):
            at = int(word[-1]) - 1
            self.constants[word] = lambda s: s.betas[at]
        elif word == "LOOKAHEAD_EVERY":
            self.constants[word] = lambda s: {
                "D": max(s.lookahead * s.k, 1),
                "G": max(s.lookahead * s.g_steps, 1),
            }
        elif name in PARAMS:
            self.constants[word] = lambda s: getattr(s, name)

    def guarded(self, name: str, text: str) -> str:
        """Lines of a stabiliser, under a condition if it is on in some phases only."""
        if not self.switched(name):
            return self.text(text)
        self.text(name.upper())
        return f"if {name.upper()}:\n" + indent(self.text(text))

    def chosen(self, field: str, of: Callable[[str], str], target: str) -> str:
        """`target = of(value)`, for the value of a field that may change between phases."""
        values = self.values(field)
        if len(values) == 1:
            return f"{target}{of(values[0])}"
        self.text(field.upper())
        out = []
        for value in values:
            word = "if" if value == values[0] else "elif"
            out += [f"{word} {field.upper()} == {literal(value)}:", f"    {target}{of(value)}"]
        return "\n".join(out)


_SCRIPT_OF_OURS = "a variant of ganlab itself: others are code that a plain script does not have"


def indent(text: str, by: int = 4) -> str:
    """The lines, indented."""
    return "\n".join(" " * by + line if line else line for line in text.splitlines())


def literal(value: Any) -> str:
    """A value as Python, with double quotes."""
    return repr(value).replace("'", '"')
