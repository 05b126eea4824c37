"""The lines of an exported script that update the players: optimiser, update rule, what is kept."""

from __future__ import annotations

import re

from ganlab.engine.optimum import EVALUATIONS, HISTORY, SAMPLES
from ganlab.export.lines import FIELD_TERMS, GRAD_TERMS, KEEPS, KEPT, OPTIMIZERS, RULES
from ganlab.export.plan import Plan, indent
from ganlab.optim import OPTIMIZERS as OPTIMISERS

_SQRT = '''\
def sqrt(v):
    """The square root, with the derivative 0 at 0."""
    return torch.where(v > 0, torch.where(v > 0, v, 1.0).sqrt(), 0.0)
'''
_TO_OPTIMUM = f'''\
def to_optimum():
    """D trained to its optimum, on minibatches that are the same in every update."""
    some = [draws("D", n) for n in range(-(-{SAMPLES} // BATCH))]
    some = [{{name: x.double() for name, x in r.items()}} for r in some]
    d, g = weights["D"].detach().double().requires_grad_(), weights["G"].detach().double()
    search = torch.optim.LBFGS(
        [d],
        max_iter={EVALUATIONS},
        max_eval={EVALUATIONS},
        tolerance_grad=D_TO_OPTIMUM,
        tolerance_change=0.0,
        history_size={HISTORY},
        line_search_fn="strong_wolfe",
    )

    def cost():
        search.zero_grad()
        value = sum(d_cost({{"D": d, "G": g}}, r) for r in some) / len(some)
        value.backward()
        return value

    search.step(cost)
    weights["D"] = d.detach().to(DTYPE)
'''


def optimiser(plan: Plan) -> list[str]:
    """The function step(params, grad, kept, t, lr), and what it calls."""
    first, out = plan.first, []
    text = OPTIMIZERS[first.optimizer]
    if first.optimizer == "adamw" and not plan.ever("weight_decay"):
        text = OPTIMIZERS["adam"]
    if "sqrt(" in text:
        if plan.ever("unroll"):
            out += [_SQRT]
        else:
            text = re.sub(r"\bsqrt\(", "torch.sqrt(", text)
    if "MOMENTUM" in text and first.momentum_rise:
        now = "momentum = MOMENTUM + MOMENTUM_RISE * min(1, (t - 1) / MOMENTUM_RAMP)\n"
        text = now + text.replace("MOMENTUM", "momentum")
    if first.lr_decay:
        rate = 'def rate(player, t):\n    """The learning rate of update number t."""\n'
        low = "LR_FLOOR" if first.lr_floor else "0"
        made = f"    return max({low}, RATES[player] * (1 + LR_DECAY) ** (1 - t))\n"
        out += [
            plan.text(rate + made.replace("max(0, ", "(") if not first.lr_floor else rate + made)
        ]
    title = OPTIMISERS[first.optimizer].title
    words = f'    """Step number t of {title}: the new weights, and what it keeps."""'
    out += [plan.text(f"def step(params, grad, kept, t, lr):\n{words}\n{indent(text)}\n")]
    if plan.ever("weight_clip"):
        guard = " and WEIGHT_CLIP" * plan.switched("weight_clip")
        clip = "    return params.clamp(-WEIGHT_CLIP, WEIGHT_CLIP)"
        clip += f' if player == "D"{guard} else params\n'
        words = '    """D\'s weights clipped to [-c, c]."""\n'
        out += [plan.text(f"def bounded(player, params):\n{words}{clip}")]
    if plan.shaped:
        past = ", past=True" * ("historical_averaging" in plan.shaped and plan.ever("unroll"))
        lines = [plan.guarded(name, GRAD_TERMS[name]) for name in plan.shaped]
        if past:
            lines[0] = "if past:\n" + indent(lines[0])
        words = '    """A gradient at the weights `at`, as the optimiser gets it."""\n'
        body = indent("\n".join([*lines, "return grad"]))
        out += [f"def shaped(player, grad, at{past}):\n{words}{body}\n"]
    return out


def gradient(plan: Plan) -> list[str]:
    """The function gradient(player, w, r), and those of update rules."""
    cost = 'd_cost(w, r) if player == "D" else g_cost(w, r)' if plan.d_plays else "g_cost(w, r)"
    lines = [f"cost = {cost}"]
    if plan.ever("consensus"):
        lines = [
            'costs = {"D": d_cost(w, r), "G": g_cost(w, r)}',
            'by = {p: torch.autograd.grad(costs[p], w[p], create_graph=True)[0] for p in "DG"}',
            'cost, by_d, by_g = costs[player], by["D"], by["G"]',
        ]
    lines += [plan.guarded(n, FIELD_TERMS[n]) for n in FIELD_TERMS if plan.ever(n)]
    lines += ["(grad,) = torch.autograd.grad(cost, w[player])"]
    lines += ["return shaped(player, grad, w[player].detach())" if plan.shaped else "return grad"]
    if _inline(plan):
        return []
    words = '    """The gradient of a player\'s cost in its own weights."""\n'
    out = [plan.text(f"def gradient(player, w, r):\n{words}{indent(chr(10).join(lines))}\n")]
    done: set[str] = set()
    for rule in plan.rules:
        for part in re.split(r"\n(?=def )", RULES[rule]):
            if part and part not in done:
                done.add(part)
                out += [plan.text(part.rstrip("\n") + "\n")]
    return out


def to_optimum(plan: Plan) -> list[str]:
    """The function that trains D to its optimum, if the run uses it."""
    return [plan.text(_TO_OPTIMUM)] if plan.to_optimum else []


