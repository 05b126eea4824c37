"""Hooks of the site: pages outside of docs/, the README as home page, MathML for equations."""

from __future__ import annotations

import html
import re
from pathlib import Path

from latex2mathml.converter import convert
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages at the top of the repository, with links adjusted to docs/."""
    for source, page in PAGES.items():
        text = (ROOT / source).read_text().replace("](docs/", "](")
        for name, place in PAGES.items():
            text = text.replace(f"]({name}", f"]({place}")
        files.append(File.generated(config, page, content=text))
    for picture in ROOT.glob("assets/*.png"):
        name = f"assets/{picture.name}"
        files.append(File.generated(config, name, abs_src_path=str(picture)))
    citation = ROOT / "CITATION.cff"  # which the README links to
    files.append(File.generated(config, citation.name, abs_src_path=str(citation)))
    return files


def on_page_content(content: str, **_: object) -> str:
    """Convert equations to MathML, which browsers draw without a script."""
    return re.sub(
        r'<span class="arithmatex">\\\((.*?)\\\)</span>',
        lambda found: convert(html.unescape(found[1])),
        content,
        flags=re.DOTALL,
    )
