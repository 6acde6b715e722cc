"""The search page, and the results of the command palette (Ctrl+K)."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask_login import current_user

from roadmap.core.database import db
from roadmap.core.limiter import limit_searches
from roadmap.core.text import clean_line, search_words
from roadmap.core.web import wants_fragment
from roadmap.people.permissions import permit
from roadmap.search import queries
from roadmap.search.excerpt import hit_excerpt
from roadmap.search.kinds import KINDS

search = Blueprint("search", __name__)

# Hits per kind: in the palette, on the page (and counted by the palette), and for a single kind.
MAX_PALETTE_HITS, MAX_HITS, MAX_KIND_HITS = 5, 10, 100


@search.get("/search")
@permit("search.read")
@limit_searches
def index() -> str:
    """Show the results for `?q=`, limited to a kind by `?in=`. For htmx, the palette's options."""
    text = clean_line(request.args.get("q"))[:200]
    words = search_words(text)
    only = request.args.get("in", "")
    only = only if only in KINDS else ""
    actor = current_user._get_current_object()
    if wants_fragment():
        found = (
            queries.search(db.session, actor, words, limit=MAX_HITS, returned=MAX_PALETTE_HITS)
            if words
            else queries.suggest(db.session, actor, limit=MAX_PALETTE_HITS + 3)
        )
        return render_template(
            "search/_options.html",
            groups=found,
            words=words,
            text=text,
            excerpt=hit_excerpt,
            count=sum(len(group.hits) for group in found),
            all=sum(group.counted for group in found),
            is_cut=any(group.is_cut for group in found),
        )
    limit = MAX_KIND_HITS if only else MAX_HITS
    found = queries.search(db.session, actor, words, limit=limit, kind_key=only) if words else []
    choices = [(kind.key, kind.label) for kind in KINDS.values()]
    return render_template(
        "search/index.html",
        groups=found,
        words=words,
        text=text,
        only=only,
        choices=choices,
        excerpt=hit_excerpt,
    )