def update(plan: Plan) -> str:
    """The function update(player)."""
    rules, several = plan.rules, len(plan.rules) > 1
    lines = ["r = draws(player, made[player])"]
    if plan.to_optimum:
        lines[:0] = ['if player == "D" and D_TO_OPTIMUM:', '    made["D"] += 1']
        lines[2:2] = ["    return to_optimum()"]
    lines += ['w = {p: weights[p].detach().requires_grad_() for p in "DG"}']
    if plan.needs_kept:
        lines += ['r["kept"], r["t"] = dict(slots), {p: made[p] + 1 for p in "DG"}']
    if plan.before:
        where = 'player == "G"'
        if "alternating" in rules:
            where = 'player == "G" and RULE != "alternating"'
        lines += [f"if {where}:  # D as it was before its last update"]
        if plan.needs_kept:
            lines += ['    w["D"], r["kept"]["D"] = before["D"].requires_grad_(), before["slots"]']
            lines += ['    r["t"]["D"] = max(1, made["D"])']
        else:
            lines += ['    w["D"] = before["D"].requires_grad_()']
    names = {n: _name(n) or "gradient" for n in rules}
    if several and len(set(names.values())) > 1:
        lines += [plan.chosen("rule", lambda n: f"{names[n]}(player, w, r)", "grad = ")]
    else:
        lines += [f"grad = {names[rules[0]]}(player, w, r)"]
    if _inline(plan):
        cost = 'd_cost(w, r) if player == "D" else g_cost(w, r)' if plan.d_plays else "g_cost(w, r)"
        lines[-1:] = [f"cost = {cost}", "(grad,) = torch.autograd.grad(cost, w[player])"]
    if plan.before:
        lines += [
            'if player == "D":',
            '    before.update(D=weights["D"].detach(), slots=slots["D"])',
        ]
    lines += ["made[player] += 1"]
    slots, count, twice = "slots[player]", "t", "extra-adam" in rules
    if twice and several:
        lines += ["kept, count = slots[player], made[player]"]
        adam = plan.first.optimizer in ("adam", "adamw")
        lines += ['if RULE == "extra-adam":  # the optimiser takes in two gradients']
        lines += [f'    kept, count = r["kept"][player], {"2 * " * adam}made[player]']
        slots, count = "kept", "count"
    elif twice:
        slots = 'r["kept"][player]'
        count = "2 * t" if plan.first.optimizer in ("adam", "adamw") else "t"
    rate = "rate(player, t)" if plan.first.lr_decay else "RATES[player]"
    more = (
        plan.regression
        or "optimistic" in rules
        or plan.ever("weight_clip")
        or any(map(plan.ever, KEEPS))
    )
    if not more and count == "t" and rate != "rate(player, t)":
        lines += [f"new = step(weights[player], grad, {slots}, made[player], {rate})"]
        lines += ["weights[player], slots[player] = new"]
        words = '    """One update of D or of G."""\n'
        return plan.text(f"def update(player):\n{words}{indent(chr(10).join(lines))}\n")
    lines += ["t, old = made[player], weights[player]"]
    lines += [f"new, slots[player] = step(old, grad, {slots}, {count}, {rate})"]
    if "optimistic" in rules:
        expected = [
            "move = new - old  # expect the other player to repeat its last step",
            "new, last[player] = old + 2 * move - last[player], move",
        ]
        if several:
            expected = ['if RULE == "optimistic":', *("    " + line for line in expected)]
        lines += expected
    if plan.regression:
        pace = f"E_LR / {_g_rate(plan)}"
        step = f"old[G_SIZE:] + {pace} * (new - old)[G_SIZE:]"
        lines += ['if player == "G":  # E learns at a rate of its own']
        lines += [f"    new = torch.cat([new[:G_SIZE], {step}])"]
    if plan.ever("weight_clip"):
        lines += ["new = bounded(player, new)"]
    lines += [plan.guarded(name, KEEPS[name]) for name in KEEPS if plan.ever(name)]
    lines += ["weights[player] = new"]
    words = '    """One update of D or of G."""\n'
    return plan.text(f"def update(player):\n{words}{indent(chr(10).join(lines))}\n")


def _g_rate(plan: Plan) -> str:
    """G's learning rate before any decay."""
    plan.constants["RATES"] = lambda s: {"D": s.d_lr, "G": s.g_lr}
    return 'RATES["G"]'


def _inline(plan: Plan) -> bool:
    """Whether each player's gradient is that of its own cost, as it is."""
    return not (plan.shaped or plan.field or any(map(_name, plan.rules)))


def _name(rule: str) -> str:
    """The name of a rule's function; "" for the plain gradient."""
    return rule.replace("-", "_") if RULES[rule] else ""


def kept(plan: Plan) -> str:
    """The lines that set what is kept besides the weights."""
    count = OPTIMISERS[plan.first.optimizer].slots
    zero = "torch.zeros_like(weights[p])"
    lines = [f'slots = {{p: ({zero},) * {count} for p in "DG"}}  # what the optimiser keeps']
    if not count:
        lines = ['slots = {"D": (), "G": ()}  # the optimiser keeps nothing']
    lines += ['made = {"D": 0, "G": 0}  # updates so far']
    if plan.before:
        lines += ['before = {"D": weights["D"], "slots": slots["D"]}']
    if "optimistic" in plan.rules:
        lines += [f'last = {{p: {zero} for p in "DG"}}  # the last steps']
    lines += [f"{KEPT[name]} = dict(weights)" for name in KEEPS if plan.ever(name)]
    return "\n".join([*lines, ""])
