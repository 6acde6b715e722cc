"""The one manifest of everything that can be asked for.

Each rule of the URL map has a row here: what permission it declares, an address (of Alice's
things, see `furnish`), and what each of the cast is answered. The role matrix, the accessibility
checks, the widths and the photographs are driven by it; a route without a row fails
`tests/test_url_map.py`.

A new GET: add a `Page`. A new verb: add a `Change` with a request that the owner may make. The
names in braces are those that `furnish` returns.
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
# What an address may name without naming anything of a person's.
COMMON = frozenset({"slug", "stage", "milestone", "open", "skill"})

Statuses = Mapping[str, int]

SIGN_IN = 303  # to the sign-in page, and back afterwards
KEPT = 401  # the sign-in page, which carries what was typed
ELSEWHERE = 204  # the same for htmx, which follows HX-Redirect


def seen(others: int, **exceptions: int) -> Statuses:
    """The same status for all of the cast, but for those named."""
    return MappingProxyType({role: exceptions.get(role, others) for role in ROLES})


PUBLIC = seen(200)
# Each their own: the address names no person.
OWN = seen(200, nobody=SIGN_IN)
# Own pages of a roadmap: whoever is not on it is led to where it begins.
ENROLLED = seen(303, alice=200, carol=200, nobody=SIGN_IN)
# Alice's and nobody else's business: for all others it does not exist.
ALICE = seen(404, alice=200, nobody=SIGN_IN)
# Of a piece that is shared with the managers of her team, Bob knows; it is not his to change.
SHARED = seen(404, alice=200, bob=403, nobody=SIGN_IN)


@dataclass(frozen=True)
class Page:
    """A GET rule of the URL map: what it shows to whom.

    `as_fragment` names those who are answered otherwise when htmx asks. `variants` are further
    addresses, looked at but not part of the matrix. `shown` is False for what is no page to look
    at: files, redirects, answers for machines.
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

    @property
    def title(self) -> str:
        """A name for files and test ids."""
        return self.name or self.url.strip("/").replace("/", "-").replace("{", "").replace("}", "")

    def of(self, ids: Mapping[str, str]) -> str:
        return self.url.format_map(ids)

    @property
    def fragments(self) -> Statuses:
        nobody = ELSEWHERE if self.pages["nobody"] == SIGN_IN else self.pages["nobody"]
        return {**self.pages, "nobody": nobody, **self.as_fragment}

    @property
    def is_personal(self) -> bool:
        """Whether the address names something that only `furnish` has made."""
        return any(
            name not in COMMON for _text, name, *_more in Formatter().parse(self.url) if name
        )


@dataclass(frozen=True)
class Change:
    """An unsafe rule: a request that its owner may make, and what each of the cast is answered.

    `pages` are the statuses for a plain form, `as_fragment` those that differ for htmx.
    """

    rule: str
    method: str
    permission: str
    url: str
    data: Mapping[str, Any] = field(default_factory=dict)
    pages: Statuses = field(default_factory=lambda: changed())
    as_fragment: Mapping[str, int] = field(default_factory=dict)

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
        nobody = ELSEWHERE if self.pages["nobody"] in (KEPT, SIGN_IN) else self.pages["nobody"]
        return {**self.pages, "nobody": nobody, **self.as_fragment}


def changed(others: int = 303, **exceptions: int) -> Statuses:
    """A change that everybody may make to what is their own."""
    return seen(others, **{"nobody": KEPT, **exceptions})


def drawn(*roles: str) -> dict[str, int]:
    """Those who are answered with a fragment (200) where a plain form is answered with 303."""
    return dict.fromkeys(roles, 200)


def only_alice(status: int = 303, others: int = 404, **exceptions: int) -> Statuses:
    return changed(others, alice=status, **exceptions)


POSITION = {"title": "Engineer", "employer": "Example", "started_on": "2020-01-01"}
DEGREE = {"level": "master", "field": "Statistics"}
PIECE = {
    "title": "A launch",
    "kind": "launch",
    "occurred_on": "2026-02-01",
    "url": "https://example.org/launch",
    "visibility": "portfolio",
}
# Changed, from the form that showed the first version.
EDITED = {**PIECE, "revision": "1"}
ME = {"name": "A new name", "timezone": "Europe/Paris", "theme": "dark"}
TEXTS = {"headline": "ML engineer", "introduction": "I *build*.", "revision": "0"}

