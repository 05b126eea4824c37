"""An explanation, with its unit, of every number and curve on a page.

The "?" beside each curve shows its explanation, and docs/measures.md lists them all.
"""

from __future__ import annotations

from collections.abc import Iterable

from ganlab.layer_words import LAYERS as LAYERS
from ganlab.layer_words import Word as Word

_OUTPUT = "nats; for least squares, Wasserstein, hinge, Pearson and Hellinger: units of D's output"

# By their keys in `Snapshot.metrics` and in the history of a run.
MEASURES = {
    "jsd": Word(
        "JSD",
        "The Jensen-Shannon divergence of p_data and p_g, computed on cells: 0 if they are equal, "
        "ln 2 if no cell holds mass of both.",
        "nats",
    ),
    "jsd_smooth": Word(
        "smoothed JSD",
        "The JSD after both densities are blurred by two cells, so that p_g near p_data scores "
        "better than p_g far from it.",
        "nats",
    ),
    "w1": Word(
        "W₁",
        "The Wasserstein-1 distance: how far p_g's mass must be moved, on average, to become "
        "p_data. In 2-D it is sliced: the mean over 31 directions, within 1 % of all directions.",
        "units of x",
    ),
    "jsd_labels": Word(
        "JSD with labels",
        "The JSD of the pairs of x and label: that of each label's densities, averaged by the "
        "labels' probabilities. It is above the JSD of x alone if G ignores its labels.",
        "nats",
    ),
    "obeyed": Word(
        "labels obeyed",
        "The share of generated samples at which the label that G was given is the likeliest one "
        "under p_data.",
        "share of samples",
    ),
    "accuracy": Word(
        "accuracy of D's labels",
        "The share of 4,096 samples of p_data, none of them trained on, whose label is D's largest "
        "output. D learns the labels of a few points, and p_data from its game.",
        "share of samples",
    ),
    "accuracy_alone": Word(
        "accuracy without a game",
        "The same of a net of D's shape, trained on the same labelled points for as many updates, "
        "without other data.",
        "share of samples",
    ),
    "cycle_x": Word(
        "|x − G(E(x))|",
        "The mean distance from x to G(E(x)) over 1,024 points x of p_data: 0 if G inverts E "
        "there, and large where G does not generate such points.",
        "units of x",
    ),
    "cycle_z": Word(
        "|z − E(G(z))|",
        "The mean distance from z to E(G(z)) over 1,024 latents: 0 if E inverts G. Where G maps "
        "several z to the same x, E can return only one of them, or their mean.",
        "units of z",
    ),
    "tail": Word(
        "reach of the tails",
        "The width between the 0.1 % and 99.9 % quantiles of p_g, divided by that of p_data. "
        "Far below 1, G's tails are too light, whatever the JSD; a heavy-tailed latent helps.",
        "ratio",
    ),
    "value": Word(
        "V(D, G)",
        "The value of the game, E log D(x) + E log(1 − D(G(z))): D maximises it, G minimises it. "
        "With joint inference D judges pairs (x, E(x)) and (G(z), z).",
        "nats",
    ),
    "c_g": Word(
        "C(G)",
        "−log 4 + 2 JSD, the value that the optimal D reaches against this G; with labels, the "
        "JSD with labels. V cannot exceed it, except by the errors of the cells and samples used.",
        "nats",
    ),
    "value_data": Word(
        "V on the training data",
        "The value of the game with its first expectation over the training data. Above V on new "
        "data, D has learnt these points instead of p_data.",
        "nats",
    ),
    "overfit": Word(
        "V on the training data − V on new data",
        "How much better D judges the points that it was trained on: 0 if it has learnt p_data, "
        "large if it has learnt the points.",
        "nats",
    ),
    "data_distance": Word(
        "distance to the nearest training point",
        "The median over generated samples, divided by that of new data: about 1 if G makes new "
        "samples, 0 if it copies.",
        "ratio",
    ),
    "gap": Word(
        "C(G) − V(D, G)",
        "How much D could still improve against this G: 0 if D is the optimal D*.",
        "nats",
    ),
    "d_loss": Word("D's loss", "The loss that D minimises, without its penalties.", _OUTPUT),
    "g_loss": Word("G's loss", "The loss that G minimises, without its penalties.", _OUTPUT),
    "grad_x": Word(
        "gradient at x",
        "How hard D pushes generated points: the mean norm of the gradient of G's loss in x.",
        "loss per unit of x",
    ),
    "grad_g": Word(
        "gradient at G's weights",
        "How much of that push reaches G: the norm of the gradient of G's loss in all its weights.",
        "loss per unit of weight",
    ),
    "d_distance": Word(
        "|D − D*|",
        "The distance of D from the optimal D*, averaged over the points that D trains on, with "
        "their labels if there are any.",
        "probability",
    ),
    "d_accuracy": Word(
        "D's accuracy",
        "The share of samples, half of them real, that D puts on the right side of ½. It has won "
        "if this stays above 99 %.",
        "share of samples",
    ),
    "modes": Word(
        "modes captured",
        "The number of modes of p_data with at least one of 2,500 generated samples within 3σ. Of "
        "symbols: those with at least a quarter of their probability.",
        "modes",
    ),
    "hq": Word(
        "high quality",
        "The share of 2,500 generated samples that lie within 3σ of a mode. Of symbols: the mass "
        "of p_g on those that p_data has.",
        "share of samples",
    ),
    "entropy": Word(
        "entropy of p_g",
        "Of symbols: −Σ p_g log p_g. Below that of p_data, G leaves symbols out or prefers some.",
        "nats",
    ),
    "reverse_kl": Word(
        "reverse KL",
        "KL(p_g ‖ p_data) over the modes, from samples within 3σ of one: 0 if G covers all modes "
        "in the right proportions.",
        "nats",
    ),
    "held": Word(
        "modes held",
        "The number of modes that have at least a quarter of their share of p_data near them: "
        "within 3σ, or a quarter of the way to the next mode if that is farther.",
        "modes",
    ),
    "leader": Word(
        "leading mode",
        "The mode, counted from 0, nearest to the most generated samples.",
        "number of the mode",
    ),
    "lead": Word(
        "its share", "The share of samples nearest to the leading mode.", "share of samples"
    ),
}

