"""The script that Streamlit executes: it sets up what all pages share, then shows the page."""

import sys

import streamlit as st

from ganlab import paths, variants
from ganlab.ui import language, layout, navigation, shaped
from ganlab.ui.frame import frame

st.set_page_config(page_title="ganlab", page_icon=paths.ASSETS / "icon.svg", layout="wide")
layout.style()
spoken, named = language.choose()
variants.load()  # they may add pages
shape = shaped.take(tuple(navigation.PAGES))
page = st.navigation(navigation.pages(shape), position="top")
ready = hasattr(sys.modules.get("ganlab.ui.lab"), "lab")
frame(page.url_path, ready, spoken, named, shape)
page.run()
shown = page.url_path or navigation.HOME
if shown in navigation.PAGES and not navigation.PAGES[shown].live:
    from ganlab.ui.drop_zone import drop_zone  # slow: the page is drawn first

    drop_zone()
