"""Whether a server on this machine answers, by Streamlit's settings in the environment.

`python -m ganlab.health` exits with 0 if it does, else with 1; for the health check of a container.
"""

from __future__ import annotations

import os
import ssl
import sys
import urllib.request
from collections.abc import Mapping

_SECONDS = 8.0


def url(environment: Mapping[str, str]) -> str:
    """The address of Streamlit's own answer to "are you healthy?"."""

    def setting(name: str, default: str = "") -> str:
        return environment.get(f"STREAMLIT_{name}", "").strip() or default

    scheme = "https" if setting("SERVER_SSL_CERT_FILE") else "http"
    base = setting("SERVER_BASE_URL_PATH").strip("/")
    place = f"{scheme}://127.0.0.1:{setting('SERVER_PORT', '8501')}"
    return f"{place}/{base}{'/' if base else ''}_stcore/health"


def main() -> int:
    """0 if the server answers, else 1."""
    context = ssl._create_unverified_context()  # its certificate names another host
    try:
        with urllib.request.urlopen(url(os.environ), timeout=_SECONDS, context=context) as answer:
            return 0 if answer.status == 200 else 1
    except OSError as error:
        print(f"ganlab: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
