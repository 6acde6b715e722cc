"""The vocabulary of evidence. A kind is added here and named in `roadmap/evidence/labels.py`."""

from __future__ import annotations

KINDS = (
    "design_doc",
    "case_study",
    "open_source",
    "blog_post",
    "talk",
    "publication",
    "patent",
    "certification",
    "mentoring",
    "launch",
    "other",
)
VISIBILITIES = ("private", "team", "portfolio")
STATES = ("draft", "submitted", "in_review", "verified", "returned")
SHARED_STATES = frozenset(STATES) - {"draft"}
DECISIONS = ("verified", "returned")
IMPACT_TYPES = ("scale", "business", "team")
MOST_MILESTONES = 5
MOST_IMPACTS = 6
