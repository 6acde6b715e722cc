"""A row of the manifest of everything that can be asked for.

Each rule of the URL map has a row here: what permission it declares, an address (of Alice's
things, see `create_sample_data`), and what each of the cast is answered. The role matrix, the
accessibility
checks, the widths and the photographs are driven by it; a route without a row fails
`tests/test_url_map.py`.

What such a row is. The rows themselves stand in `manifest` and, for the rooms above the journey,
in `tests/support/rows/<room>.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from string import Formatter
from types import MappingProxyType
from typing import Any

# Who asks. Alice owns what the addresses name; Carol is in her team, Bob manages it, Dave another
# one; Erin is the administrator, Mallory a stranger with an account.
ROLES = ("nobody", "alice", "carol", "bob", "dave", "erin", "mallory")
PEOPLE = ROLES[1:]
# Those who are shown what Alice is shown, and more.
MANAGING_ROLES = ("bob", "erin")
# What an address may name without naming anything of a person's.
COMMON = frozenset({"slug", "stage", "milestone", "open", "skill", "team"})

Statuses = Mapping[str, int]

SIGN_IN = 303  # to the sign-in page, and back afterwards
FORM_PRESERVED = 401  # the sign-in page, which carries what was typed
HTMX_REDIRECT = 204  # the same for htmx, which follows HX-Redirect


def expect_status(others: int, **exceptions: int) -> Statuses:
    """The same status for all of the cast, but for those named."""
    return MappingProxyType({role: exceptions.get(role, others) for role in ROLES})


PUBLIC = expect_status(200)
# Each their own: the address names no person.
OWN = expect_status(200, nobody=SIGN_IN)
# Own pages of a roadmap: people who are not on it are led to where it begins.
ENROLLED = expect_status(303, alice=200, carol=200, nobody=SIGN_IN)
# Alice's and nobody else's business: for all others it does not exist.
ALICE = expect_status(404, alice=200, nobody=SIGN_IN)
# Of a piece that is shared with the managers of her team, Bob knows; it is not his to change.
SHARED = expect_status(404, alice=200, bob=403, nobody=SIGN_IN)


@dataclass(frozen=True)
class Page:
    """A GET rule of the URL map: what it shows to whom.

    `as_fragment` names those who are answered otherwise when htmx asks. `variants` are further
    addresses, looked at but not part of the matrix. `shown` is False for what is no page to look
    at: files, redirects, answers for machines. `by_role` tells that a manager and an administrator
    are shown something that an engineer is not.
    """

    rule: str
    permission: str
    url: str
    pages: Statuses = field(default_factory=lambda: OWN)
    as_fragment: Mapping[str, int] = field(default_factory=dict)
    variants: tuple[str, ...] = ()
    shown: bool = True
    method: str = "GET"
    name: str = ""
    by_role: bool = False

    @property
    def title(self) -> str:
        """A name for files and test ids."""
        return self.name or self.url.strip("/").replace("/", "-").replace("{", "").replace("}", "")

    def of(self, ids: Mapping[str, str]) -> str:
        return self.url.format_map(ids)

    def is_viewable(self, role: str) -> bool:
        """Whether this person can look at it and sees something that Alice does not see too."""
        theirs = role not in MANAGING_ROLES or self.by_role or self.pages["alice"] != 200
        return self.pages[role] == 200 and theirs

    @property
    def fragments(self) -> Statuses:
        nobody = HTMX_REDIRECT if self.pages["nobody"] == SIGN_IN else self.pages["nobody"]
        return {**self.pages, "nobody": nobody, **self.as_fragment}

    @property
    def is_personal(self) -> bool:
        """Whether the address names something that only `create_sample_data` has made."""
        return any(
            name not in COMMON for _text, name, *_more in Formatter().parse(self.url) if name
        )


@dataclass(frozen=True)
class Change:
    """An unsafe rule: a request that its owner may make, and what each of the cast is answered.

    `pages` are the statuses for a plain form, `as_fragment` those that differ for htmx. `affects`
    names those of the cast whose rows it changes although they did not ask, and "nobody" where it
    changes rows that are nobody's, such as teams and invitations.
    """

    rule: str
    method: str
    permission: str
    url: str
    data: Mapping[str, Any] = field(default_factory=dict)
    pages: Statuses = field(default_factory=lambda: expect_change())
    as_fragment: Mapping[str, int] = field(default_factory=dict)
    affects: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return f"{self.method} {self.url}"

    def of(self, ids: Mapping[str, str]) -> str:
        return self.url.format_map(ids)

    def body(self, ids: Mapping[str, str], role: str) -> dict[str, Any]:
        """The fields of the form, with the names in braces (and `role`) filled in."""
        names = {**ids, "role": role}
        return {
            name: value.format_map(names) if isinstance(value, str) else value
            for name, value in self.data.items()
        }

    @property
    def fragments(self) -> Statuses:
        # What somebody typed who is not signed in is kept for a plain form only.
        nobody = (
            HTMX_REDIRECT
            if self.pages["nobody"] in (FORM_PRESERVED, SIGN_IN)
            else self.pages["nobody"]
        )
        return {**self.pages, "nobody": nobody, **self.as_fragment}


def expect_change(others: int = 303, **exceptions: int) -> Statuses:
    """A change that everybody may make to what is their own."""
    return expect_status(others, **{"nobody": FORM_PRESERVED, **exceptions})


def expect_fragment(*roles: str) -> dict[str, int]:
    """Those who are answered with a fragment (200) where a plain form is answered with 303."""
    return dict.fromkeys(roles, 200)


def expect_only_alice(status: int = 303, others: int = 404, **exceptions: int) -> Statuses:
    return expect_change(others, alice=status, **exceptions)
