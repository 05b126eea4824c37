"""The frame of a page: an outline that the browser draws at once while the server makes the page.

A page can take seconds when its server has just started and imports torch, or is busy. The browser
draws the headline and the outline of the page at the click. Once the server has answered, the frame
says what it is waiting for.
"""

from __future__ import annotations

import streamlit as st

from ganlab import languages
from ganlab.languages import _, tr
from ganlab.shape import LOCKED, PAGE, Shape
from ganlab.ui import navigation
from ganlab.ui.view import TEXTS

_JS = """
const NAV = '[data-testid="stTopNavLink"], [data-testid="stSidebarNavLink"], .ganlab-to';
const OPENS = '[class*="st-key-open-"]';  // followed by the page's name, if it is known
const EVERY = 100;  // ms between two checks of whether the page is there
const LONGEST = 60000;  // ms
const say = (text) => window.ganlabTexts?.[text] ?? text;
let shown = null, pages = {}, ready = true, answered = true;
let locked = [];  // the names of pages that the menu shows, but does not open
const LOCKED = 'Locked by your teacher.';
let box = null, timer = 0, since = 0, goal = null;  // goal: the page whose frame is shown

const last = (path) => path.replace(/\\/+$/, '').split('/').pop();
const known = (path) => (pages[last(path)] ? last(path) : '');
const make = (tag, name, ...children) => {
  const node = document.createElement(tag);
  node.className = name;
  node.append(...children);
  return node;
};

function waitsFor() {
  if (!answered) return say('waiting for the server');
  if (!ready) return say('importing torch, once after the server has started');
  if (!document.querySelector('.gl-root:not([data-old])')) return say('loading the view');
  if (!window.ganlab?.socketOpen) return say('starting the run');
  const why = window.ganlab.waits;
  return say('waiting for the first picture') + (why ? say(': ') + why : '');
}

/** Whether the page itself has replaced the frame. */
function there() {
  const main = document.querySelector('.stMain');
  if (!main) return false;
  if (main.querySelector('.stException, [data-testid="trouble"]')) return true;
  if (!answered) return false;
  if (!goal || goal[2]) return Boolean(main.querySelector('.gl-root[data-drawn]:not([data-old])'));
  return main.querySelector('.ganlab-title h1')?.textContent === goal[0]
    && Boolean(main.querySelector(`button, .ganlab-drawn-${goal[3]}`));
}

function place() {
  const main = document.querySelector('.stMain')?.getBoundingClientRect();
  if (!main || !box) return;
  Object.assign(box.style, { left: main.left + 'px', top: main.top + 'px',
    width: main.width + 'px', height: main.height + 'px' });
}

function look() {
  const long = performance.now() - since > LONGEST && !window.ganlab?.waits;
  if (there() || long) return close();
  place();
  const words = box.querySelector('.ganlab-waits');
  const text = waitsFor() + '…';
  if (words.textContent !== text) words.textContent = text;
}

function close() {
  clearInterval(timer);
  box?.remove();
  box = null;
}

/** Draw the frame of a page, [title, sentence, live, name]; null if only the server knows it. */
function draw(page) {
  close();
  goal = page;
  since = performance.now();
  // What is drawn already belongs to another page or another training run.
  for (const old of document.querySelectorAll('.gl-root[data-drawn]')) old.dataset.old = '';
  const waits = make('p', 'ganlab-waits', waitsFor() + '…');
  waits.setAttribute('role', 'status');
  const title = make('p', 'ganlab-title');
  if (page) title.append(make('b', '', page[0]), page[1]);
  box = make('div', 'ganlab-frame', title);
  if (!page || page[2]) {
    const bars = ['6.1', '2.4', '2.4', '6', '16', '9'].map((width) => {
      const bar = make('i', '');
      bar.style.width = width + 'em';
      return bar;
    });
    const axes = make('div', 'ganlab-axes', make('div', ''), make('div', ''));
    box.append(make('div', 'ganlab-tools', ...bars), axes);
  }
  box.append(waits);
  box.setAttribute('role', 'region'); // all content of a page lies in a landmark
  box.setAttribute('aria-label', say('Page that is opening'));
  box.dataset.testid = 'frame';
  const app = document.querySelector('.stApp');
  box.style.background = getComputedStyle(app).backgroundColor;
  box.style.color = getComputedStyle(app).color;
  app.append(box);
  place();
  timer = setInterval(look, EVERY);
}

function leave(page) {
  answered = false;
  draw(page ?? null);
}

const isLocked = (link) => locked.includes(pages[known(new URL(link.href).pathname)]?.[3]);

document.addEventListener('click', (event) => {
  const to = event.target.closest?.(NAV);
  if (to?.href && isLocked(to)) {
    event.preventDefault();
    event.stopPropagation();
    return;
  }
  if (event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const link = event.target.closest?.(NAV);
  const opens = event.target.closest?.('button')?.closest(OPENS);
  if (link?.href) {
    const path = known(new URL(link.href).pathname);
    if (path !== shown) leave(pages[path]);
  } else if (opens) leave(pages[/st-key-open-(\\S*)/.exec(opens.className)[1]]);
}, { capture: true });
// A button or key of a live view leads to another page, whose name is in `detail` if it is known.
document.addEventListener('ganlab-leaves', ({ detail }) => leave(pages[detail]));

/** A link in a text leads to the other page in the language of this visit. */
function keepLanguage({ target }) {
  const link = target.closest?.('.stMarkdown a[href]');
  const language = new URL(location.href).searchParams.get('lang');
  if (!link || !language) return;
  const there = new URL(link.href);
  if (there.origin !== location.origin || there.searchParams.has('lang')) return;
  there.searchParams.set('lang', language);
  link.href = there.href;
}
for (const kind of ['click', 'auxclick'])
  document.addEventListener(kind, keepLanguage, { capture: true });

/** Make the page's language known, keep it in the address, and offer the other one. */
function speak({ language, tag, named, others, texts }) {
  const { documentElement: root } = document;
  window.ganlabTexts = texts;
  root.lang = tag;
  root.dataset.language = language;
  const url = new URL(location.href);
  if (named && url.searchParams.get('lang') !== language) {
    url.searchParams.set('lang', language);
    history.replaceState(history.state, '', url);
  }
  document.querySelector('.ganlab-languages')?.remove();
  const links = others.map(([name, tag, title]) => {
    const link = make('a', '', title);
    link.lang = link.hreflang = tag;
    link.dataset.testid = 'language-' + name;
    link.href = '?lang=' + name;
    link.addEventListener('click', (event) => {
      event.preventDefault();
      const there = new URL(location.href);  // of the run as it is now
      there.searchParams.set('lang', name);
      location.assign(there);
    });
    return link;
  });
  const box = make('nav', 'ganlab-languages', ...links);
  box.setAttribute('aria-label', say('Language'));
  document.querySelector('.stApp').append(box);
}

/** Say in the menu which links lead nowhere. */
function dim() {
  for (const link of document.querySelectorAll(NAV)) {
    if (!link.href) continue;
    const shut = isLocked(link);
    if (shut) link.title = say(LOCKED);
    if (shut) link.setAttribute('aria-disabled', 'true');
    else if (link.title === say(LOCKED)) {
      link.removeAttribute('title');
      link.removeAttribute('aria-disabled');
    }
  }
}

/** Let the address hold the page's shape; a live view does so itself. */
function keep(fields) {
  const query = new URLSearchParams(location.search);
  const more = fields.filter(([name]) => !query.has(name));
  if (!more.length) return;
  const text = more.map(([name, value]) => `${name}=${value}`).join('&');
  history.replaceState(history.state, '', location.search + (location.search ? '&' : '?') + text);
}

export default function ({ data: [path, all, now, spoken, shape, shut] }) {
  speak(spoken);
  pages = all;
  locked = shut;
  for (const wait of [0, 300, 1500]) setTimeout(dim, wait);  // the menu is drawn beside the page
  if (!pages[path]?.[2]) keep(shape);
  const other = shown !== path;
  ready = now;
  answered = true;
  if (shown !== null && other && matchMedia('(max-width: 768px)').matches) {
    // On a phone the menu covers the page and does not close when a page is chosen.
    document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
  }
  if (other && (shown !== null || !document.querySelector('.gl-root[data-drawn]'))) {
    if (!box || goal?.[0] !== pages[path]?.[0]) draw(pages[path]);
  }
  shown = path;
}
"""


