"""The vocabulary of evidence. A kind is added here and named in `roadmap/evidence/labels.py`."""

from __future__ import annotations

from roadmap.core.gettext_noop import N_

# Each kind, as it is called within a sentence.
KIND_NAMES = {
    "design_doc": N_("design document"),
    "case_study": N_("case study"),
    "open_source": N_("open-source contribution"),
    "blog_post": N_("blog post"),
    "talk": N_("talk"),
    "publication": N_("publication"),
    "patent": N_("patent"),
    "certification": N_("certification"),
    "mentoring": N_("mentoring"),
    "launch": N_("launch"),
    "other": N_("other"),
}
KINDS = tuple(KIND_NAMES)
VISIBILITIES = ("private", "team", "portfolio")
STATES = ("draft", "submitted", "in_review", "verified", "returned")
SHARED_STATES = frozenset(STATES) - {"draft"}
DECISIONS = ("verified", "returned")
IMPACT_TYPES = ("scale", "business", "team")
MAX_MILESTONES = 5
MAX_IMPACTS = 6
