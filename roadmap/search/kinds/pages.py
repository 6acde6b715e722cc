"""Pages of Cairn, roadmaps with their stages, and accessible teams."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain

from flask_babel import LazyString

from roadmap.core.i18n import current_locale, page_language
from roadmap.core.i18n import gettext as _
from roadmap.core.i18n import lazy_gettext as _l
from roadmap.core.ranking import rank
from roadmap.core.text import fold
from roadmap.people.permissions import can
from roadmap.people.queries import list_teams
from roadmap.people.roles import Capability
from roadmap.search.kind import Hit, Kind, Query


@dataclass(frozen=True, slots=True)
class Place:
    """A page of Cairn: its path, name, purpose, and the permission of its route.

    `also` has further search terms, such as a different heading.
    """

    href: str
    title: LazyString
    text: LazyString
    permission: str
    also: LazyString | str = ""


_ROADMAP, _STAGE, _TEAM = _l("Roadmap"), _l("Stage"), _l("Team")
# In the order in which they are suggested before the user types.
PLACES = (
    Place(
        "/",
        _l("Dashboard"),
        _l("Where you are, and what comes next"),
        "public",
        _l("Where you are, your teams, home, start"),
    ),
    Place(
        "/roadmaps",
        _l("Roadmap"),
        _l("Your checklist of milestones"),
        "roadmap.read",
        _l("Roadmaps, milestones, stages, target date, tick"),
    ),
    Place(
        "/evidence#captured",
        _l("Capture evidence"),
        _l("Paste a link or write what you did"),
        "evidence.read",
    ),
    Place("/evidence/new", _l("Add evidence"), _l("Record a new piece of work"), "evidence.write"),
    Place("/evidence", _l("Evidence"), _l("What proves your milestones"), "evidence.read"),
    Place(
        "/skills",
        _l("Skills"),
        _l("Your levels, assessed by you and others"),
        "skill.read",
        _l("Assess yourself, radar"),
    ),
    Place(
        "/readiness",
        _l("Readiness"),
        _l("Your score, gates and next steps"),
        "readiness.read",
        _l("Score, what counts, next steps"),
    ),
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
    Place(
        "/reviews",
        _l("Reviews"),
        _l("Evidence that is waiting for you"),
        "review.list",
        _l("Review queue, verify"),
    ),
    Place("/teams", _l("Teams"), _l("Teams you manage or are in"), "team.list"),
    Place("/people", _l("All your people"), _l("The matrix of all your teams"), "team.matrix"),
    Place(
        "/evidence/import",
        _l("Import"),
        _l("From GitHub, GitLab, ORCID, BibTeX, LinkedIn, JSON Resume or a CSV file"),
        "evidence.write",
    ),
    Place("/work-log", _l("Work log"), _l("A line a week on what you did"), "work_log.read"),
    Place("/roadmaps?all", _l("All roadmaps"), _l("Roadmaps to choose from"), "roadmap.read"),
    Place(
        "/career",
        _l("Career"),
        _l("Positions, degrees and plans"),
        "career.read",
        _l("Positions and education, jobs, CV"),
    ),
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
        _l("Individual contributor or manager, IC"),
    ),
    Place(
        "/career/education",
        _l("Education"),
        _l("Whether a degree is worth it for you"),
        "career_plan.read",
        _l("Is a further degree worth it for you, PhD, master's"),
    ),
    Place(
        "/calendar", _l("Calendar"), _l("Target dates, and what is due or lapses"), "calendar.read"
    ),
    Place(
        "/credentials",
        _l("Credentials"),
        _l("Certifications with cost"),
        "credential.read",
        _l("Certificates"),
    ),
    Place("/tools", _l("Tools"), _l("Tools you know or want to learn"), "tool.read"),
    Place(
        "/time",
        _l("Your week"),
        _l("Hours in meetings and deep work"),
        "time.read",
        _l("This week, time budget, deep work"),
    ),
    Place(
        "/time/calendar",
        _l("Import a calendar"),
        _l("Meetings from an .ics file"),
        "time.read",
        _l("Hours from your calendar"),
    ),
    Place("/practice", _l("Interview practice"), _l("Interview questions"), "practice.read"),
    Place(
        "/practice/mock",
        _l("Mock interviews"),
        _l("A timed round of questions"),
        "practice.read",
        _l("Mock interview"),
    ),
    Place("/market", _l("Pay and demand"), _l("Salaries by state, and employers"), "market.read"),
    Place(
        "/market/offers",
        _l("Offers"),
        _l("Compare job offers"),
        "offer.read",
        _l("Compare offers, salary"),
    ),
    Place(
        "/portfolio/links", _l("Public links"), _l("Share your portfolio by link"), "portfolio.read"
    ),
    Place("/notifications", _l("Notifications"), _l("News about your work"), "notification.read"),
    Place(
        "/account",
        _l("Account"),
        _l("Name, time zone, theme, sessions"),
        "account.read",
        _l("Settings, profile, preferences, language, time zone, two-step"),
    ),
    Place("/account/password", _l("Change password"), _l("A new password"), "account.write"),
    Place("/account/email", _l("Change e-mail address"), _l("A new address"), "account.write"),
    Place("/account/tokens", _l("API tokens"), _l("Access for scripts and tools"), "token.read"),
    Place(
        "/account/keyboard",
        _l("Keyboard shortcuts"),
        _l("The keys, and how to switch single keys off"),
        "account.read",
    ),
    Place(
        "/activity",
        _l("Activity"),
        _l("Every change to what you record here"),
        "activity.read",
        _l("All activity, recent activity, history"),
    ),
    Place(
        "/activity/since", _l("What changed since…"), _l("Changes from a day on"), "activity.read"
    ),
    Place(
        "/absences",
        _l("Time off"),
        _l("Holidays, leave, illness: forecasts skip what lies ahead"),
        "absence.read",
        _l("Absences, vacation"),
    ),
    Place(
        "/roadmaps",
        _l("Ask a witness"),
        _l("Open the milestone that someone saw you do: its page makes the link"),
        "roadmap.read",
        _l("Endorsement"),
    ),
    Place(
        "/credentials/verify",
        _l("Verify a badge"),
        _l("Whether a badge is signed and still counts"),
        "public",
    ),
    Place("/evidence/milestones", _l("Find a milestone"), _l("By its title"), "evidence.write"),
    Place(
        "/portfolio/preview",
        _l("Portfolio preview"),
        _l("Your portfolio as others see it"),
        "portfolio.read",
    ),
    Place(
        "/account/archive",
        _l("Your archive"),
        _l("All that you recorded, to keep or to move elsewhere"),
        "archive.read",
        _l("Export, backup, download, import"),
    ),
    Place("/account/deletion", _l("Delete your account"), _l("With all its data"), "account.write"),
    Place("/account/tokens/new", _l("New token"), _l("For a script or an agent"), "token.write"),
    Place(
        "/account/tokens/agents", _l("Connect an agent"), _l("Coding agents over MCP"), "token.read"
    ),
    Place("/api/v1/docs", _l("The API of Cairn"), _l("For scripts and tools"), "public"),
    Place("/sources", _l("Sources"), _l("Where facts and figures come from"), "source.read"),
    Place("/admin", _l("Administration"), _l("Security, backups, installation"), "admin.read"),
    Place(
        "/admin/people",
        _l("People with an account"),
        _l("Accounts here"),
        "admin.read",
        _l("Administration, users, roles"),
    ),
    Place(
        "/admin/teams", _l("All teams"), _l("Every team here"), "admin.read", _l("Administration")
    ),
    Place("/admin/teams/new", _l("Create a team"), _l("A new team"), "admin.write"),
    Place("/admin/invitations", _l("Invitations"), _l("Invite someone to Cairn"), "admin.read"),
    Place(
        "/admin/roadmaps",
        _l("Roadmaps that are loaded"),
        _l("Revisions"),
        "admin.read",
        _l("Roadmaps, administration"),
    ),
    Place("/admin/audit", _l("Audit log"), _l("Who did what, and when"), "admin.read"),
)


# Pages below the path of each roadmap that the user is on.
OF_ROADMAP = (
    Place(
        "/forecast",
        _l("Forecast"),
        _l("When you finish, by your own pace and by the one you plan"),
        "forecast.read",
    ),
    Place(
        "/progress",
        _l("Progress over time"),
        _l("Milestones, hours and score by month"),
        "snapshot.read",
    ),
    Place(
        "/calibration",
        _l("What have you done already?"),
        _l("Tick what you did before Cairn"),
        "progress.read",
    ),
    Place(
        "/enrollment",
        _l("Target date and pace"),
        _l("Hours per week, and when you want to finish"),
        "enrollment.read",
    ),
)
_ABOUT = _l("Is this for me")


@cache
def _localized(
    _language: str, *, of_roadmap: bool = False
) -> tuple[tuple[Place, str, str, tuple[str, str]], ...]:
    """Return each place with its translated and folded texts, cached by language."""
    places = OF_ROADMAP if of_roadmap else PLACES
    named = ((each, str(each.title), str(each.text)) for each in places)
    return tuple(
        (each, title, text, (fold(title), fold(f"{text} {each.also}")))
        for each, title, text in named
    )


def find(query: Query) -> list[Hit]:
    """Find pages by name or purpose. Without words, return the first places."""
    hits = [
        Hit(place, title, each.href, (), text)
        for each, title, text, folded in _localized(page_language(current_locale()))
        if (place := rank(query.words, *folded)) is not None and can(query.actor, each.permission)
    ]
    if query.words:
        hits += chain(_of_roadmaps(query), _roadmaps(query), _teams(query))
        hits.sort(key=lambda hit: hit.rank)
    return hits[: query.most]


def _of_roadmaps(query: Query) -> Iterator[Hit]:
    if not query.actor.is_enrolled:
        return
    for each, title, text, folded in _localized(page_language(current_locale()), of_roadmap=True):
        if (place := rank(query.words, *folded)) is not None:
            for content in query.roadmaps[0]:
                href = f"/roadmaps/{content.slug}{each.href}"
                yield Hit(place, title, href, (content.title,), text)


def _roadmaps(query: Query) -> Iterator[Hit]:
    about = fold(str(_ABOUT))
    for content in chain(*query.roadmaps):
        path = f"/roadmaps/{content.slug}"
        folded, *folded_stages = content.folded_pages
        if (place := rank(query.words, *folded)) is not None:
            yield Hit(place, content.title, path, (_ROADMAP,), content.summary)
        if (place := rank(query.words, about, folded[0])) is not None:
            yield Hit(place, str(_ABOUT), f"{path}/about", (content.title,))
        for stage, folded in zip(content.stages, folded_stages, strict=True):
            if (place := rank(query.words, *folded)) is not None:
                meta = (_STAGE, content.title)
                yield Hit(place, stage.title, f"{path}/{stage.key}", meta, stage.summary)


def _teams(query: Query) -> Iterator[Hit]:
    if Capability.SEE_SHARED not in query.actor.capabilities:
        return
    managed = query.actor.teams(Capability.MANAGE_TEAM)
    for team in list_teams(query.session, query.actor.teams(Capability.SEE_SHARED)):
        path = f"/teams/{team.slug}"
        pages = [
            (path, team.name, ""),
            (f"{path}/tools", _("Tools of %(team)s", team=team.name), ""),
        ]
        if team.id in managed:
            title, text = _("Members of %(team)s", team=team.name), _("Invite people, change roles")
            pages.append((f"{path}/members", title, text))
        for href, title, text in pages:
            if (place := rank(query.words, fold(title), fold(text))) is not None:
                yield Hit(place, title, href, (_TEAM,), text)


KIND = Kind("pages", _l("Pages"), _l("More pages"), find)