MILESTONE = "/roadmaps/{slug}/milestones/{milestone}"
MILESTONE_RULE = "/roadmaps/<slug>/milestones/<key>"

PAGES: tuple[Page, ...] = (
    # core
    Page("/healthz", "public", "/healthz", PUBLIC, shown=False),
    Page("/readyz", "public", "/readyz", PUBLIC, shown=False),
    # accounts
    Page("/login", "public", "/login", seen(303, nobody=200)),
    Page("/signup", "public", "/signup", seen(303, nobody=200)),
    Page("/logout", "public", "/logout", seen(200, nobody=303), as_fragment={"nobody": 303}),
    Page("/password/forgot", "public", "/password/forgot", PUBLIC),
    Page("/password/sent", "public", "/password/sent", PUBLIC),
    Page("/password/<token>", "public", "/password/{link}", PUBLIC, name="password-token"),
    Page("/account", "account.read", "/account"),
    Page("/account/email", "account.write", "/account/email"),
    Page("/account/password", "account.write", "/account/password"),
    Page("/account/confirm", "account.write", "/account/confirm"),
    # career
    Page("/career", "career.read", "/career"),
    Page("/career/positions/new", "career.write", "/career/positions/new"),
    Page("/career/positions/<uuid:key>", "career.write", "/career/positions/{position}", ALICE),
    Page("/career/degrees/new", "career.write", "/career/degrees/new"),
    Page("/career/degrees/<uuid:key>", "career.write", "/career/degrees/{degree}", ALICE),
    # evidence
    Page(
        "/evidence",
        "evidence.read",
        "/evidence",
        variants=("/evidence?q=design&kind=design_doc", "/evidence?q=nothing+like+it"),
    ),
    Page(
        "/evidence/new",
        "evidence.write",
        "/evidence/new",
        variants=("/evidence/new?kind=design_doc&milestone={milestone}",),
    ),
    Page("/evidence/milestones", "evidence.write", "/evidence/milestones?q=design", name="find"),
    Page(
        "/evidence/<uuid:evidence_id>",
        "evidence.read",
        "/evidence/{verified}",
        ALICE,
        variants=("/evidence/{submitted}", "/evidence/{returned}"),
    ),
    Page("/evidence/<uuid:evidence_id>", "evidence.read", "/evidence/{draft}", ALICE),
    Page(
        "/evidence/<uuid:evidence_id>/edit",
        "evidence.write",
        "/evidence/{verified}/edit",
        SHARED,
    ),
    Page("/evidence/<uuid:evidence_id>/edit", "evidence.write", "/evidence/{draft}/edit", ALICE),
    Page(
        "/evidence/<uuid:evidence_id>/delete",
        "evidence.write",
        "/evidence/{verified}/delete",
        SHARED,
    ),
    # skills
    Page("/skills", "skill.read", "/skills"),
    Page("/skills/<key>", "skill.read", "/skills/{skill}"),
    # readiness
    Page("/readiness", "readiness.read", "/readiness", variants=("/readiness?roadmap={slug}",)),
    # journey
    # There is one roadmap yet: its page is the better answer than a list of one.
    Page("/roadmaps", "roadmap.read", "/roadmaps", seen(303), shown=False),
    Page("/roadmaps/<slug>", "roadmap.read", "/roadmaps/{slug}"),
    Page(
        "/roadmaps/<slug>/enrollment",
        "enrollment.read",
        "/roadmaps/{slug}/enrollment",
        ENROLLED,
    ),
    Page("/roadmaps/<slug>/<stage_key>", "progress.read", "/roadmaps/{slug}/{stage}", ENROLLED),
    Page(
        MILESTONE_RULE,
        "progress.read",
        MILESTONE,
        ENROLLED,
        variants=("/roadmaps/{slug}/milestones/{open}",),
    ),
    # portfolio
    Page("/portfolio", "portfolio.read", "/portfolio"),
    Page("/portfolio/preview", "portfolio.read", "/portfolio/preview"),
    Page(
        "/portfolio/export/<name>",
        "portfolio.read",
        "/portfolio/export/markdown",
        shown=False,
    ),
    # home
    Page("/", "public", "/", PUBLIC, name="home"),
)

