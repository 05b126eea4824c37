"""The lines of an exported script about an encoder: pairs (x, z), and its cost."""

from __future__ import annotations

from ganlab.export.lines import LOSSES as LINES
from ganlab.export.plan import Plan
from ganlab.losses import LOSSES

_PAIRS = '''\
def real_pairs(w, r):
    """Data x beside the latents that E infers from them."""
    return torch.cat([r["data"], E(w["G"], r["data"])], 1)


def made_pairs(w, r):
    """G's samples beside their latents."""
    return torch.cat([G(w["G"], r["latent"]), r["latent"]], 1)
'''
_E_COST = '''\
def e_cost(w, r):
    """E's cost: it predicts latents from G's samples, which have no part in the gradient."""
    x = G(w["G"], r["latent"]).detach()
    return ((E(w["G"], x) - r["latent"]) ** 2).sum(1).mean()
'''


def pairs(plan: Plan) -> list[str]:
    """The functions that make pairs (x, z), if D judges them."""
    return [_PAIRS] if plan.joint else []


def e_cost(plan: Plan) -> list[str]:
    """The function e_cost(w, r), if an encoder learns beside the game."""
    return [_E_COST] if plan.regression else []


def _mirrored(loss: str) -> bool:
    """Whether E's cost in joint inference is G's with mirrored outputs: see `LossEntry.jointly`."""
    return not (LOSSES[loss].g_sees_real or LOSSES[loss].zero_sum)


def mirror(plan: Plan) -> list[str]:
    """The line that mirrors D's outputs for E's pairs, if a loss needs it."""
    if not plan.joint or not any(map(_mirrored, plan.values("loss"))):
        return []
    of = {name: LOSSES[name].mirror for name in plan.values("loss")}
    text = plan.chosen("loss", lambda name: f"{of[name]:g} - a_real".removeprefix("0 "), "other = ")
    return [text.replace("= - a", "= -a") + "  # as if E's pairs were G's"]


def g_loss(plan: Plan, name: str) -> str:
    """The expression of G's cost by a loss, which is also E's in joint inference."""
    g = LINES[name].g
    if not plan.joint or LOSSES[name].g_sees_real:
        return g
    if not _mirrored(name):
        return f"-({LINES[name].d})"
    return f"{g} + {g.replace('a_fake', 'other')}"
