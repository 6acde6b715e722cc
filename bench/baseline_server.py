"""The baseline application for a server: `granian --interface wsgi bench.baseline_server:app`."""

from __future__ import annotations

from bench.baseline import create_baseline
from roadmap import create_app
from roadmap.catalog.queries import published_roadmaps
from roadmap.core.database import db

_cairn = create_app()
with _cairn.app_context():
    _content = max(
        (each.content for each in published_roadmaps(db.session)),
        key=lambda content: len(content.milestones),
    )
    db.engine.dispose()
app = create_baseline(_cairn.config, _content)
