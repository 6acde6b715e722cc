"""Build Open Badges 3.0 credentials, and extract what the pages show of one. Pure.

A credential contains only confirmed milestones in their wording at that time, and who confirmed
them, when and on what basis.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from roadmap.badges.canonical import CREDENTIALS, OPEN_BADGES
from roadmap.badges.proofs import format_timestamp
from roadmap.badges.rules import split_position
from roadmap.core.i18n import _, ngettext, show_date


@dataclass(frozen=True, slots=True)
class Criterion:
    """A milestone as it was worded when it was confirmed."""

    title: str
    done_when: str


@dataclass(frozen=True, slots=True)
class PublicPiece:
    """The published part of a piece of evidence. `happened` is its date as text."""

    id: uuid.UUID
    title: str
    kind: str
    happened: str
    url: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """A review that confirmed milestones for a piece. `reviewer` is `Review.reviewer`.

    `milestones` is empty for the only review of a badge, which confirmed all that it lists.
    """

    reviewer: str
    basis: str
    decided_at: dt.datetime
    piece: str
    milestones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Achievement:
    """What a badge is issued for. `claims` has the format of `Badge.claims`."""

    subject: str
    name: str
    description: str
    criteria: Sequence[Criterion]
    pieces: Sequence[PublicPiece]
    judgements: Sequence[Judgement]
    claims: Mapping[str, Sequence[str]]
    not_applicable: Sequence[str] = ()
    valid_until: dt.datetime | None = None

    @property
    def awarded_at(self) -> dt.datetime:
        """Return when the latest confirmation was given."""
        return max(each.decided_at for each in self.judgements)

    @property
    def narrative(self) -> str:
        """Return the criteria as Markdown."""
        lines = [
            _("%(title)s. Done when: %(done_when)s", title=each.title, done_when=each.done_when)
            for each in self.criteria
        ]
        # Readers of the badge would otherwise take "you" in a criterion for themselves.
        text = _("The criteria are addressed to the person to whom the badge is issued.") + "\n\n"
        text += "\n".join(f"- {line}" for line in lines)
        if self.not_applicable:
            titles = ", ".join(self.not_applicable)
            text += "\n\n" + _("Left out as not applicable: %(titles)s.", titles=titles)
        return text


@dataclass(frozen=True, slots=True)
class Issuance:
    """The issuance of a badge: its id, status list position, recipient and time.

    `base` is the public URL of this installation. The badge has only a salted hash of the email
    address; if `email` is None, it has only the name.
    """

    id: uuid.UUID
    subject_id: uuid.UUID
    position: int
    base: str
    name: str
    email: str | None
    salt: str
    now: dt.datetime

    @property
    def address(self) -> str:
        """Return the URL of the badge's public page, which is also its credential id."""
        return f"{self.base}/credentials/{self.id}"


def issuer_url(base: str) -> str:
    """Return the URL of the issuer's profile, which is also its id."""
    return f"{base}/credentials/issuer"


def method_url(base: str, key: uuid.UUID) -> str:
    """Return the URL of a verification method in the issuer's profile."""
    return f"{issuer_url(base)}#{key}"


def key_url(base: str, key: uuid.UUID) -> str:
    """Return the URL of a key as a JWK."""
    return f"{base}/credentials/keys/{key}"


def write_credential(achievement: Achievement, issue: Issuance) -> dict[str, Any]:
    """Return the credential, without proof and endorsements."""
    number, index = split_position(issue.position)
    status_list = f"{issue.base}/credentials/status/{number}"
    found: dict[str, Any] = {
        "@context": [CREDENTIALS, OPEN_BADGES],
        "id": issue.address,
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": achievement.name,
        "description": achievement.description,
        "issuer": write_issuer(issue.base),
        "validFrom": format_timestamp(issue.now),
        "awardedDate": format_timestamp(achievement.awarded_at),
        "credentialSubject": {
            "id": f"urn:uuid:{issue.subject_id}",
            "type": ["AchievementSubject"],
            "identifier": _identifiers(issue),
            "achievement": {
                "id": f"{issue.address}#achievement",
                "type": ["Achievement"],
                "achievementType": "Achievement",
                "name": achievement.name,
                "description": achievement.description,
                "criteria": {"narrative": achievement.narrative},
            },
        },
        "evidence": [_evidence(each, issue) for each in achievement.pieces],
        "credentialStatus": {
            "id": f"{status_list}#{index}",
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": str(index),
            "statusListCredential": status_list,
        },
    }
    if achievement.valid_until is not None:
        found["validUntil"] = format_timestamp(achievement.valid_until)
    return found


def write_issuer(base: str) -> dict[str, Any]:
    """Return the issuer object of a credential."""
    host = urlsplit(base).netloc
    return {
        "id": issuer_url(base),
        "type": ["Profile"],
        "name": f"Cairn, {host}",
        "url": base,
    }


