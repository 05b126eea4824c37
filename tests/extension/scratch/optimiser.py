"""An optimiser: softsign, with a field of its own."""

from ganlab.optim import OPTIMIZERS, OptimizerEntry
from ganlab.registry import Param


def numbers(t, hyper):
    return hyper.lr, hyper.own["softness"]


def apply(grad, slots, params, lr, softness):
    return params - lr * grad / (grad.abs() + softness), slots


ENTRY = OPTIMIZERS.add(
    OptimizerEntry(
        name="softsign",
        title="softsign",
        equation=r"\theta \leftarrow \theta - \eta\,g/(|g| + \epsilon)",
        doc="The sign of the gradient where it is large, the gradient where it is small.",
        params=(
            Param(
                "softness",
                "softness ε",
                0.1,
                0.001,
                10.0,
                doc="Gradients below it are taken as they are.",
                numeric=True,
            ),
        ),
        numbers=numbers,
        apply=apply,
    )
)
