"""Data that users bring for a target: points, drawings, images.

A target that uses them has a `Param` of kind "data". Its value in a Spec is a short text: the name
of one of the target's `Example`s, or the hash of `Data`. So the Spec, its address, its JSON and all
caches stay small, and two Specs are equal exactly if their data are. The data themselves are in
`STORE`: in the memory of the process, and in a folder that all processes of a server share. Small
data also stand in an address (field `own`); a .ganlab file always holds them.

To add such a target:

    EXAMPLES = Examples("points", dim=2)      # what a new Spec starts with, made by our own code
    EXAMPLES.add(Example(name="moons", title="two moons", make=lambda: Data("points", {"x": ...})))
    PARAM = Param("data", "data", "moons", kind="data", choices=EXAMPLES, doc="...")

    def build(data: str, ...) -> Target:
        mine = EXAMPLES.find(data)            # SpecError in plain words if the data are not here
        return Kernels2D(...)                 # ganlab.targets.kernels: weights at nodes, blurred

To take data in: `name = STORE.put(Data("strokes", {...}))`, and then set the field to `name`.
`ganlab.ui.widgets.EDITORS` has the function that draws the sidebar's editor of a kind of data.
"""

from ganlab.own_data import members
from ganlab.own_data.address_text import FIELD, from_text, to_text
from ganlab.own_data.data import MOST_BYTES, Data, is_name
from ganlab.own_data.examples import Example, Examples, MissingOwnData, names_in
from ganlab.own_data.store import STORE, Store

__all__ = [
    "FIELD",
    "MOST_BYTES",
    "STORE",
    "Data",
    "Example",
    "Examples",
    "MissingOwnData",
    "Store",
    "from_text",
    "is_name",
    "members",
    "names_in",
    "to_text",
]
