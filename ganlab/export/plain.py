"""A run as one plain PyTorch script that does not import ganlab, and makes the same updates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ganlab.events import Event
from ganlab.export import costs, draws, inference, nets, play
from ganlab.export.plan import Plan, literal
from ganlab.losses import LOSSES
from ganlab.optim import OPTIMIZERS
from ganlab.spec import Spec
from ganlab.stabilisers import STABILISERS
from ganlab.targets import TARGETS
from ganlab.update_rules import RULES


def script(spec: Spec, iterations: int, events: Sequence[Event] | str = ()) -> str:
    """A run of `spec` with these events, as a script that needs torch alone.

    It contains only what the run uses, and makes the same updates up to rounding; with
    `DTYPE = torch.float64` they agree to some twelve digits. At its end `weights["G"]` and
    `weights["D"]` are the parameters, in the order of `Run.state`. Raises `SpecError` for images,
    and for variants from outside of ganlab, of which a plain script has no code.
    """
    plan = Plan(spec, events)
    of_d = costs.symbols(plan) + costs.of_d(plan)
    if plan.ever("unroll"):
        of_d += [costs.unrolled(plan)]
    sections = {
        "The data and the latents": draws.laws(plan),
        "The nets: all weights of a net are one vector": [
            *nets.helpers(plan),
            nets.all_shapes(plan),
            nets.generator(plan),
            *nets.encoder(plan),
            nets.discriminator(plan),
        ],
        "The game: w are the weights of both, r the random numbers of an update": [
            *inference.pairs(plan),
            *of_d,
            *inference.e_cost(plan),
            costs.g_cost(plan),
            *play.optimiser(plan),
            *play.gradient(plan),
            *play.to_optimum(plan),
            play.update(plan),
        ],
        "Random numbers: those of ganlab, a function of the seed": draws.numbers(plan),
        "Algorithm 1": [*nets.starts(plan), play.kept(plan), _loop(plan), plan.text(_end(plan))],
    }
    titled = [f"# {title}.\n" + "\n".join(parts) for title, parts in sections.items()]
    body = "\n".join(titled)
    constants = _constants(plan, iterations, body)
    text = "\n\n".join([_head(plan), _imports(body), constants, body])
    text = re.sub(r"\n{3,}", "\n\n", text).replace("+ -", "- ")
    return text.rstrip("\n") + "\n"


def _head(plan: Plan) -> str:
    first = plan.first
    on = [STABILISERS[name].title for name in first.stabilisers]
    words = [
        f"p_data: {TARGETS[first.target].title}",
        f"loss: {LOSSES[first.loss].title}",
        f"{OPTIMIZERS[first.optimizer].title}, {RULES[first.rule].title} updates",
        *on,
    ]
    return "\n".join(
        [
            '"""A GAN in plain PyTorch: the same run as in ganlab, which it does not import.',
            "",
            f"{'; '.join(words)}.",
            "Algorithm 1 of Goodfellow et al. (2014): k updates of D, then G's.",
            '"""',
        ]
    )


def _imports(text: str) -> str:
    out = [n for n in ("base64", "functools", "itertools", "math", "zlib") if f"{n}." in text]
    used = [n for n in ("elu", "leaky_relu", "softplus") if re.search(rf"\b{n}\(", text)]
    lines = [*(f"import {n}" for n in out), "", "import torch"]
    return "\n".join([*lines, *[f"from torch.nn.functional import {', '.join(used)}"] * bool(used)])


def _values(plan: Plan, spec: Spec) -> dict[str, Any]:
    return {name: value(spec) for name, value in plan.constants.items()}


def _constants(plan: Plan, iterations: int, text: str) -> str:
    plan.text("SEED BATCH")
    values = {n: v for n, v in _values(plan, plan.first).items() if re.search(rf"\b{n}\b", text)}
    lines = ["DTYPE = torch.float32  # ganlab's; with torch.float64 rounding is negligible"]
    values = {"ITERATIONS": iterations, **values}
    first = ("ITERATIONS", "SEED", "BATCH", "K", "G_STEPS")
    together = [n for n in first if n in values]
    given = ", ".join(literal(values[n]) for n in together)
    lines += [f"{', '.join(together)} = {given}"]
    betas = [n for n in ("BETA1", "BETA2") if n in values]
    if len(betas) == 2:
        lines += [f"BETA1, BETA2 = {values.pop('BETA1')}, {values.pop('BETA2')}"]
    rest = [n for n in values if n not in first]
    return "\n".join(lines + [f"{name} = {literal(values[name])}" for name in rest])


