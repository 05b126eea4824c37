"""An explanation, with its unit, of every number and curve on a page.

The "?" beside each curve shows its explanation, and docs/measures.md lists them all.
"""

from __future__ import annotations

from collections.abc import Iterable

from ganlab.languages import _
from ganlab.layer_words import LAYERS as LAYERS
from ganlab.layer_words import Word as Word

_OUTPUT = _(
    "nats; for least squares, Wasserstein, hinge, Pearson and Hellinger: units of D's output"
)

# By their keys in `Snapshot.metrics` and in the history of a run.
MEASURES = {
    "jsd": Word(
        _("JSD"),
        _(
            "The Jensen-Shannon divergence of p_data and p_g, computed on cells: 0 if "
            "they are equal, ln 2 if no cell holds mass of both."
        ),
        _("nats"),
    ),
    "jsd_smooth": Word(
        _("smoothed JSD"),
        _(
            "The JSD after both densities are blurred by two cells, so that p_g near "
            "p_data scores better than p_g far from it."
        ),
        _("nats"),
    ),
    "w1": Word(
        "W₁",
        _(
            "The Wasserstein-1 distance: how far p_g's mass must be moved, on average, "
            "to become p_data. In 2-D it is sliced: the mean over 31 directions, within "
            "1 % of all directions."
        ),
        _("units of x"),
    ),
    "jsd_labels": Word(
        _("JSD with labels"),
        _(
            "The JSD of the pairs of x and label: that of each label's densities, "
            "averaged by the labels' probabilities. It is above the JSD of x alone if G "
            "ignores its labels."
        ),
        _("nats"),
    ),
    "obeyed": Word(
        _("labels obeyed"),
        _(
            "The share of generated samples at which the label that G was given is the "
            "likeliest one under p_data."
        ),
        _("share of samples"),
    ),
    "accuracy": Word(
        _("accuracy of D's labels"),
        _(
            "The share of 4,096 samples of p_data, none of them trained on, whose label "
            "is D's largest output. D learns the labels of a few points, and p_data from "
            "its game."
        ),
        _("share of samples"),
    ),
    "accuracy_alone": Word(
        _("accuracy without a game"),
        _(
            "The same of a net of D's shape, trained on the same labelled points for as "
            "many updates, without other data."
        ),
        _("share of samples"),
    ),
    "cycle_x": Word(
        "|x − G(E(x))|",
        _(
            "The mean distance from x to G(E(x)) over 1,024 points x of p_data: 0 if G "
            "inverts E there, and large where G does not generate such points."
        ),
        _("units of x"),
    ),
    "cycle_z": Word(
        "|z − E(G(z))|",
        _(
            "The mean distance from z to E(G(z)) over 1,024 latents: 0 if E inverts G. "
            "Where G maps several z to the same x, E can return only one of them, or "
            "their mean."
        ),
        _("units of z"),
    ),
    "tail": Word(
        _("reach of the tails"),
        _(
            "The width between the 0.1 % and 99.9 % quantiles of p_g, divided by that of "
            "p_data. Far below 1, G's tails are too light, whatever the JSD; a "
            "heavy-tailed latent helps."
        ),
        _("ratio"),
    ),
    "value": Word(
        "V(D, G)",
        _(
            "The value of the game, E log D(x) + E log(1 − D(G(z))): D maximises it, G "
            "minimises it. With joint inference D judges pairs (x, E(x)) and (G(z), z)."
        ),
        _("nats"),
    ),
    "c_g": Word(
        "C(G)",
        _(
            "−log 4 + 2 JSD, the value that the optimal D reaches against this G; with "
            "labels, the JSD with labels. V cannot exceed it, except by the errors of "
            "the cells and samples used."
        ),
        _("nats"),
    ),
    "value_data": Word(
        _("V on the training data"),
        _(
            "The value of the game with its first expectation over the training data. "
            "Above V on new data, D has learnt these points instead of p_data."
        ),
        _("nats"),
    ),
    "overfit": Word(
        _("V on the training data − V on new data"),
        _(
            "How much better D judges the points that it was trained on: 0 if it has "
            "learnt p_data, large if it has learnt the points."
        ),
        _("nats"),
    ),
    "data_distance": Word(
        _("distance to the nearest training point"),
        _(
            "The median over generated samples, divided by that of new data: about 1 if "
            "G makes new samples, 0 if it copies."
        ),
        _("ratio"),
    ),
    "gap": Word(
        "C(G) − V(D, G)",
        _("How much D could still improve against this G: 0 if D is the optimal D*."),
        _("nats"),
    ),
    "d_loss": Word(_("D's loss"), _("The loss that D minimises, without its penalties."), _OUTPUT),
    "g_loss": Word(_("G's loss"), _("The loss that G minimises, without its penalties."), _OUTPUT),
    "grad_x": Word(
        _("gradient at x"),
        _("How hard D pushes generated points: the mean norm of the gradient of G's loss in x."),
        _("loss per unit of x"),
    ),
    "grad_g": Word(
        _("gradient at G's weights"),
        _(
            "How much of that push reaches G: the norm of the gradient of G's loss in "
            "all its weights."
        ),
        _("loss per unit of weight"),
    ),
    "d_distance": Word(
        "|D − D*|",
        _(
            "The distance of D from the optimal D*, averaged over the points that D "
            "trains on, with their labels if there are any."
        ),
        _("probability"),
    ),
    "d_accuracy": Word(
        _("D's accuracy"),
        _(
            "The share of samples, half of them real, that D puts on the right side of "
            "½. It has won if this stays above 99 %."
        ),
        _("share of samples"),
    ),
    "modes": Word(
        _("modes captured"),
        _(
            "The number of modes of p_data with at least one of 2,500 generated samples "
            "within 3σ. Of symbols: those with at least a quarter of their probability."
        ),
        _("modes"),
    ),
    "hq": Word(
        _("high quality"),
        _(
            "The share of 2,500 generated samples that lie within 3σ of a mode. Of "
            "symbols: the mass of p_g on those that p_data has."
        ),
        _("share of samples"),
    ),
    "entropy": Word(
        _("entropy of p_g"),
        _(
            "Of symbols: −Σ p_g log p_g. Below that of p_data, G leaves symbols out or "
            "prefers some."
        ),
        _("nats"),
    ),
    "reverse_kl": Word(
        _("reverse KL"),
        _(
            "KL(p_g ‖ p_data) over the modes, from samples within 3σ of one: 0 if G "
            "covers all modes in the right proportions."
        ),
        _("nats"),
    ),
    "held": Word(
        _("modes held"),
        _(
            "The number of modes that have at least a quarter of their share of p_data "
            "near them: within 3σ, or a quarter of the way to the next mode if that is "
            "farther."
        ),
        _("modes"),
    ),
    "leader": Word(
        _("leading mode"),
        _("The mode, counted from 0, nearest to the most generated samples."),
        _("number of the mode"),
    ),
    "lead": Word(
        _("its share"),
        _("The share of samples nearest to the leading mode."),
        _("share of samples"),
    ),
}

