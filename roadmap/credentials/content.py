"""Model of the credential content, which `queries.credential_content` loads.

Keys must never be removed or change their meaning.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from roadmap.catalog.field_types import (
    EvidenceKinds,
    Flag,
    Key,
    Line,
    Model,
    Problem,
    Text,
    Title,
    raise_problems,
    whole_number,
)
from roadmap.catalog.sources import SourcedContent

Url = Annotated[str, Field(pattern=r"^https://[^\s]+$", max_length=300)]
Year = Annotated[int, whole_number(2000, 2100)]


class ValuedCredential(Model):
    """A kind of proof that is worth more than a certificate, and what makes it count."""

    key: Key
    title: Title
    kinds: EvidenceKinds
    suits: Line
    what: Text
    counts: tuple[Line, ...] = Field(min_length=1)
    does_not_count: tuple[Line, ...] = ()
    honest: Line


class Price(Model):
    """The exam price in a year."""

    amount: Annotated[int, whole_number(0, 99_999)]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    as_of: Annotated[str, Field(pattern=r"^\d{4}$")]
    note: Line | None = None


class Certification(Model):
    """A vendor certification. `secondary` is set if no page of the issuer was read."""

    key: Key
    title: Title
    issuer: Line
    exam: Line | None = None
    level: Literal["associate", "professional", "specialty"]
    covers: Text
    state: Literal["active", "retired"]
    retired_on: dt.date | None = None
    successors: tuple[Key, ...] = ()
    price: Price | None = None
    guide_price: Price | None = None
    validity_years: Annotated[int, whole_number(1, 10)]
    renewal: Line | None = None
    note: Line
    url: Url
    source: Line
    source_year: Year
    secondary: Flag
    checked_on: dt.date

    @model_validator(mode="after")
    def _check_retired_on(self) -> Self:
        if (self.state == "retired") != (self.retired_on is not None):
            raise_problems(
                [Problem(("retired_on",), "a retired certification has this date, no other")]
            )
        return self


class GuideCertification(Model):
    """A certification that the guide mentions, and what it proves according to the guide."""

    key: Key
    shows: Line


class CredentialContent(SourcedContent):
    introduction: Text
    matters_most: tuple[ValuedCredential, ...] = Field(min_length=1)
    certifications_introduction: Text
    certifications: tuple[Certification, ...] = Field(min_length=1)
    named_by_guide: tuple[GuideCertification, ...]

    @property
    def by_key(self) -> dict[str, Certification]:
        return {each.key: each for each in self.certifications}

    @property
    def shown_by_guide(self) -> dict[str, str]:
        """Return what certifications prove according to the guide, by key."""
        return {each.key: each.shows for each in self.named_by_guide}

    def problems(self) -> Iterator[Problem]:
        for number, each in enumerate(self.certifications):
            for place, key in enumerate(each.successors):
                if key not in self.by_key:
                    yield Problem(
                        ("certifications", number, "successors", place),
                        f"there is no certification '{key}'",
                    )
        for number, named in enumerate(self.named_by_guide):
            if named.key not in self.by_key:
                yield Problem(
                    ("named_by_guide", number, "key"), f"there is no certification '{named.key}'"
                )
