"""The Streamlit side: pages, widgets from the registries, and the mount of the live view."""
