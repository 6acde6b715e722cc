"""The manifest of all routes.

Each rule of the URL map has an entry with its permission, an example URL and the expected status
for each role. It drives the role matrix, the accessibility and width checks and the screenshots. A
route without an entry fails `tests/test_url_map.py`.

For a new GET, add a `Page`. For a new unsafe method, add a `Change` with a request that the owner
may make. `create_sample_data` returns the values of the placeholders in braces. Some rooms have
their entries in `tests/support/route_entries/`.
"""

from __future__ import annotations

from tests.support.route_entries import (
    activity,
    admin,
    api,
    archive,
    badges,
    calendar,
    career_plans,
    credentials,
    email,
    endorsements,
    erasure,
    forecast,
    importers,
    invitations,
    market,
    matrix,
    members,
    momentum,
    notifications,
    person,
    portfolios,
    practice,
    reviews,
    search,
    sharing,
    sources,
    time_budget,
    tokens,
    tools,
    work_log,
)
from tests.support.route_entry import (
    ALICE,
    COMMON,
    ENROLLED,
    FORM_PRESERVED,
    HTMX_REDIRECT,
    PEOPLE,
    PUBLIC,
    ROLES,
    SHARED,
    SIGN_IN,
    Change,
    Page,
    expect_change,
    expect_fragment,
    expect_only_alice,
    expect_status,
)

__all__ = [
    "CHANGES",
    "COMMON",
    "PAGES",
    "PEOPLE",
    "ROLES",
    "ROOMS",
    "VIEWABLE_PAGES",
    "Change",
    "Page",
]

# Rooms whose entries and sample data are in a separate module.
ROOMS = (
    *(invitations, email, tokens, sharing, erasure, career_plans, matrix, members, person),
    *(market, credentials, tools, practice, time_budget, sources, calendar, work_log, importers),
    *(endorsements, badges, activity, forecast, momentum),
    *(reviews, portfolios, admin, notifications, search, archive, api),
)

POSITION = {"title": "Engineer", "employer": "Example", "started_on": "2020-01-01"}
DEGREE = {"level": "master", "field": "Statistics"}
PIECE = {
    "title": "A launch",
    "kind": "launch",
    "occurred_on": "2026-02-01",
    "url": "https://example.org/launch",
    "visibility": "portfolio",
}
# An edit submitted from the form for revision 1.
EDITED = {**PIECE, "revision": "1"}
# Alice's changes to shared evidence create or delete notifications for her manager.
NOTIFIED_ROLES = ("bob",)
ME = {"name": "A new name", "timezone": "Europe/Paris", "theme": "dark"}

MILESTONE = "/roadmaps/{slug}/milestones/{milestone}"
MILESTONE_RULE = "/roadmaps/<slug>/milestones/<key>"

