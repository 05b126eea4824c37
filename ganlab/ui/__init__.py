"""The Streamlit side: pages, widgets made from the registries, and the live view's component."""
