"""Values of evidence fields, and limits. For the kinds of evidence see `kinds`."""

from __future__ import annotations

VISIBILITIES = ("private", "team", "portfolio")
STATES = ("draft", "submitted", "in_review", "verified", "returned")
SHARED_STATES = frozenset(STATES) - {"draft"}
AWAITING_REVIEW = frozenset({"submitted", "in_review"})
DECISIONS = ("verified", "returned")
IMPACT_TYPES = ("scale", "business", "team")
# A lapsed item does not count, whether it is verified or not.
TONES = ("verified", "evidenced", "lapsed")
MAX_PIECES = 5_000
MAX_VERSIONS = 500
# By one person on one piece.
MAX_COMMENTS = 200
MAX_MILESTONES = 5
MAX_IMPACTS = 6
MAX_FILES = 10
