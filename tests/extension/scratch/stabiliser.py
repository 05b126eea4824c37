"""A stabiliser with two fields, which keeps D's logits near a value."""

from ganlab.registry import Param
from ganlab.stabilisers import STABILISERS, Judged, StabiliserEntry, over


def d_term(judged: Judged, weight, at):
    apart = [((x - over(at, x)) ** 2).mean(1) for x in (judged.real_logits, judged.fake_logits)]
    return over(weight, apart[0]) * (apart[0] + apart[1])


ENTRY = STABILISERS.add(
    StabiliserEntry(
        name="anchor",
        title="anchored logits",
        equation=r"+w\,\mathbb{E}\,(a(x) - c)^2",
        doc="D is never far from one value, so it is never sure.",
        player="D",
        d_term=d_term,
        params=(
            Param(
                "anchor",
                "anchor w",
                0.0,
                0.0,
                100.0,
                doc="Pull of D's logits. 0: off.",
                numeric=True,
                live=True,
                typical=0.5,
            ),
            Param(
                "anchor_at",
                "anchored at c",
                0.0,
                -5.0,
                5.0,
                doc="Where D's logits are pulled to.",
                numeric=True,
                live=True,
            ),
        ),
    )
)
