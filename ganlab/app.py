"""The app: `streamlit run ganlab/app.py`. One process and one port for pages and live views."""

from __future__ import annotations

import gc
from pathlib import Path

import plotly
import streamlit as st
from starlette.routing import Mount, WebSocketRoute
from starlette.staticfiles import StaticFiles

from ganlab import paths
from ganlab.live.socket import endpoint

app = st.App(
    Path(__file__).parent / "ui" / "main.py",
    routes=[
        WebSocketRoute("/live/{token}", endpoint),
        Mount(f"/{paths.ASSETS_URL}", StaticFiles(directory=paths.ASSETS)),
        Mount(
            f"/{paths.PLOTLY_URL}",
            StaticFiles(directory=Path(plotly.__file__).parent / "package_data"),
        ),
    ],
)

# A full collection over torch's and Streamlit's objects takes 0.16 s and would stall the picture.
gc.collect()
gc.freeze()