def _changes(plan: Plan) -> tuple[dict[int, dict[str, Any]], dict[int, str]]:
    """By the number of updates before them: new values of constants, and players out of turn."""
    changes: dict[int, dict[str, Any]] = {}
    by_hand: dict[int, str] = {}
    phase = 0
    for event in plan.events:
        if event.player:
            by_hand[event.at] = event.player
            continue
        old, new = (_values(plan, s) for s in plan.phases[phase : phase + 2])
        phase += 1
        changes.setdefault(event.at, {}).update({n: new[n] for n in new if new[n] != old[n]})
    return changes, by_hand


def _loop(plan: Plan) -> str:
    """Algorithm 1."""
    steps = plan.first.g_steps
    if not plan.events:
        plan.text("K" + " G_STEPS" * (steps > 1))
        lines = ["for iteration in range(ITERATIONS):"]
        if plan.first.k:
            lines += ["    for _ in range(K):", '        update("D")']
        lines += ["    for _ in range(G_STEPS):", '        update("G")'] if steps > 1 else []
        lines += ['    update("G")'] if steps == 1 else []
        if not plan.first.k:
            plan.constants.pop("K")
        return "\n".join([*lines, ""])
    plan.text("K G_STEPS")
    changes, by_hand = _changes(plan)
    out = []
    if changes:
        out += ["# Changes during the run, by the number of updates before them.", "CHANGES = {"]
        rows = [", ".join(f"{n}={literal(v)}" for n, v in row.items()) for row in changes.values()]
        out += [f"    {at}: dict({row})," for at, row in zip(changes, rows, strict=True)] + ["}"]
    if by_hand:
        out += ["# Updates out of turn.", f"BY_HAND = {literal(by_hand)}"]
    out += ["", 'iteration, phase = 0, {"D": 0, "G": 0}  # updates in this iteration']
    out += ["while iteration < ITERATIONS:", '    n = made["D"] + made["G"]']
    if changes:
        out += _apply(plan)
    turn = '"D" if phase["D"] < K and not phase["G"] else "G"'
    out += [f"    player = BY_HAND.get(n) or ({turn})" if by_hand else f"    player = {turn}"]
    out += ["    update(player)", "    phase[player] += 1", '    if phase["G"] >= G_STEPS:']
    out += ['        iteration, phase = iteration + 1, {"D": 0, "G": 0}']
    return "\n".join([*out, ""])


def _apply(plan: Plan) -> list[str]:
    """The lines that make the changes that are due."""
    fresh = {}  # what starts anew: the condition before, and the lines
    if plan.switched("lookahead"):
        fresh["LOOKAHEAD"] = ("not LOOKAHEAD", "LOOKAHEAD", "slow.update(weights)")
    if len(plan.rules) > 1 and plan.before and "alternating" in plan.rules:
        new = 'before.update(D=weights["D"], slots=slots["D"])'
        fresh["before"] = ('RULE == "alternating"', 'RULE != "alternating"', new)
    if len(plan.rules) > 1 and "optimistic" in plan.rules:
        new = 'last.update({p: torch.zeros_like(last[p]) for p in "DG"})'
        fresh["last"] = ('RULE != "optimistic"', 'RULE == "optimistic"', new)
    out = []
    if fresh:
        out += [f"    was = ({', '.join(w for w, _, _ in fresh.values())},)"]
    out += ["    globals().update(CHANGES.pop(n, {}))"]
    for i, (_, now, new) in enumerate(fresh.values()):
        out += [f"    if was[{i}] and {now}:", f"        {new}"]
    if len(plan.values("g_steps")) > 1:
        out += ['    if phase["G"] >= G_STEPS:  # G has already made its share']
        out += ['        iteration, phase = iteration + 1, {"D": 0, "G": 0}', "        continue"]
    return out


def _end(plan: Plan) -> str:
    law = "LATENTS" if plan.first.latent_points else None
    z = f"{law}" if law else f"latents(10_000, {plan.first.latent_dim}, torch.Generator())"
    if letters := plan.first.letters:
        return f"""\
a = G(weights["G"], {z}.to(DTYPE)).unflatten(1, (-1, {letters}))
print("G's mean probability of each letter at each position:", a.softmax(2).mean(0).tolist())
"""
    return f"""\
x = G(weights["G"], {z}.to(DTYPE))
print("p_g: mean", x.mean(0).tolist(), "standard deviation", x.std(0).tolist())
"""
