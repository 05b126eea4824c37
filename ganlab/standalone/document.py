"""The HTML of a page that needs no server: the front end, a tape, and the Spec in words."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from html import escape

from ganlab import bundle, export, theme
from ganlab.engine import Run
from ganlab.events import write
from ganlab.languages import ENGLISH, TAGS, _, capital, joined, language, listed, of_front_end, tr
from ganlab.live.story import differences
from ganlab.losses import LOSSES
from ganlab.params import PARAMS
from ganlab.standalone.source import Source
from ganlab.targets import TARGETS

SHELL_BYTES = 540_000  # about those of a page without its tape
_HOME = "http://localhost:8501/"  # where `ganlab app` serves
_PATHS = {1: "", 2: "two", 0: "symbols"}
_MOST_QUERY = 3000  # characters of a link
_START = "start();\n"

_STYLE = """
:root { color-scheme: light dark; --back: %(back)s; --text: %(text)s; --soft: %(soft)s; }
html { background: var(--back); color: var(--text); }
body { margin: 0; padding: 10px 16px 24px; font: 15px/1.45 system-ui, sans-serif; }
header { display: flex; gap: 4px 16px; align-items: baseline; flex-wrap: wrap; margin-bottom: 6px; }
h1 { font-size: 1.15rem; line-height: 1.3; margin: 0; flex: 1 1 18rem; overflow-wrap: anywhere; }
h2 { font-size: 1rem; margin: 1.2rem 0 0.4rem; }
header button { font: inherit; color: inherit; background: var(--soft);
  border: 1px solid color-mix(in srgb, currentColor 40%%, transparent); border-radius: 6px;
  padding: 2px 10px; cursor: pointer; }
footer { max-width: 62rem; }
footer p, footer ul { margin: 0.4rem 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 400; padding: 1px 18px 1px 0; }
td { text-align: right; padding: 1px 0 1px 18px; }
pre { background: var(--soft); padding: 8px 10px; overflow: auto; font-size: 0.85rem; }
summary { cursor: pointer; padding: 3px 0; min-height: 24px; box-sizing: border-box; }
a { color: inherit; }
"""


def html(source: Source, tape: str) -> str:
    """The page. tape: what `Page.tape` returns, as base64."""
    code = bundle.inline(bundle.module("offline.js") + _START)
    light, dark = theme.THEMES["light"], theme.THEMES["dark"]
    colours = {
        "back": f"light-dark({light.background}, {dark.background})",
        "text": f"light-dark({light.text}, {dark.text})",
        "soft": f"light-dark({light.second}, {dark.second})",
    }
    spoken = language()
    texts = {
        text: said
        for text, said in of_front_end(spoken).items()
        if json.dumps(text, ensure_ascii=False) in code
    }
    words = json.dumps({"language": spoken, "texts": texts}, ensure_ascii=False)
    words = words.replace("<", "\\u003c")
    catalogue = (
        ""
        if spoken == ENGLISH
        else f'<script type="application/json" id="gl-words">{words}</script>\n'
    )
    script = f"\n{code}"
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data: blob:; media-src blob:; base-uri 'none'; form-action 'none'"
    )
    name = escape(title(source))
    return f"""<!DOCTYPE html>
<html lang="{TAGS[spoken]}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="ganlab">
<title>{name}</title>
<style>{_STYLE % colours}</style>
</head>
<body>
<header>
<h1>{name}</h1>
<button id="theme" type="button">{tr("Dark theme")}</button>
</header>
<main id="view"><noscript>{tr("This recording needs JavaScript.")}</noscript></main>
<footer>
<h2 id="numbers-title">{tr("Numbers at this moment")}</h2>
<table id="numbers" aria-labelledby="numbers-title"></table>
{_about(source)}
</footer>
{catalogue}<script type="application/octet-stream" id="tape">{tape}</script>
<script type="module">{script}</script>
</body>
</html>
"""


def title(source: Source) -> str:
    """What is shown, in a line."""
    spec = source.runs[0].start[0]
    what = f"k = {spec.k}" if source.alone else joined(_(" beside "), source.labels)
    return tr(
        "GAN: {target}, {loss} loss, {what}, seed {seed}",
        target=TARGETS[spec.target].title,
        loss=LOSSES[spec.loss].title,
        what=what,
        seed=spec.seed,
    )


def _about(source: Source) -> str:
    """The runs in words, and how to have them in ganlab."""
    specs = [run.start[0] for run in source.runs]
    letters = "ABCD" if len(specs) > 1 else " "
    parts = [f"<h2>{tr('What this is')}</h2>"]
    about = tr(
        "A recording of a run, made with ganlab, which plays without a server. Drag the line "
        "under the picture, or use the keys: space plays and pauses, ← and → go to the moment "
        "before and after, Home and End to the first and the last one. Words below the picture "
        "show and hide its layers. To change a setting, explain an iteration or continue the run, "
        "open it in ganlab."
    )
    parts.append(f"<p>{about}</p>")
    for letter, run in zip(letters, source.runs, strict=False):
        who = tr("Run {letter}: ", letter=letter) if letter.strip() else ""
        parts.append(f"<p>{who}{escape(_words(run))}</p>")
    query = _query(source)
    if query:
        link = f"{_HOME}{_PATHS[specs[0].axes] if source.alone else 'compare'}?{query}"
        parts.append(
            f"<p>{tr('With ganlab running on this computer:')} "
            f'<a href="{escape(link)}" rel="noreferrer">{tr("open this run in ganlab")}</a></p>'
        )
    events = [write(run.past) for run in source.runs]
    made = max(run.iteration for run in source.runs)
    code = export.python(specs, made, events)
    parts.append(
        f"<details><summary>{tr('In Python')}</summary><pre>{escape(code)}</pre></details>"
    )
    whole = export.as_json(specs)
    parts.append(
        f"<details><summary>{tr('All settings')}</summary><pre>{escape(whole)}</pre></details>"
    )
    return "\n".join(parts)


def _words(run: Run) -> str:
    """The settings that differ from the defaults, and the changes on the way."""
    spec = run.start[0]
    found: Sequence[str] = differences(spec)
    said = listed(found) if found else _("the settings with which the lab opens")
    parts = [said, _("{title} {seed}", title=PARAMS["seed"].title, seed=spec.seed)]
    parts.append(_("{count:,} iterations of Algorithm 1", count=run.iteration))
    if run.past:
        count = len(run.past)
        parts.append(_("changed {count} time{s} on the way", count=count, s="s" * (count > 1)))
    return tr("{text}.", text=capital(joined(_("; "), parts)))


def _query(source: Source) -> str:
    """The query string of the runs' address; "" if it would be too long."""
    begun = source.experiment.with_specs([run.start[0] for run in source.runs])
    query = begun.to_query([write(run.past) for run in source.runs])
    return query if len(query) <= _MOST_QUERY else ""
