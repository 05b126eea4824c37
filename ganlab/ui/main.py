"""The script that Streamlit runs: the frame around the pages."""

import streamlit as st

from ganlab.ui import layout, table

st.set_page_config(page_title="ganlab", page_icon="🌗", layout="wide")
layout.style()
page = st.navigation(table.pages(), position="top")
layout.close_menu(page.url_path)
page.run()
