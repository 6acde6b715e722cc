"""The types of entries in the route manifest, and the expected statuses they share.

The entries are in `route_manifest` and `tests/support/route_entries/<room>.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from string import Formatter
from types import MappingProxyType
from typing import Any

# Alice owns the resources in the URLs. Carol is in her team, which Bob manages. Dave manages
# another team, Erin is the administrator, and Mallory is an unrelated user.
ROLES = ("nobody", "alice", "carol", "bob", "dave", "erin", "mallory")
PEOPLE = ROLES[1:]
# Roles that see everything Alice sees, and more.
MANAGING_ROLES = ("bob", "erin")
# URL placeholders that do not identify a person's data.
COMMON = frozenset({"slug", "stage", "milestone", "open", "skill", "team"})

Statuses = Mapping[str, int]

SIGN_IN = 303  # redirect to the sign-in page, and back afterwards
FORM_PRESERVED = 401  # the sign-in page, with the submitted form preserved
HTMX_REDIRECT = 204  # a redirect for htmx, which follows HX-Redirect


def expect_status(others: int, **exceptions: int) -> Statuses:
    """Expect one status for every role, except those named."""
    return MappingProxyType({role: exceptions.get(role, others) for role in ROLES})


PUBLIC = expect_status(200)
# Everyone sees their own data; the URL identifies no person.
OWN = expect_status(200, nobody=SIGN_IN)
# A person's pages of a roadmap. People who are not enrolled are redirected.
ENROLLED = expect_status(303, alice=200, carol=200, nobody=SIGN_IN)
# Only Alice sees it; everyone else gets 404.
ALICE = expect_status(404, alice=200, nobody=SIGN_IN)
# Evidence that Alice shares with her team's managers: Bob may see but not change it.
SHARED = expect_status(404, alice=200, bob=403, nobody=SIGN_IN)


@dataclass(frozen=True)
class Page:
    """A GET rule of the URL map and its expected status for each role.

    `as_fragment` lists statuses that differ for htmx requests. `variants` are further URLs for
    visual checks, not part of the role matrix. `shown` is False for responses that are not pages,
    such as files and redirects. `by_role` marks pages that show managers and administrators more
    than an engineer.
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
        """The name used for files and test ids."""
        return self.name or self.url.strip("/").replace("/", "-").replace("{", "").replace("}", "")

    def of(self, ids: Mapping[str, str]) -> str:
        return self.url.format_map(ids)

    def is_viewable(self, role: str) -> bool:
        """Whether this role can open the page and may see something that Alice does not."""
        theirs = role not in MANAGING_ROLES or self.by_role or self.pages["alice"] != 200
        return self.pages[role] == 200 and theirs

    @property
    def fragments(self) -> Statuses:
        nobody = HTMX_REDIRECT if self.pages["nobody"] == SIGN_IN else self.pages["nobody"]
        return {**self.pages, "nobody": nobody, **self.as_fragment}

    @property
    def is_personal(self) -> bool:
        """Whether the URL refers to data that only `create_sample_data` creates."""
        return any(
            name not in COMMON for _text, name, *_more in Formatter().parse(self.url) if name
        )


@dataclass(frozen=True)
class Change:
    """An unsafe rule: a request the owner may make, and its expected status for each role.

    `pages` are the statuses for a plain form, `as_fragment` those that differ for htmx. `affects`
    lists other roles whose rows the request changes, and "nobody" if it changes rows that belong to
    no person, such as teams and invitations.
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
        """Return the form fields with the placeholders (and `role`) filled in."""
        names = {**ids, "role": role}
        return {
            name: value.format_map(names) if isinstance(value, str) else value
            for name, value in self.data.items()
        }

    @property
    def fragments(self) -> Statuses:
        # Only a plain form is preserved for a visitor who is not signed in.
        nobody = (
            HTMX_REDIRECT
            if self.pages["nobody"] in (FORM_PRESERVED, SIGN_IN)
            else self.pages["nobody"]
        )
        return {**self.pages, "nobody": nobody, **self.as_fragment}


def expect_change(others: int = 303, **exceptions: int) -> Statuses:
    """Expect a change that everyone may make to their own data."""
    return expect_status(others, **{"nobody": FORM_PRESERVED, **exceptions})


def expect_fragment(*roles: str) -> dict[str, int]:
    """Expect a fragment (200) for these roles where a plain form gets 303."""
    return dict.fromkeys(roles, 200)


def expect_only_alice(status: int = 303, others: int = 404, **exceptions: int) -> Statuses:
    return expect_change(others, alice=status, **exceptions)
