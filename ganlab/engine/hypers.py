"""The numbers of a Game: learning rates and other settings of the optimisers, and strengths."""

from __future__ import annotations

from collections.abc import Callable

from ganlab.engine.structure import Structure
from ganlab.optim import OPTIMIZERS, Hyper, Number
from ganlab.spec import Spec
from ganlab.stabilisers import STABILISERS

# D's and G's Hyper, and the strengths by name.
Numbers = tuple[Hyper, Hyper, dict[str, Number]]


def hypers(specs: tuple[Spec, ...], number: Callable[[list[float]], Number]) -> Numbers:
    """D's and G's Hyper, and the strengths by name; `number` combines the values of the runs."""

    def of(name: str) -> Number:
        return number([getattr(s, name) for s in specs])

    beta1, beta2 = (number([s.betas[i] for s in specs]) for i in (0, 1))
    plan = {
        "decay": of("lr_decay"),
        "floor": of("lr_floor"),
        "rise": of("momentum_rise"),
        "ramp": of("momentum_ramp"),
    }
    own = {name: of(name) for name in OPTIMIZERS[specs[0].optimizer].own}
    if OPTIMIZERS[specs[0].optimizer].decays:
        plan["weight_decay"] = of("weight_decay")
    d_hyper, g_hyper = (
        Hyper(of(rate), beta1, beta2, of("momentum"), own=own, **plan) for rate in ("d_lr", "g_lr")
    )
    structure = Structure.of(specs[0])
    strengths = {name: of(name) for name in structure.numbers}
    for entry in (STABILISERS[name] for name in structure.strengths):
        strengths |= {n: number([read(s) for s in specs]) for n, read in entry.extra.items()}
    if structure.beside:
        strengths["e_rate"] = number([spec.e_lr / spec.g_lr for spec in specs])
    return d_hyper, g_hyper, strengths