def write_endorsement(judgement: Judgement, issue: Issuance, number: int) -> dict[str, Any]:
    """Return a manager's confirmation as an endorsement of the badge, without proof.

    Its issuer is the installation, which attests to the confirmation that it has on record.
    """
    day = judgement.decided_at.date().isoformat()
    values = {
        "reviewer": judgement.reviewer,
        "person": issue.name,
        "day": day,
        "piece": judgement.piece,
        "milestones": "; ".join(judgement.milestones),
        "host": urlsplit(issue.base).netloc,
    }
    confirmed = (
        _(
            "%(reviewer)s, then a manager of %(person)s, confirmed these milestones on %(day)s, "
            "from the evidence “%(piece)s”: %(milestones)s.",
            **values,
        )
        if judgement.milestones
        else _(
            "%(reviewer)s, then a manager of %(person)s, confirmed every milestone of this badge "
            "on %(day)s, from the evidence “%(piece)s”.",
            **values,
        )
    )
    basis = (
        _("Basis: %(basis)s.", basis=judgement.basis)
        if judgement.basis
        else _("The basis was not recorded.")
    )
    signed = _(
        "The Cairn at %(host)s has this on record and signs it; %(reviewer)s did not sign it "
        "in person.",
        **values,
    )
    return {
        "@context": [CREDENTIALS, OPEN_BADGES],
        "id": f"{issue.address}#endorsement-{number}",
        "type": ["VerifiableCredential", "EndorsementCredential"],
        "name": _("Confirmation by %(reviewer)s", **values),
        "issuer": write_issuer(issue.base),
        "validFrom": format_timestamp(judgement.decided_at),
        "credentialSubject": {
            "id": issue.address,
            "type": ["EndorsementSubject"],
            "endorsementComment": f"{confirmed} {basis} {signed}",
        },
    }


def hash_identity(identity: str, salt: str) -> str:
    """Return the salted hash of an email address as an Open Badges `IdentityHash`."""
    return "sha256$" + hashlib.sha256(f"{identity}{salt}".encode()).hexdigest()


def describe_piece(kind: str, happened: str, number: int) -> str:
    """Return the description of a badge for a piece of evidence."""
    return ngettext(
        "%(kind)s, %(happened)s, confirmed for one milestone by a manager.",
        "%(kind)s, %(happened)s, confirmed for %(num)s milestones by a manager.",
        number,
        kind=kind,
        happened=happened,
    )


def describe_stage(stage: str, roadmap: str, number: int) -> str:
    """Return the description of a badge for a stage."""
    return ngettext(
        "The stage “%(stage)s” of the roadmap “%(roadmap)s”: its one milestone that counts was "
        "confirmed by a manager.",
        "The stage “%(stage)s” of the roadmap “%(roadmap)s”: each of its %(num)s milestones that "
        "count was confirmed by a manager.",
        number,
        stage=stage,
        roadmap=roadmap,
    )


def _identifiers(issue: Issuance) -> list[dict[str, Any]]:
    name = {
        "type": "IdentityObject",
        "hashed": False,
        "identityHash": issue.name,
        "identityType": "name",
    }
    if issue.email is None:
        return [name]
    email = {
        "type": "IdentityObject",
        "hashed": True,
        "identityHash": hash_identity(issue.email, issue.salt),
        "identityType": "emailAddress",
        "salt": issue.salt,
    }
    return [name, email]


def _evidence(piece: PublicPiece, issue: Issuance) -> dict[str, Any]:
    return {
        "id": piece.url or f"{issue.address}#evidence-{piece.id}",
        "type": ["Evidence"],
        "name": piece.title,
        "genre": piece.kind,
    }


@dataclass(frozen=True, slots=True)
class BadgeContent:
    """The displayed content of a badge. `criteria` is Markdown, `confirmations` are sentences.

    `evidence` has (title, kind, URL) tuples, with "" for a missing URL.
    """

    name: str
    description: str
    recipient: str
    issuer: str
    issued_at: dt.datetime
    valid_until: dt.datetime | None
    criteria: str
    confirmations: tuple[str, ...]
    evidence: tuple[tuple[str, str, str], ...]


def extract_content(credential: Mapping[str, Any]) -> BadgeContent:
    """Extract the displayed content of a credential issued by this installation."""
    subject, ends = credential["credentialSubject"], credential.get("validUntil")
    own = f"{credential['id']}#"
    return BadgeContent(
        name=credential["name"],
        description=credential["description"],
        recipient=next(
            each["identityHash"] for each in subject["identifier"] if each["identityType"] == "name"
        ),
        issuer=credential["issuer"]["name"],
        issued_at=dt.datetime.fromisoformat(credential["validFrom"]),
        valid_until=dt.datetime.fromisoformat(ends) if ends else None,
        criteria=subject["achievement"]["criteria"]["narrative"],
        confirmations=tuple(map(_localize_confirmation, credential["endorsement"])),
        evidence=tuple(
            (each["name"], each["genre"], "" if each["id"].startswith(own) else each["id"])
            for each in credential["evidence"]
        ),
    )


def _localize_confirmation(endorsement: Mapping[str, Any]) -> str:
    comment: str = endorsement["credentialSubject"]["endorsementComment"]
    day = dt.datetime.fromisoformat(endorsement["validFrom"]).date()
    return comment.replace(day.isoformat(), show_date(day), 1)
