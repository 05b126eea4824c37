"""The shape that a teacher gives a page: which of its parts an address shows, locks or hides.

    lock=field-*&show=k               every setting is locked, except k
    hide=page-*,layer-d_star,spectrum no menu of pages, no D*, no button "Spectrum"

A name is that of a field in an address (`k`, `t.std`), of a control without a field (`play`), or
`layer-`, `curve-` or `page-` and its name. `field-*`, `tool-*`, `layer-*`, `curve-*` and `page-*`
name all of a kind. What `show` names is shown in any case; a name counts more than all of its kind,
and `hide` more than `lock`. It helps to concentrate and protects nothing: anyone can edit an
address.
"""

from __future__ import annotations

from dataclasses import dataclass

from ganlab.languages import _

FIELDS = ("hide", "lock", "show")  # of an address
FIELD, TOOL, LAYER, CURVE, PAGE = KINDS = ("field", "tool", "layer", "curve", "page")
SHOWN, LOCKED, HIDDEN = "shown", "locked", "hidden"

# Controls of a live view that are not fields: by the ids of their elements, their titles.
TOOLBAR = {
    "play": _("Play"),
    "d": _("One update of D"),
    "g": _("One update of G"),
    "step": _("One iteration"),
    "explain": _("Explain"),
    "speed": _("Speed"),
    "restart": _("Restart"),
    "seed": _("New seed"),
    "spectrum": _("Spectrum"),
    "estimates": _("Estimates"),
    "export": _("Export"),
    "timeline": _("Timeline"),
    "draw-data": _("Draw p_data by hand"),
    "costs": _("Why ↗"),
    "label": _("Label whose D is shown"),
    "follow": _("Follow G"),
    "presenter": _("Presenter mode"),
    "class": _("Class"),
    "offers": _("Buttons that lead to phenomena and cures"),
}
# Controls of a sidebar that are not fields.
SIDEBAR = {
    "kind": _("1-D, 2-D or symbols"),
    "runs": _("Number of seeds"),
    "differs": _("What differs"),
    "strips": _("Ready comparisons"),
    "families": _("Other families of models"),
}
TOOLS = TOOLBAR | SIDEBAR
CURVES = (
    "jsd",
    "w1",
    "tail",
    "value",
    "loss",
    "gradient",
    "modes",
    "shares",
    "data_distance",
    "distances",
    "cycle",
    "accuracy",
    "valid",
    "entropy",
    "covered",
)


def kind_of(name: str) -> str:
    """The kind of a part."""
    prefix = name.partition("-")[0]
    if prefix in (LAYER, CURVE, PAGE):
        return prefix
    return TOOL if name in TOOLS else FIELD


@dataclass(frozen=True)
class Shape:
    """The parts of a page that are hidden, locked and shown, as an address names them."""

    hide: tuple[str, ...] = ()
    lock: tuple[str, ...] = ()
    show: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.hide or self.lock)

    def state(self, name: str) -> str:
        """Whether a part is shown, locked or hidden."""
        if name in self.show:
            return SHOWN
        for one in (name, f"{kind_of(name)}-*"):
            if one in self.hide:
                return HIDDEN
            if one in self.lock:
                return LOCKED
        return SHOWN

    def hidden(self, name: str) -> bool:
        """Whether a part is hidden."""
        return self.state(name) == HIDDEN

    def fixed(self, name: str) -> bool:
        """Whether a part cannot be used: it is locked or hidden."""
        return self.state(name) != SHOWN

    def pairs(self) -> list[tuple[str, str]]:
        """Its fields of an address."""
        values = zip(FIELDS, (self.hide, self.lock, self.show), strict=True)
        return [(field, ",".join(names)) for field, names in values if names]
