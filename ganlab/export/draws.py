"""The lines of an exported script that make the random numbers of ganlab."""

from __future__ import annotations

from ganlab import targets
from ganlab.engine.draws import tag_number
from ganlab.export.data_lines import TARGETS
from ganlab.export.lines import LATENTS
from ganlab.export.plan import Plan, indent
from ganlab.registry import SpecError

_SEEDS = '''\
def seed_of(*words):
    """numpy.random.SeedSequence(words).generate_state(1)[0]: a seed for each purpose."""
    const = 0x43B0D7E5

    def hashed(value, factor=0x931E8875):
        nonlocal const
        value, const = value ^ const, const * factor % 2**32
        value = value * const % 2**32
        return value ^ value >> 16

    pool = [hashed(word) for word in (*words, 0)]
    for i, j in itertools.permutations(range(4), 2):
        mixed = (0xCA01F9DD * pool[j] - 0x4973F715 * hashed(pool[i])) % 2**32
        pool[j] = mixed ^ mixed >> 16
    const = 0x8B51F9DD
    return hashed(pool[0], 0x58F38DED)


def generator(tag, block=0):
    """A generator for one purpose: a function of the seed."""
    return torch.Generator().manual_seed(seed_of(SEED, tag, block))
'''
_BLOCKS = '''\
@functools.lru_cache(32)
def block(law, tag, each, rows, columns, number):
    """Consecutive draws of one kind: each block has a generator of its own."""
    return law(each * rows, columns, generator(tag, number)).view(each, rows, columns)
'''
_EPOCHS = '''\
@functools.lru_cache(32)
def shuffled(count, tag, epoch):
    """The order of a set of points in one epoch."""
    return torch.randperm(count, generator=generator(tag, epoch)).tolist()


def in_turn(points, rows, tag, n):
    """Minibatch number n of a set of points, each of which an epoch uses once."""
    at = [divmod(i, len(points)) for i in range(n * rows, (n + 1) * rows)]
    return points[[shuffled(len(points), tag, epoch)[i] for epoch, i in at]]
'''
_BALANCED = '''\
def balanced(u):
    """Evenly spaced numbers in [0, 1) in the order of u, for each minibatch."""
    u = u.view(-1, BATCH)
    rank = u.argsort(dim=1, stable=True).argsort(1)
    return ((rank + u.double().sum(1, keepdim=True) % 1) / BATCH).flatten()
'''
_HEAD = '''\
def draws(player, n):
    """The random numbers of a player's update number n."""
    out = {}
    for name, (law, tag, rows, columns) in STREAMS[player].items():'''
_FROM_BLOCKS = """\
each = max(1, min(128, 2**16 // (rows * columns)))  # draws in a block
x = block(law, tag, each, rows, columns, n // each)[n % each]"""
_SETS = {"POINTS", "LATENTS", "DATA"}  # laws that are finite sets of points
_NORMAL = "return torch.randn(n, dim, generator=random)"
_UNIFORM = "return torch.rand(n, dim, generator=random)"
_GUMBEL = "return -(-torch.rand(n, dim, generator=random).clamp_min_(2.0**-25).log()).log()"
_NUMBERS = {"normal_numbers": _NORMAL, "uniform_numbers": _UNIFORM, "gumbel_numbers": _GUMBEL}


def laws(plan: Plan) -> list[str]:
    """The functions that draw p_data and latents."""
    first = plan.first
    data = TARGETS[first.target](**first.target_params)
    if first.balanced == "yes":
        uniform, mode = "torch.rand(n, generator=random)", "mode = torch.bucketize("
        even = f"u = balanced({uniform})\n    {mode}u"
        data = f"{plan.text(_BALANCED)}\n\n{data.replace(mode + uniform, even)}"
    out = [data]
    lines, given = LATENTS[first.latent], first.latent_points
    if given:
        out += [f"LATENTS = torch.tensor({list(first.p_z.points)})[:, None]\n"]
        which = "which = torch.randint(len(LATENTS), (n, dim), generator=random)"
        lines = f"{which}\nreturn LATENTS[which, 0]"
    if not given or _fixed(plan):
        out += [f"def latents(n, dim, random):\n{indent(lines)}\n"]
    return out


def _fixed(plan: Plan) -> bool:
    """Whether G has a reference batch."""
    return plan.first.g_norm in ("reference", "virtual")


