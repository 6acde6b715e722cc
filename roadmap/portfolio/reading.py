"""What the page of a portfolio is told besides the document, for its owner and for the public."""

from __future__ import annotations

from typing import Any

from roadmap.portfolio import texts
from roadmap.portfolio.document import Document


def words(document: Document) -> dict[str, Any]:
    """The values that `portfolio/_document.html` asks for."""
    return {
        "account": texts.account(document),
        "judgements": {item.id: texts.judgement(item, document.locale) for item in document.items},
        "address": texts.address,
        "assessor": texts.assessor,
        "degree_title": texts.degree_title,
        "impact_line": texts.impact_line,
        "skill_level": texts.skill_level,
        "span": texts.span,
    }
