"""The lines of an exported script that define G and D, and draw their initial weights."""

from __future__ import annotations

from ganlab.engine.tags import tag_number
from ganlab.export.lines import ACTIVATIONS, INITS, OUTPUTS
from ganlab.export.plan import Plan, indent
from ganlab.networks import MLP

_MAXOUT = '''\
def maxout(h):
    """The largest of each five units."""
    return h.unflatten(-1, (-1, 5)).amax(-1)
'''
_NORMAL = '''\
def normal(h):
    """Batch norm without scale and shift: statistics of the minibatch."""
    return (h - h.mean(0)) / (h.var(0, correction=0) + 1e-5).sqrt()
'''
_REFERENCE = '''\
def normal_by_reference(h):
    """Batch norm by the statistics of the reference batch, which comes first."""
    first = h[:BATCH]
    return (h - first.mean(0)) / (first.var(0, correction=0) + 1e-5).sqrt()
'''
_VIRTUAL = '''\
def normal_by_reference(h):
    """Virtual batch norm: statistics of the reference batch, which comes first, and the sample."""
    first, x = h[:BATCH], h[BATCH:]
    mean, var = first.mean(0), first.var(0, correction=0)
    far = (x - mean) / (BATCH + 1)
    var_x = var * BATCH / (BATCH + 1) + BATCH * far**2
    x = (x - mean - far) / (var_x + 1e-5).sqrt()
    return torch.cat([(first - mean) / (var + 1e-5).sqrt(), x])
'''
_SPECTRAL = '''\
def spectral(weight):
    """The matrix divided by its largest singular value, found by repeated squaring."""
    wide = weight.shape[1] > weight.shape[0]
    gram = weight @ weight.T if wide else weight.T @ weight
    power = gram / (gram.trace() + 1e-30)
    for _ in range(9):
        power = power @ power
        power = power / (power.trace() + 1e-30)
    return weight / ((power * gram).sum() + 1e-30).sqrt()
'''
_PARTS = '''\
def parts(flat, shapes):
    """The matrices that a vector of weights consists of."""
    return [p.view(s) for p, s in zip(flat.split([r * c for r, c in shapes]), shapes)]
'''


def helpers(plan: Plan) -> list[str]:
    """The functions that the nets call."""
    first, out = plan.first, [_PARTS]
    if "maxout" in (first.g_activation, first.d_activation):
        out += [_MAXOUT]
    if "batch" in (first.g_norm, first.d_norm):
        out += [_NORMAL]
    if first.g_norm in ("reference", "virtual"):
        out += [plan.text(_VIRTUAL if first.g_norm == "virtual" else _REFERENCE)]
    return out + [_SPECTRAL] * (first.d_norm == "spectral")


def all_shapes(plan: Plan) -> str:
    """The constants with the shapes of all nets' weights."""
    encoder = plan.G.encoder
    own = len(plan.G.shapes) - (len(encoder.shapes) if encoder else 0)
    out = _shapes(plan.G.shapes[:own], "G_SHAPES") + _shapes(plan.D.shapes, "D_SHAPES")
    if encoder is not None:
        out += _shapes(encoder.shapes, "E_SHAPES")
        out += f"G_SIZE = {plan.G.own}  # G's weights, which E's follow in one vector\n"
    return out


def _shapes(shapes: tuple[tuple[int, int], ...], name: str) -> str:
    whole = f"{name} = {list(shapes)}"
    if len(whole) <= 96:
        return whole + "\n"
    rows = ["    " + ", ".join(map(str, shapes[i : i + 8])) + "," for i in range(0, len(shapes), 8)]
    return "\n".join([f"{name} = [", *rows, "]", ""])


def _names(net: MLP, bias: bool, more: int, kernels: bool, dead: set[int]) -> list[str]:
    """Names for the parts of a flat vector; "_" for those without effect."""
    count = len(net.layers)
    names = []
    for i in range(count):
        names += [f"w{i + 1}", f"b{i + 1}" if bias and 2 * i + 1 not in dead else "_"]
    for i in range(more):
        names += [f"scale{i + 1}", f"shift{i + 1}"]
    return names + ["kernels"] * kernels


def _unpack(names: list[str], net: str, vector: str) -> str:
    return f"{', '.join(names)} = parts({vector}, {net}_SHAPES)"


def _plus(bias: str) -> str:
    return "" if bias == "_" else f" + {bias}"


