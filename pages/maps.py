"""Maps: sweeps that are trained in separate processes and fill while one watches."""

from ganlab.ui import navigation

navigation.headline(navigation.MAPS)

from ganlab.ui.maps.page import maps  # noqa: E402  slow: the headline is drawn first

maps()
