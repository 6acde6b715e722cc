"""Read and submit the forms of the import pages."""

from __future__ import annotations

import html
import re

import sqlalchemy as sa

from roadmap.evidence.models import Evidence


def selected_options(page: str) -> dict[str, str]:
    """Return the selected value of each select, by name."""
    selected = {}
    for name, options in re.findall(
        r'<select id="[^"]+" name="([^"]+)".*?>(.*?)</select>', page, re.S
    ):
        [value] = re.findall(r'value="([^"]*)" selected', options) or [""]
        selected[name] = html.unescape(value)
    return selected


def checkboxes(page: str) -> list[tuple[str, bool]]:
    """Return the title of each row of the preview and whether it is ticked."""
    return [
        (html.unescape(title).strip(), "checked" in attributes)
        for attributes, title in re.findall(r'name="take" ([^>]*)>(.*?)</label>', page, re.S)
    ]


def form_data(page: str, **changes: object) -> dict[str, object]:
    """Return the preview's form as a browser submits it."""
    [seen] = re.findall(r'name="seen" value="([^"]+)"', page)
    ticked = re.findall(r'name="take" value="(\w+)"\s+checked', page)
    return {"seen": seen, "take": ticked, **selected_options(page), **changes}


def row_keys(page: str) -> list[str]:
    """Return the key of each row of the preview."""
    return re.findall(r'name="take" value="(\w+)"', page)


def saved_evidence(session) -> list[Evidence]:
    session.rollback()
    return list(session.scalars(sa.select(Evidence).order_by(Evidence.title)))