# Panels that show several measures, or one that is not in `MEASURES`.
PANELS = {
    "loss": Word("losses", "The losses of D and G: in a balanced game neither diverges."),
    "gradient": Word(
        "gradient that reaches G",
        "The strength of G's training signal, on a logarithmic axis: if it vanishes, G stands "
        "still.",
    ),
    "cycle": Word(
        "cycle errors of E and G",
        "How far x → E(x) → G(E(x)) and z → G(z) → E(G(z)) end from where they began. With joint "
        "inference both are 0 at the optimum of the theory, where E and G invert each other; if "
        "they are not, D still tells the pairs apart.",
    ),
    "shares": Word(
        "share of each mode",
        "The share of generated samples nearest to each mode. The thin line is the mode's share in "
        "p_data; orange marks a mode with less than a tenth of it.",
        "share of samples",
    ),
    "distances": Word(
        "how near G's samples are to the data",
        "A histogram of the distances of generated samples to the nearest training point, in units "
        "of the median of new data; the last bar has all that are farther. The thin lines are the "
        "histogram of new data: bars at 0 are copies.",
        "share of samples",
    ),
    "covered": Word("covered", "The symbols that have at least a quarter of their probability."),
    "valid": Word("valid share", "The mass of p_g on strings that belong to the grammar."),
}

# Reference lines across a panel by their titles, and the words in a panel's title.
LINES = {
    "ln 2": Word("ln 2", "0.693, the JSD of densities that share no cell: its maximum."),
    "floor": Word(
        "floor",
        "The score of a perfect generator under the same estimator, above 0 because cells and "
        "samples are finite.",
    ),
    "−log 4": Word("−log 4", "−1.386, the value if p_g equals p_data, where D can only answer ½."),
    "p_data's": Word("p_data's", "1: the tails of p_g reach as far as those of p_data."),
    "best": Word("best", "The accuracy of a classifier that knows p_data: parts may overlap."),
    "all": Word("all", "All modes are captured."),
    "of p_data": Word("of p_data", "The value of p_data itself."),
    "all valid": Word("all valid", "1: G makes strings of the grammar only."),
    "D = D*": Word("D = D*", "D is optimal against this G."),
    "new data": Word("new data", "1: as far from the training data as new samples of p_data are."),
    "0": Word("0", "D judges training data and new data alike."),
    "½": Word("½", "D cannot tell real from generated."),
}
CELLS = Word(
    "cells",
    "The bins on which p_data and p_g are compared; the title gives their width.",
    "units of x",
)
FAIR = Word("fair", "The share of each mode in p_data, if all modes have equal weights.")
BANDS = Word(
    "bands",
    "The line is the median over the seeds, the inner band their middle half, the outer "
    "band all of them.",
)

