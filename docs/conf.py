"""How Sphinx makes a site of this folder: `make docs`.

The pages are plain Markdown that a forge shows as it is. So whatever only the site needs stands
here and not in them: the tree of pages, and where a link goes that leaves this folder.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from sphinx.application import Sphinx

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent

project = "Cairn"
author = "the contributors to Cairn"
copyright = author  # noqa: A001 - Sphinx reads this name
version = release = re.findall(
    r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text("utf-8"), re.M
)[0]

extensions = ["myst_parser"]
exclude_patterns = ["README.md", "screenshots"]
root_doc = "index"
# A block without a language is a command line or a piece of configuration: shown as it is.
highlight_language = "none"
myst_heading_anchors = 4

# Nothing of the site is asked for elsewhere: it opens from a disk without a network.
html_theme = "furo"
html_title = "Cairn"
html_static_path = ["_static"]
templates_path = ["_templates"]
html_css_files = ["cairn.css"]
html_favicon = "../static/favicon.svg"
html_copy_source = False
html_use_index = False
html_show_sourcelink = False
html_show_copyright = False
html_show_sphinx = False
# The mark is drawn into the page, so that it follows the reader's choice of light or dark.
html_context = {"mark": re.findall(r"<path .+/>", (ROOT / "static/favicon.svg").read_text())[0]}
pygments_style = "bw"
pygments_dark_style = "bw"

# Two pages of the site have their text elsewhere; the files here lead a reader of the folder there.
TEXTS = {"index": HERE / "README.md", "changelog": ROOT / "CHANGELOG.md"}
# What a page leads on to, by the page: the tree at the side of the site.
TREES = {
    "index": "users managers pages api archive agents operators nodes readiness content-files"
    " architecture contributors security-checks decisions/README changelog",
    "decisions/README": "0*",
}
# A list of a page's own headings is for a forge; the site has it at the side.
OWN_HEADINGS = re.compile(r"^(?:- \[[^]\n]+\]\(#[^)\n]+\)\n)+\n", re.M)
LINK = re.compile(r"\]\(([^)#\s:]+)(#[^)\s]*)?\)")


def prepare(app: Sphinx, page: str, source: list[str]) -> None:
    """Turns the text of a file into that of the site's page.

    Page is its path without the ending, source a list of one string, changed in place.
    """
    file = TEXTS.get(page, HERE / f"{page}.md")
    app.env.note_dependency(file)
    pages = {text: HERE / f"{name}.md" for name, text in TEXTS.items()}

    def lead(found: re.Match[str]) -> str:
        target = (file.parent / found[1]).resolve()
        if target not in pages:
            return found[0]
        path = os.path.relpath(pages[target], HERE / Path(page).parent)
        return f"]({path}{found[2] or ''})"

    text = LINK.sub(lead, OWN_HEADINGS.sub("", file.read_text("utf-8"), count=1))
    if page in TREES:
        entries = "\n".join(TREES[page].split())
        options = ":hidden:\n" + (":glob:\n" if "*" in entries else "")
        text += f"\n```{{toctree}}\n{options}\n{entries}\n```\n"
    source[0] = text


def setup(app: Sphinx) -> None:
    app.connect("source-read", prepare)
