"""Pictures and films of runs as files: what the page shows, drawn by the page's own JavaScript.

The front end's modules are executed in V8 without a browser; what they draw on canvases is drawn
by Skia, as in a browser. This needs the extra "film": `pip install "ganlab[film]"`.
"""

from __future__ import annotations

from ganlab.pictures.films import FILMS, film
from ganlab.pictures.still import STILLS, picture

__all__ = ["FILMS", "STILLS", "film", "picture"]