def generator(plan: Plan) -> str:
    """The function G(g, z)."""
    net, first = plan.G, plan.first
    norm, last = first.g_norm, len(net.layers) - 1
    reference = norm in ("reference", "virtual")
    dead = {2 * i + 1 for i in range(last)} if norm != "none" else set()
    names = _names(net, net.bias, last if norm != "none" else 0, False, dead)
    out = [
        "def G(g, z):",
        '    """G\'s samples of latents z."""',
        f"    {_unpack(names, 'G', 'g[:G_SIZE]' if net.encoder else 'g')}",
    ]
    if not net.weights_learn:
        weights = ", ".join(n for n in names if n.startswith("w"))
        freed = f"[w.detach() for w in ({weights})]" if last else "w1.detach()"
        out += [f"    {weights} = {freed}  # only biases learn"]
    h = "torch.cat([REFERENCE, z])" if reference else "z"
    for i in range(last):
        inner = f"{h} @ w{i + 1}{_plus(names[2 * i + 1])}"
        if norm != "none":
            call = "normal_by_reference" if reference else "normal"
            inner = f"{call}({inner}) * scale{i + 1} + shift{i + 1}"
        out += [f"    h = {ACTIVATIONS[net.activation].format(inner)}"]
        h = "h"
    h = "h[BATCH:]" if reference else h
    made = f"{h} @ w{last + 1}{_plus(names[2 * last + 1])}"
    return plan.text("\n".join([*out, f"    return {OUTPUTS[net.output].format(made)}", ""]))


def encoder(plan: Plan) -> list[str]:
    """The function E(g, x), if there is an encoder."""
    net = plan.G.encoder
    if net is None:
        return []
    names = _names(net, True, 0, False, set())
    out = ["def E(g, x):", '    """The latents that the encoder infers from x."""']
    out += [f"    {_unpack(names, 'E', 'g[G_SIZE:]')}"]
    h, last = "x", len(net.layers)
    for i in range(1, last):
        out += [f"    h = {ACTIVATIONS[net.activation].format(f'{h} @ w{i} + b{i}')}"]
        h = "h"
    return ["\n".join([*out, f"    return {h} @ w{last} + b{last}", ""])]


def discriminator(plan: Plan) -> str:
    """The functions D(d, x) and, if they are used, features(d, x): with dropout, also u."""
    net, first = plan.D, plan.first
    last, batch = len(net.layers) - 1, first.d_norm == "batch"
    dead = {2 * i + 1 for i in range(last)} if batch else set()
    names = _names(net, net.bias, last if batch else 0, net.kernels > 0, dead)
    apart = plan.ever("feature_matching")
    more = ", u" if plan.dropped else ""
    inner = [_unpack(names, "D", "d")]
    if first.d_norm == "spectral":
        if last:
            weights = ", ".join(n for n in names if n.startswith("w"))
            inner += [f"{weights} = map(spectral, ({weights}))"]
        else:
            inner += ["w1 = spectral(w1)"]
    body, at, x = [], 0, "x"
    if plan.ever("d_dropout_input"):
        at = net.sizes[0]
        body += [plan.text(f"x = x * kept(u[:, :{at}], D_DROPOUT_INPUT)")]
    for i in range(last):
        h = f"{x} @ w{i + 1}{_plus(names[2 * i + 1])}"
        if batch:
            h = f"normal({h}) * scale{i + 1} + shift{i + 1}"
        h = ACTIVATIONS[net.activation].format(h)
        if plan.ever("d_dropout"):
            width = net.sizes[i + 1]
            h = plan.text(f"{h} * kept(u[:, {at}:{at + width}], D_DROPOUT)")
            at += width
        body += [f"h = {h}"]
        x = "h"
    head = []
    if net.kernels:
        inputs = "h" if last or apart else "x"
        head += [
            f"m = ({inputs} @ kernels).unflatten(1, ({net.kernels}, {net.dims}))",
            "near = torch.stack([(one - m).abs().sum(2).neg().exp().sum(0) - 1 for one in m])",
            f"h = torch.cat([{inputs}, near], 1)  # how near the others of the minibatch are",
        ]
        x = "h"
    bias = names[2 * last + 1]
    if bias != "_" and plan.level == [False]:
        bias += ".detach()"
    elif bias != "_" and len(plan.level) > 1:
        plan.constants["OFFSET_LEARNS"] = lambda s: plan.inputs[plan.phases.index(s)].D.level
        bias = f"({bias} if OFFSET_LEARNS else {bias}.detach())"
    if not apart:
        note = "  # the loss ignores D's offset" if "detach" in bias and "if" not in bias else ""
        lines = [*inner, *body, *head, f"return ({x} @ w{last + 1}{_plus(bias)})[:, 0]{note}"]
        text = f'def D(d, x{more}):\n    """D\'s logits of samples x."""\n'
        return plan.text(text + indent("\n".join(lines)) + "\n")
    f = "features(d, x" + more + ")"
    result = "h" if last else "x"
    first_part = [*inner, *body, f"return {result}"]
    h = "h"
    second = [*inner, f"h = {f}", *head, f"return ({h} @ w{last + 1}{_plus(bias)})[:, 0]"]
    return plan.text(
        f'def features(d, x{more}):\n    """D\'s last hidden layer."""\n'
        + indent("\n".join(first_part))
        + f'\n\n\ndef D(d, x{more}):\n    """D\'s logits of samples x."""\n'
        + indent("\n".join(second))
        + "\n"
    )


