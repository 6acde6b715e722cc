"""What the pages of a portfolio need besides the document, for its owner and the public."""

from __future__ import annotations

from typing import Any

from roadmap.portfolio import labels
from roadmap.portfolio.document import Document
from roadmap.portfolio.urls import safe_url


def document_context(document: Document) -> dict[str, Any]:
    """Return the values that `portfolio/_document.html` needs."""
    return {
        "account": labels.verification_summary(document),
        "judgements": {
            item.id: labels.verification_line(item, document.locale) for item in document.items
        },
        "address": safe_url,
        "assessor": labels.assessor,
        "degree_title": labels.degree_title,
        "impact_line": labels.impact_line,
        "skill_level": labels.skill_level,
        "span": labels.position_period,
    }
