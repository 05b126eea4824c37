"""An update rule: half the gradient."""

from ganlab.update_rules import RULES, RuleEntry


def find(turn, g, d):
    found = turn.gradient(turn.player, g, d)
    return found._replace(grad=found.grad / 2)


ENTRY = RULES.add(
    RuleEntry(
        name="halved",
        title="halved",
        equation=r"\theta' = \theta - \tfrac{\eta}{2}\,v(\theta)",
        doc="Both players are half as fast: what is too fast for its rate settles.",
        find=find,
        before=False,
    )
)