CHANGES: tuple[Change, ...] = (
    # accounts
    Change(
        "/login",
        "POST",
        "public",
        "/login",
        {"email": "alice@example.org", "password": "not the one"},
        seen(422),
    ),
    Change("/signup", "POST", "public", "/signup", {"name": "Eve"}, seen(403)),
    Change("/logout", "POST", "public", "/logout", {}, seen(303), dict.fromkeys(ROLES, ELSEWHERE)),
    Change(
        "/logout", "DELETE", "public", "/logout", {}, seen(303), dict.fromkeys(ROLES, ELSEWHERE)
    ),
    # No mail is configured in the tests: the page says so.
    Change("/password/forgot", "POST", "public", "/password/forgot", {"email": "x"}, seen(200)),
    Change(
        "/password/<token>",
        "POST",
        "public",
        "/password/{link}",
        {"password": "short"},
        seen(422),
    ),
    Change("/account", "PUT", "account.write", "/account", ME),
    Change(
        "/account/email",
        "PUT",
        "account.write",
        "/account/email",
        {"email": "{role}.anew@example.org"},
    ),
    Change(
        "/account/password",
        "PUT",
        "account.write",
        "/account/password",
        {"current_password": "not the one", "password": "basalt under a thin frost"},
        # Their own, but nobody's password: what was sent of it is never kept.
        changed(422, nobody=SIGN_IN),
    ),
    Change(
        "/account/confirm",
        "POST",
        "account.write",
        "/account/confirm",
        {"password": "not the one"},
        changed(422, nobody=SIGN_IN),
    ),
    Change(
        "/account/sessions",
        "DELETE",
        "account.write",
        "/account/sessions",
        {},
        changed(nobody=SIGN_IN),
    ),
    Change(
        "/account/sessions/<uuid:session_id>",
        "DELETE",
        "account.write",
        "/account/sessions/{session}",
        {},
        only_alice(nobody=SIGN_IN),
    ),
    # career
    Change("/career/positions", "POST", "career.write", "/career/positions", POSITION),
    Change(
        "/career/positions/<uuid:key>",
        "PUT",
        "career.write",
        "/career/positions/{position}",
        POSITION,
        only_alice(),
    ),
    Change(
        "/career/positions/<uuid:key>",
        "DELETE",
        "career.write",
        "/career/positions/{position}",
        {},
        only_alice(nobody=SIGN_IN),
    ),
    Change("/career/degrees", "POST", "career.write", "/career/degrees", DEGREE),
    Change(
        "/career/degrees/<uuid:key>",
        "PUT",
        "career.write",
        "/career/degrees/{degree}",
        DEGREE,
        only_alice(),
    ),
    Change(
        "/career/degrees/<uuid:key>",
        "DELETE",
        "career.write",
        "/career/degrees/{degree}",
        {},
        only_alice(nobody=SIGN_IN),
    ),
    # evidence
    Change("/evidence", "POST", "evidence.write", "/evidence", PIECE),
    Change(
        "/evidence/<uuid:evidence_id>",
        "PUT",
        "evidence.write",
        "/evidence/{verified}",
        EDITED,
        only_alice(bob=403),
    ),
    Change(
        "/evidence/<uuid:evidence_id>",
        "PUT",
        "evidence.write",
        "/evidence/{draft}",
        EDITED,
        only_alice(),
    ),
    Change(
        "/evidence/<uuid:evidence_id>",
        "DELETE",
        "evidence.write",
        "/evidence/{verified}",
        {},
        only_alice(bob=403, nobody=SIGN_IN),
    ),
    Change("/evidence/preview", "POST", "evidence.write", "/evidence/preview", PIECE, changed(200)),
    Change("/evidence/impacts", "POST", "evidence.write", "/evidence/impacts", PIECE, changed(200)),
    Change(
        "/evidence/milestones",
        "POST",
        "evidence.write",
        "/evidence/milestones",
        {**PIECE, "q": "design"},
        changed(200),
    ),
    # The id of somebody else's piece in the body is somebody else's piece.
    *(
        Change(
            f"/evidence/{where}",
            "POST",
            "evidence.write",
            f"/evidence/{where}",
            {**PIECE, "q": "design", "about": "{draft}"},
            only_alice(200),
            # Two of the parts are made of what was sent alone, and ask for no piece.
            drawn(*PEOPLE) if where != "milestones" else {},
        )
        for where in ("preview", "impacts", "milestones")
    ),
    # skills
    Change(
        "/skills/<key>/assessments",
        "POST",
        "skill.assess_self",
        "/skills/{skill}/assessments",
        {"level": "2", "comment": "Two launches."},
        changed(),
        drawn(*PEOPLE),
    ),
    # journey
    *(
        Change(
            "/roadmaps/<slug>/enrollment",
            method,
            "enrollment.write",
            "/roadmaps/{slug}/enrollment",
            {"hours_per_week": "4"},
        )
        for method in ("POST", "PUT")
    ),
    *(
        Change(
            MILESTONE_RULE + f"/{what}",
            method,
            "progress.write",
            f"{MILESTONE}/{what}",
            data,
            # Whoever is not on the roadmap has nothing there to change.
            changed(404, alice=303, carol=303, nobody=KEPT if data else SIGN_IN),
            drawn("alice", "carol"),
        )
        for what, method, data in (
            ("completion", "PUT", {}),
            ("completion", "DELETE", {}),
            ("status", "PUT", {"status": "in_progress"}),
            ("last-change", "DELETE", {}),
        )
    ),
    Change(
        MILESTONE_RULE + "/plan",
        "PUT",
        "progress.write",
        MILESTONE + "/plan",
        {"note": "Read it again."},
        changed(303),
        drawn("alice", "carol"),
    ),
    Change(
        MILESTONE_RULE + "/evidence",
        "PUT",
        "evidence.write",
        "/roadmaps/{slug}/milestones/{open}/evidence",
        {"evidence": "{draft}"},
        changed(303, carol=404),
    ),
    Change(
        MILESTONE_RULE + "/evidence",
        "PUT",
        "evidence.write",
        "/roadmaps/{slug}/milestones/{open}/evidence",
        {"evidence": "{foreign}"},
        # Carol's piece, which Alice can name and may not have.
        changed(303, carol=303, alice=404),
    ),
    # portfolio
    Change("/portfolio", "PUT", "portfolio.write", "/portfolio", TEXTS),
    Change(
        "/portfolio/introduction/preview",
        "POST",
        "portfolio.write",
        "/portfolio/introduction/preview",
        TEXTS,
        changed(200),
    ),
    Change(
        "/portfolio/items",
        "PUT",
        "portfolio.write",
        "/portfolio/items",
        {},
        changed(nobody=SIGN_IN),
        drawn(*PEOPLE),
    ),
    Change(
        "/portfolio/items/<uuid:evidence_id>",
        "PUT",
        "portfolio.write",
        "/portfolio/items/{verified}",
        {},
        only_alice(bob=403, nobody=SIGN_IN),
        drawn("alice"),
    ),
    Change(
        "/portfolio/items/<uuid:evidence_id>",
        "DELETE",
        "portfolio.write",
        "/portfolio/items/{verified}",
        {},
        only_alice(bob=403, nobody=SIGN_IN),
        drawn("alice"),
    ),
    Change(
        "/portfolio/items/<uuid:evidence_id>/place",
        "PUT",
        "portfolio.write",
        "/portfolio/items/{verified}/place",
        {"to": "0"},
        only_alice(bob=403),
        drawn("alice"),
    ),
)

# What a person looks at: for axe, for every width, for photographs.
LOOKED_AT = tuple(page for page in PAGES if page.shown)
