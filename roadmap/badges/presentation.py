"""A credential as a page shows it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ShownEvidence:
    """A piece that a badge names; `url` is "" where it has no link."""

    title: str
    kind: str
    url: str


@dataclass(frozen=True, slots=True)
class ShownBadge:
    """What a badge says. `criteria` is Markdown, `confirmations` whole sentences."""

    name: str
    description: str
    recipient: str
    issuer: str
    issued_at: dt.datetime
    valid_until: dt.datetime | None
    criteria: str
    confirmations: tuple[str, ...]
    evidence: tuple[ShownEvidence, ...]


def show_credential(credential: Mapping[str, Any]) -> ShownBadge:
    """Return what a credential of this installation says."""
    subject, ends = credential["credentialSubject"], credential.get("validUntil")
    address = credential["id"]
    return ShownBadge(
        name=credential["name"],
        description=credential["description"],
        recipient=next(
            each["identityHash"] for each in subject["identifier"] if each["identityType"] == "name"
        ),
        issuer=credential["issuer"]["name"],
        issued_at=dt.datetime.fromisoformat(credential["validFrom"]),
        valid_until=dt.datetime.fromisoformat(ends) if ends else None,
        criteria=subject["achievement"]["criteria"]["narrative"],
        confirmations=tuple(
            each["credentialSubject"]["endorsementComment"] for each in credential["endorsement"]
        ),
        evidence=tuple(
            ShownEvidence(
                each["name"],
                each["genre"],
                "" if each["id"].startswith(f"{address}#") else each["id"],
            )
            for each in credential["evidence"]
        ),
    )
