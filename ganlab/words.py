"""Every number and curve that a person reads, in one sentence with its unit.

One table for the page, where each curve has a "?" beside it, and for docs/measures.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Word(NamedTuple):
    """What a thing is called, one sentence about it, and its unit ("" where it has none)."""

    title: str
    says: str
    unit: str = ""


_OUTPUT = "nats; for least squares, Wasserstein, hinge, Pearson and Hellinger in D's own output"

# By their keys in `Snapshot.metrics` and in the history of a run.
MEASURES = {
    "jsd": Word(
        "JSD",
        "The Jensen-Shannon divergence of p_data and p_g, compared cell by cell: 0 where they are "
        "equal, ln 2 where they share no cell.",
        "nats",
    ),
    "jsd_smooth": Word(
        "smoothed JSD",
        "The JSD after both are blurred by two cells, so that a near miss counts less than a far "
        "one.",
        "nats",
    ),
    "w1": Word(
        "W₁",
        "The Wasserstein-1 distance: how far p_g's mass must be moved, on average, to become "
        "p_data; in the plane it is sliced, the mean over 31 directions, within 1 % of all.",
        "units of x",
    ),
    "tail": Word(
        "reach of the tails",
        "The width between p_g's 0.1 % and 99.9 % quantiles over p_data's: far below 1 G's tails "
        "are too light, whatever the JSD says, and a heavy-tailed latent is what cures it.",
        "ratio",
    ),
    "value": Word(
        "V(D, G)",
        "The value of the game, E log D(x) + E log(1 − D(G(z))): D raises it, G lowers it.",
        "nats",
    ),
    "c_g": Word(
        "C(G)",
        "−log 4 + 2 JSD, the value against the best D there is: V cannot lie above it, but for "
        "the cells and samples that either is measured with.",
        "nats",
    ),
    "gap": Word(
        "C(G) − V(D, G)",
        "How much better D could do against this G: 0 where D is D*, the best answer.",
        "nats",
    ),
    "d_loss": Word("D's loss", "What D minimises, without its penalties.", _OUTPUT),
    "g_loss": Word("G's loss", "What G minimises, without its penalties.", _OUTPUT),
    "grad_x": Word(
        "gradient at x",
        "How hard D pushes a generated point: the mean norm of the gradient of G's loss at x.",
        "loss per unit of x",
    ),
    "grad_g": Word(
        "gradient at G's weights",
        "What of that push reaches G: the norm of the gradient of G's loss in all its weights.",
        "loss per unit of weight",
    ),
    "d_distance": Word(
        "|D − D*|",
        "How far D is from the best answer, averaged over the points that it trains on.",
        "probability",
    ),
    "modes": Word(
        "modes captured",
        "How many modes of p_data have at least one of 2,500 generated samples within 3σ.",
        "modes",
    ),
    "hq": Word(
        "high quality",
        "The share of 2,500 generated samples that lie within 3σ of a mode.",
        "share of samples",
    ),
    "reverse_kl": Word(
        "reverse KL",
        "KL(p_g ‖ p_data) over the modes, of samples of high quality: how unevenly they are hit.",
        "nats",
    ),
}

# Panels that show more than one measure, or none.
PANELS = {
    "loss": Word("losses", "The cost of either player: in a balanced game neither runs away."),
    "gradient": Word(
        "gradient that reaches G",
        "How strongly G is told to move, on a logarithmic axis: if it vanishes, G stands still.",
    ),
    "shares": Word(
        "share of each mode",
        "The share of generated samples nearest to each mode; the thin line is the share that "
        "p_data has there, and orange is a mode with under a tenth of it.",
        "share of samples",
    ),
}

# What a panel adds: the lines across it by their titles, and what its title names.
LINES = {
    "ln 2": Word("ln 2", "0.693, the JSD of densities that share no cell: the most it can be."),
    "floor": Word(
        "floor",
        "What a perfect generator would score by the same estimator: cells and samples are finite.",
    ),
    "−log 4": Word(
        "−log 4", "−1.386, the value where p_g is p_data and D can only say ½ everywhere."
    ),
    "p_data's": Word("p_data's", "1, where the tails of p_g reach as far as those of p_data."),
    "all": Word("all", "Every mode is captured."),
    "D = D*": Word("D = D*", "Where D is the best there is against this G."),
    "½": Word("½", "Where D cannot tell."),
}
CELLS = Word(
    "cells",
    "The bins in which p_data and p_g are compared; their width stands in the title.",
    "units of x",
)
FAIR = Word("fair", "The share of each mode where p_data has all modes equally often.")
BANDS = Word(
    "bands", "The line is the median over the seeds, the bands their middle half and all of them."
)

# Layers of the pictures by their ids: the legend's words.
LAYERS = {
    "p_data": Word("p_data", "The data's density, which G is to reach.", "1 per unit of x"),
    "p_g": Word("p_g", "The generator's density.", "1 per unit of x"),
    "d": Word("D(x)", "The probability that x is real, says the discriminator.", "0 to 1"),
    "d_star": Word(
        "D*(x)", "p_data / (p_data + p_g), the best answer there is against this G.", "0 to 1"
    ),
    "map": Word("z → G(z)", "G as a map: arrows from z to x = G(z) bunch where p_g is high."),
    "gradient": Word(
        "push on G",
        "Where the gradient of G's loss pushes generated points; longer is stronger, and none is "
        "longer than 15 % of the picture.",
    ),
    "real": Word("real samples", "500 samples of p_data."),
    "fake": Word("generated", "Samples of the generator."),
    "average": Word(
        "average of G", "What the running mean of G's weights makes: a thin line, or small crosses."
    ),
    "manifold": Word("z → G(z)", "A grid of latents z as G bends it."),
}

# Numbers above the picture, and in the tiles of many seeds.
READOUTS = {
    "iteration": Word(
        "iterations",
        "Of Algorithm 1 so far, each k updates of D and then of G.",
        "iterations (it)",
    ),
    "rate": Word("rate", "How fast it trains at present.", "iterations a second (it/s)"),
    "backend": Word(
        "how it is computed",
        "Eagerly at once, and by a compiled program, some times faster, once it is ready.",
    ),
}
TILES = {
    "tile": Word(
        "a tile", "One seed of the same configuration, drawn small; a click opens it in its lab."
    ),
    "numbers": Word(
        "its numbers", "The seed, then its JSD and, of modes, how many it has captured.", "nats"
    ),
    "says": Word("the sentence", "What most seeds do at present: the middle half is between "
                 "the lower and the upper quartile."),
}  # fmt: skip

# The MNIST page, by what is shown.
MNIST = {
    "samples": Word(
        "samples", "What G makes of a hundred fixed latents, as in the paper's Figure 2."
    ),
    "nearest": Word(
        "framed column",
        "The training image nearest to the last sample of its row: were they equal, G would copy.",
        "Euclidean distance of images with pixels from 0 to 1",
    ),
    "walk": Word(
        "interpolation in z",
        "What G makes of the latents on a straight way from one to the next, as in Figure 3.",
    ),
    "spread": Word(
        "D(x) of images",
        "How often D gives an answer between 0 (G's) and 1 (real): to training images, to unseen "
        "ones and to G's; training apart from unseen is overfitting of D.",
        "share of images",
    ),
    "losses": Word("losses", "What D and G minimise, without penalties, over the last batch.",
                   "nats"),
    "means": Word(
        "mean of D(x)",
        "D's mean answer to training, unseen and generated images: ½ for all if it cannot tell.",
        "0 to 1",
    ),
    "likelihood": Word(
        "log-likelihood",
        "How likely test images are under a Gaussian window around 10,000 generated images.",
        "nats",
    ),
    "coverage": Word(
        "classes covered",
        "How many of the ten classes G makes, by a classifier fitted to the training images: a "
        "class counts if its share of G's samples is at least a tenth of the data's, without what "
        "is only mistaken for it.",
        "classes",
    ),
    "class_kl": Word(
        "KL(G ‖ data) over classes",
        "How unevenly G makes the classes, KL of their shares among its samples from those in the "
        "data: 0 if equal, ln 10 = 2.3 if ten equal ones shrink to one; the floor is what a "
        "perfect G would read.",
        "nats",
    ),
}  # fmt: skip


def unfold(words: Iterable[Word]) -> list[list[str]]:
    """As the front end reads them: [title, sentence, unit] each."""
    return [[w.title, w.says, w.unit] for w in words]


def of_panel(id: str, keys: Iterable[str], lines: Iterable[str]) -> list[list[str]]:
    """What there is to say of a panel of curves: itself, each curve, the lines across it.

    keys: of its curves, without the number of a run; lines: their titles.
    """
    words = [MNIST.get(id) or PANELS.get(id) or MEASURES[id]]
    if id not in MNIST:
        words += [MEASURES[key] for key in keys if key != id]
    words += {"jsd": [CELLS], "shares": [FAIR]}.get(id, [])
    return unfold([*words, *(LINES[line] for line in lines)])