# Numbers above the picture, and in the tiles of many seeds.
READOUTS = {
    "iteration": Word(
        "iterations",
        "Iterations of Algorithm 1 so far; each has k updates of D, then the updates of G.",
        "iterations (it)",
    ),
    "rate": Word("rate", "The current speed of training.", "iterations per second (it/s)"),
    "backend": Word(
        "how it is computed",
        "Runs start eagerly; a compiled program, which is several times faster, takes over when "
        "it is ready.",
    ),
}
TILES = {
    "tile": Word(
        "a tile", "One seed of the same configuration; click it to open the seed in its lab."
    ),
    "numbers": Word(
        "its numbers", "The seed, its JSD, and the number of modes that it has captured.", "nats"
    ),
    "says": Word("the sentence", "The current state of the seeds; half of them lie between the "
                 "lower and the upper quartile."),
}  # fmt: skip

# The views of the MNIST page.
MNIST = {
    "samples": Word(
        "samples", "Samples of G at a hundred fixed latents, as in the paper's Figure 2."
    ),
    "nearest": Word(
        "framed column",
        "The training image nearest to the last sample of its row. If both are equal, G copies.",
        "Euclidean distance of images with pixels from 0 to 1",
    ),
    "walk": Word(
        "interpolation in z",
        "Samples of G at latents on straight lines between fixed latents, as in Figure 3.",
    ),
    "spread": Word(
        "D(x) of images",
        "Histogram of D's outputs, from 0 (generated) to 1 (real), for training images, unseen "
        "images and samples of G. If training and unseen images differ, D overfits.",
        "share of images",
    ),
    "losses": Word("losses", "The losses of D and G, without penalties, on the last batch.",
                   "nats"),
    "means": Word(
        "mean of D(x)",
        "D's mean output for training, unseen and generated images: ½ for all if it cannot tell.",
        "0 to 1",
    ),
    "likelihood": Word(
        "log-likelihood",
        "The mean log-likelihood of test images under a Gaussian kernel density (Parzen window) "
        "fitted to 10,000 generated images.",
        "nats",
    ),
    "coverage": Word(
        "classes covered",
        "How many of the ten classes G generates, judged by a classifier fitted to the training "
        "images. A class counts if its share of G's samples, corrected for expected "
        "misclassifications, is at least a tenth of its share in the data.",
        "classes",
    ),
    "class_kl": Word(
        "KL(G ‖ data) over classes",
        "How unevenly G generates the classes: the KL divergence of their shares in G's samples "
        "from those in the data, 0 if they are equal and ln 10 = 2.3 if only one of ten equal "
        "classes is left. The floor is the score of a perfect G.",
        "nats",
    ),
}  # fmt: skip


def unfold(words: Iterable[Word]) -> list[list[str]]:
    """The words as the front end reads them: a list of [title, sentence, unit]."""
    return [[w.title, w.says, w.unit] for w in words]


def of_panel(id: str, keys: Iterable[str], lines: Iterable[str]) -> list[list[str]]:
    """The words for a panel of curves: the panel's, each curve's, and each reference line's.

    keys: the curves' keys without the number of a run. lines: the titles of the reference lines.
    """
    words = [MNIST.get(id) or PANELS.get(id) or MEASURES[id]]
    if id not in MNIST:
        words += [MEASURES[key] for key in keys if key != id]
    words += {"jsd": [CELLS], "shares": [FAIR]}.get(id, [])
    return unfold([*words, *(LINES[line] for line in lines)])