# Panels that show several measures, or one that is not in `MEASURES`.
PANELS = {
    "loss": Word(_("losses"), _("The losses of D and G: in a balanced game neither diverges.")),
    "gradient": Word(
        _("gradient that reaches G"),
        _(
            "The strength of G's training signal, on a logarithmic axis: if it vanishes, "
            "G stands still."
        ),
    ),
    "cycle": Word(
        _("cycle errors of E and G"),
        _(
            "How far x → E(x) → G(E(x)) and z → G(z) → E(G(z)) end from where they "
            "began. With joint inference both are 0 at the optimum of the theory, where "
            "E and G invert each other; if they are not, D still tells the pairs apart."
        ),
    ),
    "shares": Word(
        _("share of each mode"),
        _(
            "The share of generated samples nearest to each mode. The thin line is the "
            "mode's share in p_data; orange marks a mode with less than a tenth of it."
        ),
        _("share of samples"),
    ),
    "distances": Word(
        _("how near G's samples are to the data"),
        _(
            "A histogram of the distances of generated samples to the nearest training "
            "point, in units of the median of new data; the last bar has all that are "
            "farther. The thin lines are the histogram of new data: bars at 0 are copies."
        ),
        _("share of samples"),
    ),
    "covered": Word(
        _("covered"), _("The symbols that have at least a quarter of their probability.")
    ),
    "valid": Word(_("valid share"), _("The mass of p_g on strings that belong to the grammar.")),
}

