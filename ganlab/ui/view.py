"""The live view's Streamlit component, which gets the socket's address and loads the front end."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, NoReturn

import streamlit as st

from ganlab import paths
from ganlab.languages import _, tr
from ganlab.live.opened import most_bytes, tables
from ganlab.live.session import Session
from ganlab.shape import FIELDS, PAGE, TOOLS
from ganlab.ui import navigation
from ganlab.ui.atomic import heard

# The JavaScript that every component of ganlab starts with.
# `at(path)`: an address below the app's own. It is derived from the address of Streamlit's script,
# so that it holds behind any base path and proxy.
# `load(path, root, closed)`: import a module. While that fails, show why in `root` and retry.
# `place(parent, path, mount)`: show the view that `mount(module, root, data)` makes with a module,
# once it is there. Returns {update(data), close()}, which `views` has by `parent`.
# `leaving(parent)`: the function that Streamlit calls when the component may have gone.
LOADER = """
const LONGEST = 20000;  // ms between two attempts
const at = (path) => {
  const script = document.querySelector('script[src*="/static/js/"]');
  return new URL(path, script ? new URL('../../', script.src) : document.baseURI);
};

// Texts in the reader's language, which `ganlab.ui.frame` has put into the page.
const say = (text, fields = {}) => (window.ganlabTexts?.[text] ?? text)
  .replace(/\\{(\\w+)\\}/g, (_, name) => fields[name]);

async function speak(url) {
  const { dataset } = document.documentElement;
  for (let tries = 0; !dataset.language && tries < 500; tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 10));
  const words = await import(new URL('words.js', url).href);
  await words.speak(dataset.language ?? 'en', url).catch((error) => console.warn('ganlab', error));
}

async function why(url, error) {
  let answer;
  try {
    answer = await fetch(url, { cache: 'no-store', signal: AbortSignal.timeout(8000) });
  } catch {
    return say('NO_ANSWER', { path: url.pathname });
  }
  const about = { path: url.pathname, status: answer.status, error: error.message };
  if (answer.status >= 500) return say('BROKEN', about);
  if (!answer.ok) return say('OTHER', about);
  if (!/javascript/.test(answer.headers.get('content-type') || '')) return say('NO_SCRIPT', about);
  return say('REFUSED', about);
}

