"""Who uses a page: the operator, or a visitor who may change only their own runs."""

from __future__ import annotations

import time
from typing import Any

import streamlit as st

from ganlab import rights
from ganlab.jobs.folder import Folder
from ganlab.languages import tr
from ganlab.ui.atomic import atomic

_OPERATOR = "_operator"
_VISITOR = "_visitor"
_ASKED = "operator"  # in the address
_TYPED = "operator_token"
_WAIT = 0.5  # seconds of delay after a wrong token


def owner() -> str:
    """The identifier of this visitor that is stored beside their runs."""
    name = rights.known_visitor(st.context.cookies.get(rights.COOKIE))
    # Without a cookie the name lasts as long as the page is open.
    name = name or st.session_state.setdefault(_VISITOR, rights.new_visitor())
    return rights.owner_of(name)


def is_operator() -> bool:
    """Whether this page may do everything: it has the token or is on the server's machine."""
    return bool(st.session_state.get(_OPERATOR)) or _local()


def may_change(run: Folder[Any, Any, Any]) -> bool:
    """Whether this visitor owns the run or is the operator."""
    return is_operator() or (run.owner != "" and run.owner == owner())


def admit() -> None:
    """Remove the operator's token from the address, so that a copied link does not contain it."""
    token = st.query_params.get(_ASKED)
    if token is not None:
        _enter(token)
        del st.query_params[_ASKED]


def token_field() -> None:
    """The field in which the operator's token can be entered."""
    with st.popover(tr("Operator"), icon=":material/key:", type="tertiary"):
        st.text_input(
            tr("Operator's token"),
            key=_TYPED,
            type="password",
            help=tr("The server prints it when it starts."),
            on_change=lambda: atomic(lambda: _enter(st.session_state[_TYPED])),
        )
        if st.session_state.get(_OPERATOR) is False:
            st.error(tr("That is not the operator's token."), icon=":material/error:")


def _enter(token: str) -> None:
    st.session_state[_OPERATOR] = right = rights.is_operator_token(token)
    if not right:
        time.sleep(_WAIT)


def _local() -> bool:
    headers = st.context.headers.to_dict()
    if not headers:  # there is no connection
        return True
    public = st.get_option("browser.serverAddress") or "localhost"
    return rights.is_local(_remote(), headers, public)


def _remote() -> str | None:
    """The address of the other end; None if unknown. Streamlit's ip_address is None locally."""
    from streamlit.runtime import context

    try:
        client = context._get_client_context()
        return client.remote_ip if client is not None else None
    except AttributeError:
        return st.context.ip_address