def starts(plan: Plan) -> list[str]:
    """The lines that set `weights`, both players' initial weights."""
    first, out, layers = plan.first, [], []
    for player, net, given, gain in (
        ("D", plan.D, first.d_start, first.d_init_gain or first.init_gain),
        ("G", plan.G, first.g_start, first.init_gain),
    ):
        if given:
            values = [round(v, 9) for v in net.given(given).tolist()]
            layers += [_with_encoder(plan, player, f"torch.tensor({values})")]
            continue
        tag = {"G": 1, "D": 2}[player]
        flags = "" if net.bias else ", biases=False"
        norms, kernels = _more(plan, player)
        extra = f", norms={norms}" if norms else ""
        extra += f", kernels={kernels}" if kernels else ""
        own = f"initial({list(net.layers)}, {gain}, tag={tag}{flags}{extra})"
        layers += [_with_encoder(plan, player, own)]
    if any("initial(" in text for text in layers):
        out = [_initial(plan)]
    rows = [f'    "{p}": {text}.to(DTYPE),' for p, text in zip("DG", layers, strict=True)]
    return [*out, "\n".join(["weights = {", *rows, "}", ""])]


def _with_encoder(plan: Plan, player: str, own: str) -> str:
    """The expression of a player's initial weights, followed by E's if they are G's."""
    net = plan.G.encoder
    if net is None or player != "G":
        return own
    made = f"initial({list(net.layers)}, {plan.first.init_gain}, tag={tag_number('init_e')})"
    return f"torch.cat([\n        {own},\n        {made},\n    ])"


def _more(plan: Plan, player: str) -> tuple[list[int], tuple[int, int] | None]:
    """The widths of normalised layers, and the shape of D's kernels."""
    net = plan.G if player == "G" else plan.D
    normed = plan.first.g_norm != "none" if player == "G" else plan.first.d_norm == "batch"
    widths = [o for _, o in net.layers[:-1]] if normed else []
    kernels = (plan.D.features, plan.D.kernels * plan.D.dims) if plan.D.kernels else None
    return widths, kernels if player == "D" else None


def _initial(plan: Plan) -> str:
    """The function that draws a net's initial weights."""
    first = plan.first
    both = [_more(plan, p) for p in "GD"]
    drawn = [(net, given) for net, given in ((plan.G, first.g_start), (plan.D, first.d_start))]
    no_bias = any(not net.bias for net, given in drawn if not given)
    norms, kernels = any(n for n, _ in both), any(k for _, k in both)
    head = "def initial(layers, gain, tag" + ", biases=True" * no_bias
    head += ", norms=()" * norms + ", kernels=()" * kernels + "):"
    out = [head, '    """Initial weights: of each layer (n_in, n_out), then its biases."""']
    out += ["    random, flat = generator(tag), []", "    for n_in, n_out in layers:"]
    out += [indent(INITS[first.init], 8)]
    out += [f"        flat += [weight.flatten(), bias{' * biases' * no_bias}]"]
    if norms:
        out += ["    flat += [t for n in norms for t in (torch.ones(n), torch.zeros(n))]"]
    if kernels:
        out += ["    for n_in, n_out in [kernels] if kernels else []:"]
        out += [
            indent(INITS[first.init].split("\nbias")[0], 8),
            "        flat += [weight.flatten()]",
        ]
    return "\n".join([*out, "    return torch.cat(flat)", "", ""])