PAGES: tuple[Page, ...] = (
    # core
    Page("/healthz", "public", "/healthz", PUBLIC, shown=False),
    Page("/readyz", "public", "/readyz", PUBLIC, shown=False),
    # accounts
    Page("/login", "public", "/login", expect_status(303, nobody=200)),
    Page("/signup", "public", "/signup", expect_status(303, nobody=200)),
    Page(
        "/logout", "public", "/logout", expect_status(200, nobody=303), as_fragment={"nobody": 303}
    ),
    Page("/password/forgot", "public", "/password/forgot", PUBLIC),
    Page("/password/sent", "public", "/password/sent", PUBLIC),
    Page("/password/<token>", "public", "/password/{link}", PUBLIC, name="password-token"),
    Page("/account", "account.read", "/account"),
    Page("/account/keyboard", "account.read", "/account/keyboard"),
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
        # Reviewers are redirected to the review page.
        expect_status(404, alice=200, bob=303, nobody=SIGN_IN),
        variants=("/evidence/{submitted}", "/evidence/{returned}"),
    ),
    Page("/evidence/<uuid:evidence_id>", "evidence.read", "/evidence/{draft}", ALICE),
    Page(
        "/evidence/<uuid:evidence_id>/files/<sha256>",
        "evidence.read",
        "/evidence/{verified}/files/{file}",
        expect_status(404, alice=200, bob=200, nobody=SIGN_IN),
        shown=False,
    ),
    Page(
        "/evidence/files",
        "evidence.write",
        "/evidence/files",
        expect_status(200, nobody=SIGN_IN),
        shown=False,
    ),
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
    Page(
        "/readiness",
        "readiness.read",
        "/readiness",
        variants=("/readiness?roadmap={slug}", "/readiness?if=assessed:mlops,nothing"),
    ),
    # journey
    # With a single roadmap, /roadmaps redirects to its page.
    Page("/roadmaps", "roadmap.read", "/roadmaps?all", name="roadmaps"),
    Page("/roadmaps/<slug>", "roadmap.read", "/roadmaps/{slug}"),
    Page("/roadmaps/<slug>/about", "roadmap.read", "/roadmaps/{slug}/about"),
    Page(
        "/roadmaps/<slug>/enrollment",
        "enrollment.read",
        "/roadmaps/{slug}/enrollment",
        ENROLLED,
    ),
    Page(
        "/roadmaps/<slug>/calibration",
        "progress.read",
        "/roadmaps/{slug}/calibration",
        ENROLLED,
    ),
    # People who are not enrolled see the content only.
    Page("/roadmaps/<slug>/<stage_key>", "progress.read", "/roadmaps/{slug}/{stage}"),
    Page(
        MILESTONE_RULE,
        "progress.read",
        MILESTONE,
        variants=("/roadmaps/{slug}/milestones/{open}",),
    ),
    # home
    Page("/", "public", "/", PUBLIC, name="home", by_role=True),
    *(page for room in ROOMS for page in room.PAGES),
)

