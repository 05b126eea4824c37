"""The lines of an exported script that define the costs of D and of G."""

from __future__ import annotations

import re

from ganlab.estimators import ESTIMATORS
from ganlab.export import inference
from ganlab.export.lines import D_TERMS, LOSSES
from ganlab.export.plan import Plan, indent
from ganlab.targets import make_target

_DATA, _MADE = 'r["data"]', 'G(w["G"], r["latent"])'
_KEPT_UNITS = '''\
def kept(u, p):
    """Dropout's factors: 0 for a share p of the units."""
    return (u >= p).to(DTYPE) / (1 - p)
'''
_SLOPE = '''\
def slope(d, x{u}):
    """The gradient of D's logit at each x."""
    x = x.clone().requires_grad_()
    return torch.autograd.grad(D(d, x{u}).sum(), x, create_graph=True)[0]
'''
_LENGTH = '''\
def length(rows):
    """The length of each row; its derivative at 0 is 0."""
    return torch.linalg.vector_norm(rows, dim=1)
'''


def of_d(plan: Plan) -> list[str]:
    """The function d_cost(w, r), and what it calls."""
    out = [_KEPT_UNITS] * plan.dropped
    d_terms = [name for name in D_TERMS if plan.ever(name)]
    text = "\n".join(D_TERMS[name] for name in d_terms)
    if "slope(" in text:
        out += [_SLOPE.format(u=", u" if plan.dropped else "")]
    if "length(" in text:
        out += [_LENGTH]
    if _random(plan) or plan.first.packing > 1:
        out += [_seen(plan)]
    if plan.d_plays:
        out += [_d_cost(plan, d_terms)]
    return out


def _data(plan: Plan) -> str:
    """The data as D sees them."""
    return "real_pairs(w, r)" if plan.joint else _DATA


def _made(plan: Plan) -> str:
    """G's samples as D sees them."""
    if plan.joint:
        return "made_pairs(w, r)"
    return f"symbols({_MADE}, r)" if plan.first.axes == 0 else _MADE


def symbols(plan: Plan) -> list[str]:
    """The function that makes symbols of G's logits, if x are symbols."""
    first = plan.first
    if first.axes:
        return []
    entry, letters = ESTIMATORS[first.estimator], first.letters
    lines = ['logits = logits + r["gumbel"]'] if entry.samples else []
    lines += [f"logits = logits.unflatten(1, (-1, {letters}))"]
    tau = ""
    if entry.tempered:
        tau = " / TEMPERATURE"
        if any(plan.values("temperature_decay")):
            lines += ["tau = TEMPERATURE * math.exp(-TEMPERATURE_DECAY * iteration)"]
            lines += ["tau = max(tau, min(TEMPERATURE_FLOOR, TEMPERATURE))"]
            tau = " / tau"
    if entry.tempered or not entry.one_hot:
        lines += [f"soft = (logits{tau}).softmax(2)"]
    if entry.one_hot:
        lines += [f"x = torch.eye({letters}, dtype=DTYPE)[logits.argmax(2)]"]
        if entry.tempered:
            lines += ["x = x + soft - soft.detach()  # one-hot, with the slope of the soft one"]
    lines += [f"return {'x' if entry.one_hot else 'soft'}.flatten(1)"]
    words = '    """What D sees of G\'s logits."""'
    return [plan.text("\n".join(["def symbols(logits, r):", words, indent("\n".join(lines)), ""]))]


def _reinforced(plan: Plan) -> list[str]:
    """The lines of REINFORCE: each symbol's cost times the gradient of its log-probability."""
    each = lambda name: LOSSES[name].g.replace(".mean()", "")  # noqa: E731  a cost for each sample
    lines = [plan.chosen("loss", each, "costs = ").replace("a_fake", "a_fake.detach()")]
    letters = plan.first.letters
    lines += [f"log_pi = logits.unflatten(1, (-1, {letters})).log_softmax(2).flatten(1)"]
    lines += [f"log_pi = (log_pi * {'symbols(logits, r)'}.detach()).sum(1)"]
    if plan.uses("baseline", "batch"):
        others = "(costs.sum() - costs) / (len(costs) - 1)"
        if plan.values("baseline") == ["batch"]:
            lines += [f"reward = costs - {others}"]
        else:
            plan.text("BASELINE")
            lines += [f'reward = costs - {others} * (BASELINE == "batch")']
    else:
        lines += ["reward = costs"]
    return [*lines, "return (reward * log_pi).mean()"]