async function load(path, root, closed) {
  const url = at(path);
  const words = document.createElement('p');
  words.setAttribute('role', 'alert');
  words.dataset.testid = 'trouble';
  words.style.cssText = 'max-width: 44rem; margin: 1rem 0; padding: 0.6rem 0.9rem;'
    + 'border-left: 4px solid var(--st-orange-text-color);'
    + 'background: var(--st-secondary-background-color); line-height: 1.45;'
    + 'overflow-wrap: anywhere;';
  for (let tries = 0; !closed(); tries += 1) {
    try {
      // Some browsers remember by its address that a script failed.
      await speak(url);
      const module = await import(url.href + (tries ? '?again=' + tries : ''));
      words.remove();
      return closed() ? null : module;
    } catch (error) {
      const text = await why(url, error);
      if (closed()) return null;
      const wait = Math.min(LONGEST, 1000 * 1.6 ** tries) * (0.8 + 0.4 * Math.random());
      words.textContent = say('TROUBLE', { why: text });
      if (!words.isConnected) root.append(words);
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
  return null;
}

const views = new WeakMap();
function place(parent, path, mount) {
  const root = document.createElement('div');
  parent.appendChild(root);
  let view = null, closed = false, newest;
  const entry = {
    update: (data) => { newest = data; if (view) view.update(data); },
    close: () => {
      closed = true;
      if (view) view.destroy();
      root.remove();
      views.delete(parent);
    },
  };
  views.set(parent, entry);
  load(path, root, () => closed).then((module) => {
    if (module) view = mount(module, root, newest);
  });
  return entry;
}

const leaving = (parent) => () => { if (!parent.isConnected) views.get(parent)?.close(); };
"""
TEXTS = {
    "NO_ANSWER": _("The server does not answer, or something on the way to it blocks {path}."),
    "BROKEN": _("The server behind this address does not answer ({status})."),
    "OTHER": _(
        "The server answers, but not with {path} ({status}). If ganlab was updated, reload this "
        "page. A proxy in between must forward this path."
    ),
    "NO_SCRIPT": _(
        "The answer for {path} is not a script: a proxy in between must forward this path to "
        "ganlab."
    ),
    "REFUSED": _(
        "The script {path} is there, but this browser does not execute it ({error}). The cause may "
        "be a content blocker, a security policy or an old browser."
    ),
    "TROUBLE": _("The picture cannot be shown yet. {why} This page keeps trying."),
}
for _key, _text in TEXTS.items():
    LOADER = LOADER.replace(f"say('{_key}'", f"say({json.dumps(_text)}")

_JS = (
    LOADER
    + """
// The frame of the next page is drawn before the server has answered: see frame.py.
const leave = (detail) => document.dispatchEvent(new CustomEvent('ganlab-leaves', { detail }));
export default function ({ data: [data], parentElement, setTriggerValue }) {
  let entry = views.get(parentElement);
  const report = (entry) => setTriggerValue('gone', {
    search: entry.search ?? location.search, token: entry.socket.split('/').pop(),
  });
  const shape = JSON.stringify(data.shape);
  if (entry && entry.socket === data.socket && entry.shape !== shape) {
    entry.close();
    entry = null;
  }
  if (entry && entry.socket !== data.socket) {
    // A new session while the connection to the previous one was lost: that one is gone.
    if (entry.search !== null) report(entry);
    entry.close();
    entry = null;
  }
  if (!entry) {
    const socket = at(data.socket);
    socket.protocol = socket.protocol.replace('http', 'ws');
    const path = data.assets + '/live/' + data.module;
    const made = entry = place(parentElement, path, (module, root) => module.mount(root, {
      socket: `${socket.href}?lang=${document.documentElement.dataset.language ?? 'en'}`,
      others: data.others,
      largest: data.largest,
      tables: data.tables,
      shape: data.shape,
      shaping: data.shaping,
      plotly: at(data.plotly + '/plotly.min.js').href,
      theory: at(data.theory).href,
      labs: data.labs.map((path) => at(path).href),
      page: (path) => at(path).href,
      onLost: () => { made.search = location.search; },
      onBack: () => { made.search = null; },
      onGone: () => report(made),
      onOpen: (seed) => {
        leave();
        setTriggerValue('open', seed);
      },
      onAct: (act) => {
        if (act.act === 'preset') leave();
        if (act.act === 'lesson') leave();
        if (act.act === 'gallery') leave(data.gallery);
        if (act.act === 'lessons') leave(data.lessons);
        setTriggerValue('act', act);
      },
    }));
    entry.socket = data.socket;
    entry.shape = shape;
    // The address when the connection was lost: Streamlit may restore an older one.
    entry.search = null;
  } else entry.update();
  return leaving(parentElement);
}
"""
)

_ANSWERED = (
    LOADER
    + """
export default function ({ data: [data], parentElement }) {
  const entry = views.get(parentElement);
  if (entry) entry.update();
  else place(parentElement, data.assets + '/live/' + data.module, (module, root) =>
    module.mount(root, {
      answers: at(data.answers + '/').href,
      labs: data.labs.map((path) => at(path).href),
    }));
  return leaving(parentElement);
}
"""
)


def answered(page: str, module: str) -> None:
    """Mount the view of a page of `ganlab.live.answers`, drawn by `module` of the front end."""
    about = {
        "assets": paths.ASSETS_URL,
        "module": module,
        "answers": f"{paths.ANSWERS_URL}/{page}",
        "labs": navigation.addresses(),
    }
    view = st.components.v2.component("ganlab_answered", js=_ANSWERED, isolate_styles=False)
    view(key=page, data=[about])


def live_view(
    page: str,
    key: str,
    session: Session,
    module: str,
    on_act: Callable[[Any], None],
    on_gone: Callable[[Any], None],
    on_open: Callable[[Any], None] = lambda _: None,
    parts: Sequence[tuple[str, str, str]] = (),
) -> None:
    """Mount a session's live view, drawn by `module` of the front end, under the widget key `key`.

    page: the url path of the page, whose address the view keeps up to date. parts: names, titles
    and keys of the controls in its sidebar, which a teacher may lock or hide.
    on_act(what): called for a button of the view that the page must answer. on_gone(what): called
    with the "token" of a session that the server does not know and the query of its address
    ("search"). on_open(seed): called for a seed that is to be shown in a lab. They are callbacks
    because the script may be interrupted before it reaches code after the view.
    """
    about = {
        "socket": f"live/{session.token}",
        "module": module,
        "labs": list(navigation.addresses()),
        "gallery": navigation.GALLERY,
        "lessons": navigation.LESSONS,
        "largest": most_bytes(),
        "tables": tables(),
        "others": [name for name in navigation.PAGES if name != page],
        "assets": paths.ASSETS_URL,
        "plotly": paths.PLOTLY_URL,
        "theory": navigation.THEORY,
    }

    if session.shape:
        about["shape"] = asdict(session.shape) | {"tools": list(TOOLS)}
    elif parts:
        pages = [[f"{PAGE}-{p.name}", tr(p.title)] for p in navigation.PAGES.entries.values()]
        about["shaping"] = {
            "fields": [(name, tr(title), key) for name, title, key in parts],
            "tools": {name: tr(title) for name, title in TOOLS.items()},
            "pages": pages,
            "own": f"{PAGE}-{page}",
            "home": navigation.HOME,
        }

    # A list, because Streamlit imports pandas to search the values of a dict for data frames.
    view = st.components.v2.component("ganlab_live", js=_JS, isolate_styles=False)
    view(
        key=key,
        data=[about],
        on_gone_change=heard(key, "gone", on_gone),
        on_open_change=heard(key, "open", on_open),
        on_act_change=heard(key, "act", on_act),
    )


_REDIRECT = (
    f"const KEPT = {['embed', 'embed_options', 'lang', *FIELDS]};"
    + """
export default function ({ data: [path, query] }) {
  const url = new URL(path || '.', document.baseURI);
  for (const [name, value] of new URLSearchParams(location.search)) {
    if (KEPT.includes(name)) url.searchParams.append(name, value);
  }
  url.search = query + url.search.replace('?', '&');
  location.replace(url);
}
"""
)


def redirect(path: str, query: str) -> NoReturn:
    """Send the browser to another address of the app, replacing this one in its history.

    With st.switch_page the browser's "back" button would return here and redirect again.
    """
    st.components.v2.component("ganlab_redirect", js=_REDIRECT)(key="redirect", data=[path, query])
    st.stop()