CHANGES: tuple[Change, ...] = (
    # accounts
    Change(
        "/login",
        "POST",
        "public",
        "/login",
        {"email": "alice@example.org", "password": "not the one"},
        expect_status(422),
    ),
    Change("/signup", "POST", "public", "/signup", {"name": "Eve"}, expect_status(303, nobody=403)),
    Change(
        "/logout",
        "POST",
        "public",
        "/logout",
        {},
        expect_status(303),
        dict.fromkeys(ROLES, HTMX_REDIRECT),
    ),
    Change(
        "/logout",
        "DELETE",
        "public",
        "/logout",
        {},
        expect_status(303),
        dict.fromkeys(ROLES, HTMX_REDIRECT),
    ),
    # No mail is configured in the tests: the page says so.
    Change(
        "/password/forgot", "POST", "public", "/password/forgot", {"email": "x"}, expect_status(200)
    ),
    Change(
        "/password/<token>",
        "POST",
        "public",
        "/password/{link}",
        {"password": "short"},
        expect_status(422),
    ),
    Change("/account", "PUT", "account.write", "/account", ME),
    Change(
        "/account/email",
        "PUT",
        "account.write",
        "/account/email",
        {"email": "{role}.new@example.org"},
    ),
    Change(
        "/account/password",
        "PUT",
        "account.write",
        "/account/password",
        {"current_password": "not the one", "password": "basalt under a thin frost"},
        # Submitted passwords are never preserved, so nobody gets a redirect.
        expect_change(422, nobody=SIGN_IN),
    ),
    Change(
        "/account/confirm",
        "POST",
        "account.write",
        "/account/confirm",
        {"password": "not the one"},
        expect_change(422, nobody=SIGN_IN),
    ),
    Change(
        "/account/sessions",
        "DELETE",
        "account.write",
        "/account/sessions",
        {},
        expect_change(nobody=SIGN_IN),
    ),
    Change(
        "/account/sessions/<uuid:session_id>",
        "DELETE",
        "account.write",
        "/account/sessions/{session}",
        {},
        expect_only_alice(nobody=SIGN_IN),
    ),
    # career
    Change("/career/positions", "POST", "career.write", "/career/positions", POSITION),
    Change(
        "/career/positions/<uuid:key>",
        "PUT",
        "career.write",
        "/career/positions/{position}",
        POSITION,
        expect_only_alice(),
    ),
    Change(
        "/career/positions/<uuid:key>",
        "DELETE",
        "career.write",
        "/career/positions/{position}",
        {},
        expect_only_alice(nobody=SIGN_IN),
    ),
    Change("/career/degrees", "POST", "career.write", "/career/degrees", DEGREE),
    Change(
        "/career/degrees/<uuid:key>",
        "PUT",
        "career.write",
        "/career/degrees/{degree}",
        DEGREE,
        expect_only_alice(),
    ),
    Change(
        "/career/degrees/<uuid:key>",
        "DELETE",
        "career.write",
        "/career/degrees/{degree}",
        {},
        expect_only_alice(nobody=SIGN_IN),
    ),
    # evidence
    Change("/evidence", "POST", "evidence.write", "/evidence", PIECE),
    Change(
        "/evidence/files",
        "POST",
        "evidence.write",
        "/evidence/files",
        {},
        expect_change(200, nobody=SIGN_IN),
        # The request has no file.
        dict.fromkeys(PEOPLE, 422),
    ),
    Change(
        "/evidence/<uuid:evidence_id>",
        "PUT",
        "evidence.write",
        "/evidence/{verified}",
        EDITED,
        expect_only_alice(bob=403),
        affects=NOTIFIED_ROLES,
    ),
    Change(
        "/evidence/<uuid:evidence_id>",
        "PUT",
        "evidence.write",
        "/evidence/{draft}",
        EDITED,
        expect_only_alice(),
    ),
    Change(
        "/evidence/<uuid:evidence_id>",
        "DELETE",
        "evidence.write",
        "/evidence/{verified}",
        {},
        expect_only_alice(bob=403, nobody=SIGN_IN),
        affects=NOTIFIED_ROLES,
    ),
    Change(
        "/evidence/<uuid:evidence_id>/acceptance",
        "PUT",
        "evidence.write",
        "/evidence/{returned}/acceptance",
        {},
        expect_only_alice(bob=403, nobody=SIGN_IN),
    ),
    Change(
        "/evidence/<uuid:evidence_id>/submission",
        "PUT",
        "evidence.submit",
        "/evidence/{returned}/submission",
        {},
        expect_only_alice(bob=403, nobody=SIGN_IN),
        affects=NOTIFIED_ROLES,
    ),
    # Submitting private evidence also asks whom to share it with.
    Change(
        "/evidence/<uuid:evidence_id>/submission",
        "PUT",
        "evidence.submit",
        "/evidence/{draft}/submission",
        {"visibility": "team"},
        expect_only_alice(),
        affects=NOTIFIED_ROLES,
    ),
    Change(
        "/evidence/<uuid:evidence_id>/submission",
        "DELETE",
        "evidence.submit",
        "/evidence/{submitted}/submission",
        {},
        expect_only_alice(bob=403, nobody=SIGN_IN),
        affects=NOTIFIED_ROLES,
    ),
    # The owner and the manager can both comment on shared evidence.
    Change(
        "/evidence/<uuid:evidence_id>/comments",
        "POST",
        "evidence.comment",
        "/evidence/{submitted}/comments",
        {"text": "Which baseline is that?"},
        expect_only_alice(bob=303),
        expect_fragment("alice", "bob"),
        affects=("alice", *NOTIFIED_ROLES),
    ),
    Change(
        "/evidence/<uuid:evidence_id>/comments",
        "POST",
        "evidence.comment",
        "/evidence/{draft}/comments",
        {"text": "Which baseline is that?"},
        expect_only_alice(409),
    ),
    Change(
        "/evidence/capture",
        "POST",
        "evidence.write",
        "/evidence/capture",
        {"captured": "https://github.com/acme/ranker/pull/1", "back": "/"},
        expect_change(200),
    ),
    Change(
        "/evidence/preview",
        "POST",
        "evidence.write",
        "/evidence/preview",
        PIECE,
        expect_change(200),
    ),
    Change(
        "/evidence/impacts",
        "POST",
        "evidence.write",
        "/evidence/impacts",
        PIECE,
        expect_change(200),
    ),
    Change(
        "/evidence/milestones",
        "POST",
        "evidence.write",
        "/evidence/milestones",
        {**PIECE, "q": "design"},
        expect_change(200),
    ),
    # Another person's evidence id in the form is rejected.
    *(
        Change(
            f"/evidence/{where}",
            "POST",
            "evidence.write",
            f"/evidence/{where}",
            {**PIECE, "q": "design", "about": "{draft}"},
            expect_only_alice(200),
            # Two of the fragments use only the submitted form and load no evidence.
            expect_fragment(*PEOPLE) if where != "milestones" else {},
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
        expect_change(),
        expect_fragment(*PEOPLE),
    ),
    Change(
        "/skills/<key>/assessment-request",
        "PUT",
        "skill.request",
        "/skills/{skill}/assessment-request",
        {},
        expect_change(303, nobody=SIGN_IN),
        affects=("bob",),
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
    Change(
        "/roadmaps/<slug>/enrollment",
        "DELETE",
        "enrollment.write",
        "/roadmaps/{slug}/enrollment",
        {},
        expect_change(303, nobody=SIGN_IN),
    ),
    Change(
        "/roadmaps/<slug>/primary",
        "PUT",
        "enrollment.write",
        "/roadmaps/{slug}/primary",
        {},
        expect_change(303, nobody=SIGN_IN),
    ),
    Change(
        "/roadmaps/<slug>/calibration",
        "PUT",
        "progress.write",
        "/roadmaps/{slug}/calibration",
        {"timezone": "UTC", "objective-computing-degree": "none"},
        expect_change(303),
    ),
    *(
        Change(
            MILESTONE_RULE + f"/{what}",
            method,
            "progress.write",
            f"{MILESTONE}/{what}",
            data,
            # People who are not enrolled have nothing to change.
            expect_change(404, alice=303, carol=303, nobody=FORM_PRESERVED if data else SIGN_IN),
            expect_fragment("alice", "carol"),
        )
        for what, method, data in (
            ("completion", "PUT", {}),
            ("completion", "DELETE", {}),
            ("status", "PUT", {"status": "in_progress"}),
            ("last-change", "DELETE", {}),
        )
    ),
    *(
        Change(
            "/roadmaps/<slug>/<stage_key>/not-applicable",
            method,
            "progress.write",
            "/roadmaps/{slug}/education/not-applicable",
            data,
            expect_change(303),
        )
        for method, data in (
            ("PUT", {"reason": "I have a degree."}),
            ("DELETE", {"milestones": "masters-in-ml"}),
        )
    ),
    Change(
        MILESTONE_RULE + "/plan",
        "PUT",
        "progress.write",
        MILESTONE + "/plan",
        {"note": "Read it again."},
        expect_change(303),
        expect_fragment("alice", "carol"),
    ),
    Change(
        MILESTONE_RULE + "/evidence",
        "PUT",
        "evidence.write",
        "/roadmaps/{slug}/milestones/{open}/evidence",
        {"evidence": "{draft}"},
        expect_change(303, carol=404),
        expect_fragment("alice"),
    ),
    Change(
        MILESTONE_RULE + "/evidence",
        "PUT",
        "evidence.write",
        "/roadmaps/{slug}/milestones/{open}/evidence",
        {"evidence": "{foreign}"},
        # Carol's evidence: Alice knows its id but has no access.
        expect_change(303, carol=303, alice=404),
        expect_fragment("carol"),
    ),
    *(change for room in ROOMS for change in room.CHANGES),
)

# Pages for accessibility checks, width checks and screenshots.
VIEWABLE_PAGES = tuple(page for page in PAGES if page.shown)
