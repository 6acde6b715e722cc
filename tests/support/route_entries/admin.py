"""Routes of the room `admin` and their sample data."""

from __future__ import annotations

from typing import Any

from roadmap.invitations.actions import invite
from tests.support.route_entry import FORM_PRESERVED, SIGN_IN, Change, Page, Statuses, expect_status

# Only for the administrator, not even for managers.
ADMIN = expect_status(403, erin=200, nobody=SIGN_IN)
PERSON = "/admin/people/<uuid:user_id>"


def expect_admin(status: int = 303, nobody: int = FORM_PRESERVED) -> Statuses:
    return expect_status(403, erin=status, nobody=nobody)


PAGES: tuple[Page, ...] = (
    Page("/admin", "admin.read", "/admin", ADMIN),
    Page(
        "/admin/people",
        "admin.read",
        "/admin/people",
        ADMIN,
        variants=("/admin/people?q=nobody+of+that+name", "/admin/people?show=administrators"),
    ),
    Page(
        PERSON,
        "admin.read",
        "/admin/people/{alice}",
        ADMIN,
        variants=("/admin/people/{erin}",),
        name="admin-person",
    ),
    Page(
        f"{PERSON}/administrator",
        "admin.write",
        "/admin/people/{bob}/administrator",
        ADMIN,
        variants=("/admin/people/{erin}/administrator",),
        name="admin-person-administrator",
    ),
    Page(
        f"{PERSON}/deactivation",
        "admin.write",
        "/admin/people/{bob}/deactivation",
        ADMIN,
        name="admin-person-deactivation",
    ),
    Page(
        f"{PERSON}/password-link",
        "admin.write",
        "/admin/people/{bob}/password-link",
        ADMIN,
        name="admin-person-password-link",
    ),
    Page("/admin/teams", "admin.read", "/admin/teams", ADMIN),
    Page("/admin/teams/new", "admin.write", "/admin/teams/new", ADMIN),
    Page("/admin/teams/<slug>", "admin.read", "/admin/teams/{team}", ADMIN, name="admin-team"),
    Page(
        "/admin/teams/<slug>/deletion",
        "admin.write",
        "/admin/teams/{team}/deletion",
        ADMIN,
        name="admin-team-deletion",
    ),
    Page(
        "/admin/audit",
        "admin.read",
        "/admin/audit",
        ADMIN,
        variants=("/admin/audit?kind=team&person=bob@example.org", "/admin/audit?person=x&from=x"),
    ),
    Page(
        "/admin/audit/export/csv",
        "admin.read",
        "/admin/audit/export/csv",
        ADMIN,
        shown=False,
        name="admin-audit-export",
    ),
    Page("/admin/roadmaps", "admin.read", "/admin/roadmaps", ADMIN),
    Page("/admin/invitations", "admin.read", "/admin/invitations", ADMIN),
)
CHANGES: tuple[Change, ...] = (
    Change(
        "/admin/test-mails",
        "POST",
        "admin.write",
        "/admin/test-mails",
        {},
        expect_admin(nobody=SIGN_IN),
    ),
    *(
        Change(
            f"{PERSON}/{what}",
            method,
            "admin.write",
            f"/admin/people/{{bob}}/{what}",
            {"sure": "yes"},
            expect_admin(200 if method == "POST" else 303),
            affects=("bob",),
        )
        for what, method in (
            ("administrator", "PUT"),
            ("administrator", "DELETE"),
            ("deactivation", "PUT"),
            ("deactivation", "DELETE"),
            ("password-link", "POST"),
        )
    ),
    Change(
        f"{PERSON}/teams",
        "POST",
        "admin.write",
        "/admin/people/{carol}/teams",
        {"team": "vision", "role": "member"},
        expect_admin(),
        affects=("carol",),
    ),
    Change(
        f"{PERSON}/teams/<slug>",
        "DELETE",
        "admin.write",
        "/admin/people/{carol}/teams/{team}",
        {"sure": "yes"},
        expect_admin(),
        affects=("carol", "bob"),
    ),
    Change(
        "/admin/teams",
        "POST",
        "admin.write",
        "/admin/teams",
        {"name": "Speech", "parent": ""},
        expect_admin(),
        affects=("nobody",),
    ),
    Change(
        "/admin/teams/<slug>",
        "PUT",
        "admin.write",
        "/admin/teams/{team}",
        {"name": "Ranking and search", "parent": "vision"},
        expect_admin(),
        # Members are notified of who can now see them.
        affects=("nobody", "alice", "bob", "carol"),
    ),
    # Deletes memberships and invitations too.
    Change(
        "/admin/teams/<slug>",
        "DELETE",
        "admin.write",
        "/admin/teams/{team}",
        {"sure": "yes"},
        expect_admin(),
        affects=("nobody", "alice", "bob", "carol", "mallory"),
    ),
    Change(
        "/admin/invitations",
        "POST",
        "admin.write",
        "/admin/invitations",
        {"email": "frieda@example.org", "days": "14"},
        expect_admin(),
        affects=("nobody",),
    ),
    Change(
        "/admin/invitations/<uuid:invitation_id>",
        "DELETE",
        "admin.write",
        "/admin/invitations/{invited}",
        {"sure": "yes"},
        expect_admin(),
        affects=("nobody",),
    ),
)


def create_sample_data(write: Any) -> dict[str, str]:
    """Add the data that the URLs refer to."""
    made, _token = invite(
        write.session,
        team=None,
        role="member",
        email="gustav@example.org",
        by=write.cast.erin,
        now=write.now,
    )
    return {"invited": str(made.id)}
