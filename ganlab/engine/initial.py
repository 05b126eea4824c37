"""The State of a run that has made no update."""

from __future__ import annotations

import torch

from ganlab.engine.draws import generator
from ganlab.engine.game import Game
from ganlab.engine.state import State
from ganlab.spec import Spec
from ganlab.targets import make_target


def initial_state(specs: tuple[Spec, ...], game: Game, device: torch.device) -> State:
    """Parameters drawn by each Spec's seed and `init`, or given by it, and initial slots.

    The bias of a sigmoid output starts at the target's marginals, if it has any.
    """
    G, D, rules = game.G, game.D, game.rules
    g_rows, d_rows = [], []
    for spec in specs:
        if spec.g_start:
            g_row = G.given(spec.g_start)
        else:
            g_row = G.init(spec.init, spec.init_gain, generator(spec.seed, "init_g"))
        if spec.d_start:
            d_row = D.given(spec.d_start)
        else:
            gain = spec.d_init_gain or spec.init_gain
            d_row = D.init(spec.init, gain, generator(spec.seed, "init_d"))
        if G.encoder is not None:
            e_row = G.encoder.init(spec.init, spec.init_gain, generator(spec.seed, "init_e"))
            g_row = torch.cat([g_row, e_row])
        g_rows.append(g_row)
        d_rows.append(d_row)
    if specs[0].g_output == "sigmoid" and G.bias:
        logits = make_target(specs[0].target, specs[0].target_params).marginal_logits()
        if logits is not None:
            g_rows = [G.starting_at(row, logits) for row in g_rows]
    g, d = torch.stack(g_rows).to(device), torch.stack(d_rows).to(device)
    return State(g, d, rules.first_slots("G", g), rules.first_slots("D", d))