def _seen(plan: Plan) -> str:
    """What D sees of samples."""
    noisy, packed = plan.ever("instance_noise"), plan.first.packing > 1
    lines = ["rows = slice(half * BATCH, (half + 1) * BATCH)"] * _random(plan)
    apart = plan.joint and _random(plan)
    if apart:
        lines += [f"x, z = x[:, :{plan.first.dim}], x[:, {plan.first.dim}:]"]
    if noisy:
        sigma = "INSTANCE_NOISE"
        if any(plan.values("instance_noise_decay")):
            if 0 in plan.values("instance_noise_decay"):
                sigma += " * max(0, 1 - iteration / (INSTANCE_NOISE_DECAY or math.inf))"
            else:
                sigma += " * max(0, 1 - iteration / INSTANCE_NOISE_DECAY)"
        lines += [f'x = x + {sigma} * r["noise"][rows]']
    if plan.ever("augmentation"):
        lines += _augmented(plan)
    lines += ["x = torch.cat([x, z], 1)"] * apart
    what = ["noisy"] * noisy + ["augmented"] * plan.ever("augmentation") + ["in packs"] * packed
    lines += [
        f"return x.reshape(-1, PACKING * {plan.inputs[0].structure.width})"
        if packed
        else "return x"
    ]
    head = f"def seen(x{', r, half' * _random(plan)}):"
    words = f'    """Samples as D sees them: {", ".join(what)}."""'
    return plan.text("\n".join([head, words, indent("\n".join(lines)), ""]))


def _random(plan: Plan) -> bool:
    """Whether what D sees is changed at random."""
    return plan.ever("instance_noise") or plan.ever("augmentation")


def _augmented(plan: Plan) -> list[str]:
    """The lines of augmentation: see `ganlab.stabilisers.augmentation`."""
    box = make_target(plan.first.target, plan.first.target_params).box
    middle, width = [float(a + b) / 2 for a, b in box], float(box[0][1] - box[0][0])
    lines = ['choose, size = r["choose"][rows], r["size"][rows]']
    lines += [f"middle = torch.tensor([{middle}], dtype=DTYPE)"]
    lines += ["taken = (choose < AUGMENTATION).to(DTYPE)"]
    if len(middle) == 1:
        lines += ["x = (x - middle) * (1 - 2.0 * (choose[:, :1] < AUGMENTATION / 2))"]
    else:
        lines += [
            "mirrored = 1 - 2.0 * (choose[:, 0] < AUGMENTATION / 2)",
            "angle = 2 * math.pi * choose[:, 4] * taken[:, 3]",
            "a, b = (x - middle).unbind(1)",
            "a, cos, sin = a * mirrored, angle.cos(), angle.sin()",
            "x = torch.stack([cos * a - sin * b, sin * a + cos * b], 1)",
        ]
    lines += ["x = middle + x * 2 ** (0.2 * size[:, :1] * taken[:, 1:2])"]
    return [*lines, f"x = x + {width} / 8 * size[:, 1:] * taken[:, 2:3]"]


def _sees(plan: Plan, x: str, half: int) -> str:
    """Samples x as D sees them: half 0 of the draws is for real ones, half 1 for generated ones."""
    if _random(plan):
        return f"seen({x}, r, {half})"
    return f"seen({x})" if plan.first.packing > 1 else x


def _with_units(plan: Plan, text: str) -> str:
    """Calls of D, slope and features, with the units that dropout drops."""
    if not plan.dropped:
        return text

    def add(match: re.Match[str]) -> str:
        units = "u_real" if match[2] == "real" else "u_fake"
        return f"{match[1]}(d, {match[2]}, {units})"

    return re.sub(r"\b(D|slope|features)\(d, (\w+)\)", add, text)


def _units(plan: Plan) -> list[str]:
    return ['u_real, u_fake = r["mask"].chunk(2)'] * plan.dropped


def _d_cost(plan: Plan, d_terms: list[str]) -> str:
    made = _made(plan) + ("" if plan.through_g else ".detach()")
    data = _data(plan) + (".detach()" if plan.joint and not plan.through_g else "")
    lines = [f"real, fake = {_sees(plan, data, 0)}, {_sees(plan, made, 1)}"]
    lines = ['d = w["D"]', *lines]
    if len(lines[1]) > 90:
        lines[1:] = [f"real = {_sees(plan, data, 0)}", f"fake = {_sees(plan, made, 1)}"]
    lines += [*_units(plan), "a_real, a_fake = D(d, real), D(d, fake)"]
    smooth = plan.ever("smooth_real") or plan.ever("smooth_fake")
    plain = not (smooth or d_terms)

    def d(name: str) -> str:
        return LOSSES[name].d

    same = len({d(name) for name in plan.values("loss")}) == 1
    if same:
        lines += [("return " if plain else "cost = ") + d(plan.first.loss)]
    else:
        lines += [plan.chosen("loss", d, "cost = ")]
    if smooth:
        lines += _smooth(plan)
    lines += _terms(plan, d_terms)
    lines += ["return cost"] * (not (plain and same))
    head = 'def d_cost(w, r):\n    """D\'s cost on one minibatch."""\n'
    return plan.text(head + indent(_with_units(plan, "\n".join(lines))) + "\n")


