"""Pages: the places of Cairn, roadmaps with their stages, and teams that one may open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain

from flask_babel import LazyString

from roadmap.core.i18n import current_locale, page_language
from roadmap.core.i18n import lazy_gettext as _l
from roadmap.core.ranking import rank
from roadmap.core.text import fold
from roadmap.people.permissions import can
from roadmap.people.queries import list_teams
from roadmap.people.roles import Capability
from roadmap.search.kind import Hit, Kind, Query


@dataclass(frozen=True, slots=True)
class Place:
    """A page of Cairn: its address, its name, what it is for, and the permission of its route."""

    href: str
    title: LazyString
    text: LazyString
    permission: str


_ROADMAP, _STAGE, _TEAM = _l("Roadmap"), _l("Stage"), _l("Team")
# In the order in which they are offered before anything is typed.
PLACES = (
    Place("/", _l("Dashboard"), _l("Where you are, and what comes next"), "public"),
    Place("/roadmaps", _l("Roadmap"), _l("Your checklist of milestones"), "roadmap.read"),
    Place(
        "/evidence#captured",
        _l("Capture evidence"),
        _l("Paste a link or write what you did"),
        "evidence.read",
    ),
    Place("/evidence/new", _l("Add evidence"), _l("Record a new piece of work"), "evidence.write"),
    Place("/evidence", _l("Evidence"), _l("What proves your milestones"), "evidence.read"),
    Place("/skills", _l("Skills"), _l("Your levels, assessed by you and others"), "skill.read"),
    Place("/readiness", _l("Readiness"), _l("Your score, gates and next steps"), "readiness.read"),
    Place("/portfolio", _l("Portfolio"), _l("What you show, with exports"), "portfolio.read"),
    Place(
        "/portfolios",
        _l("All portfolios"),
        _l("One for each audience: promotion committee, recruiters, public CV"),
        "portfolio.read",
    ),
    Place(
        "/portfolio/profiles",
        _l("Profiles"),
        _l("Your pages at GitHub, LinkedIn, ORCID and elsewhere"),
        "portfolio.read",
    ),
    Place("/badges", _l("Badges"), _l("Signed proof of what was verified"), "badge.read"),
    Place("/reviews", _l("Reviews"), _l("Evidence that is waiting for you"), "review.list"),
    Place("/teams", _l("Teams"), _l("Teams you manage or are in"), "team.list"),
    Place("/people", _l("All your people"), _l("The matrix of all your teams"), "team.matrix"),
    Place("/evidence/import", _l("Import"), _l("Evidence from other places"), "evidence.write"),
    Place("/work-log", _l("Work log"), _l("A line a week on what you did"), "work_log.read"),
    Place("/roadmaps?all", _l("All roadmaps"), _l("Roadmaps to choose from"), "roadmap.read"),
    Place("/career", _l("Career"), _l("Positions, degrees and plans"), "career.read"),
    Place(
        "/career/challenges",
        _l("Challenges"),
        _l("Career challenges and your plan for them"),
        "career_plan.read",
    ),
    Place(
        "/career/direction",
        _l("Direction"),
        _l("Individual contributor or manager"),
        "career_plan.read",
    ),
    Place(
        "/career/education",
        _l("Education"),
        _l("Whether a degree is worth it for you"),
        "career_plan.read",
    ),
    Place(
        "/calendar", _l("Calendar"), _l("Target dates, and what is due or lapses"), "calendar.read"
    ),
    Place("/credentials", _l("Credentials"), _l("Certifications with cost"), "credential.read"),
    Place("/tools", _l("Tools"), _l("Tools you know or want to learn"), "tool.read"),
    Place("/time", _l("Your week"), _l("Hours in meetings and deep work"), "time.read"),
    Place("/time/calendar", _l("Import a calendar"), _l("Meetings from an .ics file"), "time.read"),
    Place("/practice", _l("Interview practice"), _l("Interview questions"), "practice.read"),
    Place(
        "/practice/mock", _l("Mock interviews"), _l("A timed round of questions"), "practice.read"
    ),
    Place("/market", _l("Pay and demand"), _l("Salaries by state, and employers"), "market.read"),
    Place("/market/offers", _l("Offers"), _l("Compare job offers"), "offer.read"),
    Place(
        "/portfolio/links", _l("Public links"), _l("Share your portfolio by link"), "portfolio.read"
    ),
    Place("/notifications", _l("Notifications"), _l("News about your work"), "notification.read"),
    Place("/account", _l("Account"), _l("Name, time zone, theme, sessions"), "account.read"),
    Place("/account/password", _l("Change password"), _l("A new password"), "account.write"),
    Place("/account/email", _l("Change e-mail address"), _l("A new address"), "account.write"),
    Place("/account/tokens", _l("API tokens"), _l("Access for scripts and tools"), "token.read"),
    Place(
        "/account/keyboard",
        _l("Keyboard shortcuts"),
        _l("The keys, and how to switch single keys off"),
        "account.read",
    ),
    Place("/sources", _l("Sources"), _l("Where facts and figures come from"), "source.read"),
    Place("/admin", _l("Administration"), _l("Security, backups, installation"), "admin.read"),
    Place("/admin/people", _l("People with an account"), _l("Accounts here"), "admin.read"),
    Place("/admin/teams", _l("All teams"), _l("Every team here"), "admin.read"),
    Place("/admin/invitations", _l("Invitations"), _l("Invite someone to Cairn"), "admin.read"),
    Place("/admin/roadmaps", _l("Roadmaps that are loaded"), _l("Revisions"), "admin.read"),
    Place("/admin/audit", _l("Audit log"), _l("Who did what, and when"), "admin.read"),
)


@cache
def _places(_language: str) -> tuple[tuple[Place, str, str, tuple[str, str]], ...]:
    """Return each place with its name and purpose in a language, which a search need not redo."""
    named = ((each, str(each.title), str(each.text)) for each in PLACES)
    return tuple((each, title, text, (fold(title), fold(text))) for each, title, text in named)


def find(query: Query) -> list[Hit]:
    """Find pages by name or purpose; without a word the first places."""
    hits = [
        Hit(place, title, each.href, (), text)
        for each, title, text, folded in _places(page_language(current_locale()))
        if (place := rank(query.words, *folded)) is not None and can(query.actor, each.permission)
    ]
    if query.words:
        hits += (
            replace(each, rank=place)
            for each in (*_roadmaps(query), *_teams(query))
            if (place := rank(query.words, fold(each.title), fold(each.text))) is not None
        )
        hits.sort(key=lambda hit: hit.rank)
    return hits[: query.most]


def _roadmaps(query: Query) -> Iterator[Hit]:
    for content in chain(*query.roadmaps):
        path = f"/roadmaps/{content.slug}"
        yield Hit(0, content.title, path, (_ROADMAP,), content.summary)
        for stage in content.stages:
            address = f"{path}/{stage.key}"
            yield Hit(0, stage.title, address, (_STAGE, content.title), stage.summary)


def _teams(query: Query) -> Iterator[Hit]:
    if Capability.SEE_SHARED not in query.actor.capabilities:
        return
    for team in list_teams(query.session, query.actor.teams(Capability.SEE_SHARED)):
        yield Hit(0, team.name, f"/teams/{team.slug}", (_TEAM,))


KIND = Kind("pages", _l("Pages"), _l("More pages"), find)
