"""Maps: sweeps that are trained in separate processes and fill while the page is open."""

from ganlab.ui import navigation

navigation.headline(navigation.MAPS)

from ganlab.ui.maps.page import maps  # noqa: E402  slow: the headline is drawn first

maps()