def numbers(plan: Plan) -> list[str]:
    """The functions that make the random numbers of an update."""
    used = {law for law, _ in _laws(plan).values()}
    out = []
    for law, line in _NUMBERS.items():
        out += [f"def {law}(n, dim, random):\n{indent(line)}\n"] * (law in used)
    sets, blocks = used & _SETS, used - _SETS
    out += [_SEEDS, *[_BLOCKS] * bool(blocks), *[_EPOCHS] * bool(sets)]
    if "DATA" in used:
        made = (
            f"data({plan.first.data_size}, {plan.first.dim}, generator({tag_number('data_set')}))"
        )
        out += [f"DATA = {made}  # the training data\n"]
    out += [_streams(plan)]
    take = "x = in_turn(law, rows, tag, n)"
    if sets and blocks:
        take = f"if torch.is_tensor(law):\n    {take}\nelse:\n{indent(_FROM_BLOCKS)}"
    elif blocks:
        take = _FROM_BLOCKS
    out += [f"{_HEAD}\n{indent(take, 8)}\n        out[name] = x.to(DTYPE)\n    return out\n"]
    if _fixed(plan):
        tag = tag_number("reference")
        made = f"latents(BATCH, {plan.first.latent_dim}, generator({tag}))"
        out += [f"REFERENCE = {made}.to(DTYPE)\n"]
    return [plan.text(part) for part in out]


def _laws(plan: Plan) -> dict[str, tuple[str, bool]]:
    """By name of a draw, its law, and whether it belongs to D's turn too."""
    first, out = plan.first, {}
    for inputs in plan.inputs:
        for player in "DG":
            for name in inputs.draws(player):
                kind = name.removeprefix("u_")
                normal = inputs.normal(kind)
                law = "normal_numbers" if normal else "uniform_numbers"
                law = "gumbel_numbers" if kind == "gumbel" else law
                if kind == "data":
                    law = "POINTS" if targets.TARGETS[first.target].finite else "data"
                    law = "DATA" if first.data_size else law
                elif kind == "latent":
                    law = "LATENTS" if first.latent_points else "latents"
                out[name] = (law, normal)
    return out


def _streams(plan: Plan) -> str:
    """The table of draws: law, tag, rows and columns of each."""
    laws = _laws(plan)
    rows: list[str] = []
    shapes: dict[str, dict[str, tuple[int, int]]] = {"D": {}, "G": {}}
    for inputs in plan.inputs:
        for player in "DG":
            shapes[player] |= {n: (r, c) for n, (r, c) in inputs.draws(player).items()}
    if len(plan.phases) > 1:  # a cost that is off in one phase and on in another needs its draws
        both, alone = plan.field or plan.direction, plan.ever("unroll")
        d_too = shapes["D"] if both or alone else {}
        shapes = {
            "D": shapes["D"] | (shapes["G"] if both else {}),
            "G": shapes["G"] | {n: s for n, s in d_too.items() if not n.startswith("u_")},
        }
    for player, found in shapes.items():
        if player == "D" and not plan.d_plays:
            continue
        own = []
        for name, (r, c) in found.items():
            tag = tag_number(f"{name}_{player.lower()}")
            rows_text = _rows(plan, name, r)
            own += [f'"{name}": ({laws[name][0]}, {tag}, {rows_text}, {c})']
        whole = f'    "{player}": {{{", ".join(own)}}},'
        if len(whole) > 100:
            whole = "\n".join(
                [f'    "{player}": {{', *(f"        {row}," for row in own), "    },"]
            )
        rows += [whole]
    note = "# The law, the tag and the shape of each kind of random numbers."
    varies = any(name.startswith("u_") for name in laws) and len(plan.values("unroll")) > 1
    return "\n".join([note, "STREAMS = {", *rows, "}", ""]) if not varies else _refused(plan)


def _refused(plan: Plan) -> str:
    allowed = "the same during the run in a script, with fresh data for each unrolled step"
    raise SpecError("unroll", plan.phases[-1].unroll, allowed)


def _rows(plan: Plan, name: str, rows: int) -> str:
    """The number of rows as text."""
    batch = plan.first.batch
    if name.startswith("u_"):
        steps = plan.inputs[0].structure.unroll or max(plan.values("unroll"))
        return f"{steps} * BATCH" if rows == steps * batch else str(rows)
    if rows == batch:
        return "BATCH"
    return "2 * BATCH" if rows == 2 * batch else str(rows)