_TEXTS = (
    _("waiting for the server"),
    _("importing torch, once after the server has started"),
    _("loading the view"),
    _("starting the run"),
    _("waiting for the first picture"),
    _(": "),
    _("Language"),
    _("Page that is opening"),
    _("Locked by your teacher."),
    *TEXTS.values(),
)


def frame(path: str, ready: bool, spoken: str, named: bool, shape: Shape) -> None:
    """Make the browser show the frame of the page at `path` until the page itself is there.

    ready: whether the modules that a page needs are imported. spoken: the page's language; named:
    whether the address names it. shape: that of the page, with the links of the menu that lead
    nowhere.
    """
    pages = {
        p.name: [tr(p.title), tr(p.doc), p.live, p.name] for p in navigation.PAGES.entries.values()
    }
    pages[""] = pages[navigation.HOME]
    words = {
        "language": spoken,
        "tag": languages.TAGS[spoken],
        "named": named,
        "others": [
            [name, languages.TAGS[name], title]
            for name, title in languages.LANGUAGES.items()
            if name != spoken
        ],
        "texts": {} if spoken == languages.ENGLISH else {text: tr(text) for text in _TEXTS},
    }
    view = st.components.v2.component("ganlab_frame", js=_JS)
    with st.container(key="frame"):
        shut = [name for name in navigation.PAGES if shape.state(f"{PAGE}-{name}") == LOCKED]
        view(key="frame_of_page", data=[path, pages, ready, words, shape.pairs(), shut])