def _smooth(plan: Plan) -> list[str]:
    """The lines of smoothed labels."""
    out = []
    for side in ("smooth_real", "smooth_fake"):
        texts = {name: getattr(LOSSES[name], side) for name in plan.values("loss")}
        if not plan.ever(side):
            continue
        if len(set(texts.values())) == 1:
            out += [plan.text(f"cost = cost {texts[plan.first.loss]}")]
        else:
            lines = {name: f"cost {text}".strip() for name, text in texts.items()}
            out += [plan.chosen("loss", lines.__getitem__, "cost = ")]
    return out


def _terms(plan: Plan, names: list[str]) -> list[str]:
    """The lines of D's terms; lines that two of them share are written once."""
    out: list[str] = []
    for name in names:
        lines = plan.guarded(name, D_TERMS[name]).splitlines()
        out += [line for line in lines if not (line in out and line.startswith("between"))]
    return out


def unrolled(plan: Plan) -> str:
    """The function that unrolls D."""
    steps = plan.text("UNROLL")
    adam_twice = plan.first.optimizer in ("adam", "adamw") and "extra-adam" in plan.rules
    lines = ['d, kept = w["D"], r["kept"]["D"]', f"for i in range({steps}):"]
    inner = ['t = r["t"]["D"] + i']
    minibatch = "r"
    if "fresh" in plan.values("unroll_data"):
        inner += ['own = {n[2:]: x.chunk(UNROLL)[i] for n, x in r.items() if n.startswith("u_")}']
        minibatch = "own"
        if plan.values("unroll_data") != ["fresh"]:
            inner += ['own = own if UNROLL_DATA == "fresh" else r']
    inner += [f'cost = d_cost({{"G": w["G"], "D": d}}, {minibatch})']
    inner += ["(grad,) = torch.autograd.grad(cost, d, create_graph=True)"]
    past = "historical_averaging" in plan.shaped
    if plan.shaped != ["historical_averaging"] and plan.shaped:
        inner += [f'grad = shaped("D", grad, d{", past=False" * past})']
    count = 't + r["t"]["D"] - 1' if adam_twice and plan.rules == ["extra-adam"] else "t"
    if adam_twice and plan.rules != ["extra-adam"]:
        count = 't + (r["t"]["D"] - 1) * (RULE == "extra-adam")'
    inner += [f"d, kept = step(d, grad, kept, {count}, {_rate(plan, 'D', 't')})"]
    if plan.ever("weight_clip"):
        inner += ['d = bounded("D", d)']
    head = 'def unrolled(w, r):\n    """D\'s weights after more updates, as a function of G."""\n'
    body = "\n".join([*lines, indent("\n".join(inner)), "return d"])
    return plan.text(head + indent(body) + "\n")


def _rate(plan: Plan, player: str, t: str) -> str:
    if plan.first.lr_decay:
        return f'rate("{player}", {t})' if player in "DG" else f"rate({player}, {t})"
    return f'RATES["{player}"]' if player in ("D", "G") else f"RATES[{player}]"


def g_cost(plan: Plan) -> str:
    """The function g_cost(w, r)."""
    lines = ['d = w["D"]']
    if plan.ever("unroll"):
        lines = ["d = unrolled(w, r)"]
        if plan.switched("unroll"):
            lines = ['d = unrolled(w, r) if UNROLL else w["D"]']
    if plan.real_in_g:
        lines += [f"real = {_sees(plan, _data(plan), 0)}"]
    scored = plan.first.axes == 0 and ESTIMATORS[plan.first.estimator].scored
    if scored:
        lines += [f"logits = {_MADE}"]
        lines += [f"fake = {_sees(plan, 'symbols(logits, r)', 1)}"]
    else:
        lines += [f"fake = {_sees(plan, _made(plan), 1)}"]
    lines += _units(plan)
    lines += ["a_fake = D(d, fake)"]
    if len(lines) == 3 and lines[0] == 'd = w["D"]':
        lines = [f'a_fake = D(w["D"], {lines[1].removeprefix("fake = ")})']
    if plan.compares:
        lines[-1] = "a_real, a_fake = D(d, real), D(d, fake)"
    matched = plan.ever("feature_matching")
    lines += inference.mirror(plan)

    def cost(name: str) -> str:
        return inference.g_loss(plan, name)

    if scored:
        lines += _reinforced(plan)
    elif len(plan.values("loss")) == 1 and not matched:
        lines += ["return " + cost(plan.first.loss)]
    else:
        lines += [plan.chosen("loss", cost, "cost = ")]
        if matched:
            lines += ["apart = features(d, real).mean(0) - features(d, fake).mean(0)"]
            lines += ["share = FEATURE_MATCHING"]
            lines += ["return (1 - share) * cost + share * (apart**2).sum()"]
        else:
            lines += ["return cost"]
    if plan.regression:
        lines[-1] += " + e_cost(w, r)"
    head = 'def g_cost(w, r):\n    """G\'s cost on one minibatch."""\n'
    return plan.text(head + indent(_with_units(plan, "\n".join(lines))) + "\n")