# Reference lines across a panel by their titles, and the words in a panel's title.
LINES = {
    "ln 2": Word(_("ln 2"), _("0.693, the JSD of densities that share no cell: its maximum.")),
    "floor": Word(
        _("floor"),
        _(
            "The score of a perfect generator under the same estimator, above 0 because "
            "cells and samples are finite."
        ),
    ),
    "−log 4": Word(
        _("−log 4"), _("−1.386, the value if p_g equals p_data, where D can only answer ½.")
    ),
    "p_data's": Word(_("p_data's"), _("1: the tails of p_g reach as far as those of p_data.")),
    "best": Word(
        _("best"), _("The accuracy of a classifier that knows p_data: parts may overlap.")
    ),
    "all": Word(_("all"), _("All modes are captured.")),
    "of p_data": Word(_("of p_data"), _("The value of p_data itself.")),
    "all valid": Word(_("all valid"), _("1: G makes strings of the grammar only.")),
    "D = D*": Word("D = D*", _("D is optimal against this G.")),
    "new data": Word(
        _("new data"), _("1: as far from the training data as new samples of p_data are.")
    ),
    "0": Word("0", _("D judges training data and new data alike.")),
    "½": Word("½", _("D cannot tell real from generated.")),
}
CELLS = Word(
    _("cells"),
    _("The bins on which p_data and p_g are compared; the title gives their width."),
    _("units of x"),
)
FAIR = Word(_("fair"), _("The share of each mode in p_data, if all modes have equal weights."))
BANDS = Word(
    _("bands"),
    _(
        "The line is the median over the seeds, the inner band their middle half, "
        "the outer band all of them."
    ),
)

# Numbers above the picture, and in the tiles of many seeds.
READOUTS = {
    "iteration": Word(
        _("iterations"),
        _("Iterations of Algorithm 1 so far; each has k updates of D, then the updates of G."),
        _("iterations (it)"),
    ),
    "rate": Word(_("rate"), _("The current speed of training."), _("iterations per second (it/s)")),
    "backend": Word(
        _("how it is computed"),
        _(
            "Runs start eagerly; a compiled program, which is several times faster, "
            "takes over when it is ready."
        ),
    ),
}
TILES = {
    "tile": Word(
        _("a tile"), _("One seed of the same configuration; click it to open the seed in its lab.")
    ),
    "numbers": Word(
        _("its numbers"), _("The seed, its JSD, and the number of modes that it has captured."),
            _("nats")
    ),
    "says": Word(_("the sentence"),
        _("The current state of the seeds; half of them lie between the lower and the "
"upper quartile.")),
}  # fmt: skip

# The views of the MNIST page.
MNIST = {
    "samples": Word(
        _("samples"), _("Samples of G at a hundred fixed latents, as in the paper's Figure 2.")
    ),
    "nearest": Word(
        _("framed column"),
        _("The training image nearest to the last sample of its row. If both are "
"equal, G copies."),
        _("Euclidean distance of images with pixels from 0 to 1"),
    ),
    "walk": Word(
        _("interpolation in z"),
        _("Samples of G at latents on straight lines between fixed latents, as in Figure 3."),
    ),
    "spread": Word(
        _("D(x) of images"),
        _("Histogram of D's outputs, from 0 (generated) to 1 (real), for training "
"images, unseen images and samples of G. If training and unseen images "
"differ, D overfits."),
        _("share of images"),
    ),
    "losses": Word(_("losses"), _("The losses of D and G, without penalties, on the last batch."),
                   _("nats")),
    "means": Word(
        _("mean of D(x)"),
        _("D's mean output for training, unseen and generated images: ½ for all if it "
"cannot tell."),
        _("0 to 1"),
    ),
    "likelihood": Word(
        _("log-likelihood"),
        _("The mean log-likelihood of test images under a Gaussian kernel density "
"(Parzen window) fitted to 10,000 generated images."),
        _("nats"),
    ),
    "coverage": Word(
        _("classes covered"),
        _("How many of the ten classes G generates, judged by a classifier fitted to "
"the training images. A class counts if its share of G's samples, corrected "
"for expected misclassifications, is at least a tenth of its share in the "
"data."),
        _("classes"),
    ),
    "class_kl": Word(
        _("KL(G ‖ data) over classes"),
        _("How unevenly G generates the classes: the KL divergence of their shares in "
"G's samples from those in the data, 0 if they are equal and ln 10 = 2.3 if "
"only one of ten equal classes is left. The floor is the score of a perfect "
"G."),
        _("nats"),
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
