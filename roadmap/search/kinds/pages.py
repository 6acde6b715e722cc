"""Pages of Cairn, roadmaps with their stages, and accessible teams."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from urllib.parse import urlsplit

from flask import current_app
from flask_babel import LazyString

from roadmap.core.i18n import _, _l, current_locale, page_language
from roadmap.core.ranking import rank
from roadmap.core.text import fold
from roadmap.people.permissions import can, permission_of
from roadmap.people.queries import list_teams
from roadmap.people.roles import Capability
from roadmap.search.kind import Hit, Kind, Query


@dataclass(frozen=True, slots=True)
class Page:
    """A page of Cairn: its path, name and purpose.

    `keywords` has further search terms, such as a different heading.
    """

    href: str
    title: LazyString
    text: LazyString
    keywords: LazyString | str = ""


_ROADMAP, _STAGE, _TEAM = _l("Roadmap"), _l("Stage"), _l("Team")
# In the order in which they are suggested before the user types.
PAGES = (
    Page(
        "/",
        _l("Dashboard"),
        _l("Where you are, and what comes next"),
        _l("Where you are, your teams, home, start"),
    ),
    Page(
        "/roadmaps",
        _l("Roadmap"),
        _l("Your checklist of milestones"),
        _l("Roadmaps, milestones, stages, target date, tick"),
    ),
    Page("/evidence#captured", _l("Capture evidence"), _l("Paste a link or write what you did")),
    Page("/evidence/new", _l("Add evidence"), _l("Record a new piece of work")),
    Page("/evidence", _l("Evidence"), _l("What proves your milestones")),
    Page(
        "/skills",
        _l("Skills"),
        _l("Your levels, assessed by you and others"),
        _l("Assess yourself, radar"),
    ),
    Page(
        "/readiness",
        _l("Readiness"),
        _l("Your score, gates and next steps"),
        _l("Score, what counts, next steps"),
    ),
    Page("/portfolio", _l("Portfolio"), _l("What you show, with exports")),
    Page(
        "/portfolios",
        _l("All portfolios"),
        _l("One for each audience: promotion committee, recruiters, public CV"),
    ),
    Page(
        "/portfolio/profiles",
        _l("Profiles"),
        _l("Your pages at GitHub, LinkedIn, ORCID and elsewhere"),
    ),
    Page("/badges", _l("Badges"), _l("Signed proof of what was verified")),
    Page(
        "/reviews",
        _l("Reviews"),
        _l("Evidence that is waiting for you"),
        _l("Review queue, verify"),
    ),
    Page("/teams", _l("Teams"), _l("Teams you manage or are in")),
    Page("/people", _l("All your people"), _l("The matrix of all your teams")),
    Page(
        "/evidence/import",
        _l("Import"),
        _l("From GitHub, GitLab, ORCID, BibTeX, LinkedIn, JSON Resume or a CSV file"),
    ),
    Page("/work-log", _l("Work log"), _l("A line a week on what you did")),
    Page("/roadmaps?all", _l("All roadmaps"), _l("Roadmaps to choose from")),
    Page(
        "/career",
        _l("Career"),
        _l("Positions, degrees and plans"),
        _l("Positions and education, jobs, CV"),
    ),
    Page("/career/challenges", _l("Challenges"), _l("Career challenges and your plan for them")),
    Page(
        "/career/direction",
        _l("Direction"),
        _l("Individual contributor or manager"),
        _l("Individual contributor or manager, IC"),
    ),
    Page(
        "/career/education",
        _l("Education"),
        _l("Whether a degree is worth it for you"),
        _l("Is a further degree worth it for you, PhD, master's"),
    ),
    Page("/calendar", _l("Calendar"), _l("Target dates, and what is due or lapses")),
    Page("/credentials", _l("Credentials"), _l("Certifications with cost"), _l("Certificates")),
    Page("/tools", _l("Tools"), _l("Tools you know or want to learn")),
    Page(
        "/time",
        _l("Your week"),
        _l("Hours in meetings and deep work"),
        _l("This week, time budget, deep work"),
    ),
    Page(
        "/time/calendar",
        _l("Import a calendar"),
        _l("Meetings from an .ics file"),
        _l("Hours from your calendar"),
    ),
    Page("/practice", _l("Interview practice"), _l("Interview questions")),
    Page(
        "/practice/mock",
        _l("Mock interviews"),
        _l("A timed round of questions"),
        _l("Mock interview"),
    ),
    Page("/market", _l("Pay and demand"), _l("Salaries by state, and employers")),
    Page("/market/offers", _l("Offers"), _l("Compare job offers"), _l("Compare offers, salary")),
    Page("/portfolio/links", _l("Public links"), _l("Share your portfolio by link")),
    Page("/notifications", _l("Notifications"), _l("News about your work")),
    Page(
        "/account",
        _l("Account"),
        _l("Name, time zone, theme, sessions"),
        _l("Settings, profile, preferences, language, time zone, two-step"),
    ),
    Page("/account/password", _l("Change password"), _l("A new password")),
    Page("/account/email", _l("Change e-mail address"), _l("A new address")),
    Page("/account/tokens", _l("API tokens"), _l("Access for scripts and tools")),
    Page(
        "/account/keyboard",
        _l("Keyboard shortcuts"),
        _l("The keys, and how to switch single keys off"),
    ),
    Page(
        "/activity",
        _l("Activity"),
        _l("Every change to what you record here"),
        _l("All activity, recent activity, history"),
    ),
    Page("/activity/since", _l("What changed since…"), _l("Changes since a day you choose")),
    Page(
        "/absences",
        _l("Time off"),
        _l("Holidays, leave, illness: forecasts skip days to come"),
        _l("Absences, vacation"),
    ),
    Page(
        "/roadmaps",
        _l("Ask a witness"),
        _l("Open the milestone that someone saw you complete: its page creates the link"),
        _l("Endorsement"),
    ),
    Page(
        "/credentials/verify",
        _l("Verify a badge"),
        _l("Whether a badge is signed and still counts"),
    ),
    Page("/evidence/milestones", _l("Find a milestone"), _l("By its title")),
    Page("/portfolio/preview", _l("Portfolio preview"), _l("Your portfolio as others see it")),
    Page(
        "/account/archive",
        _l("Your archive"),
        _l("Everything you recorded, to keep or move elsewhere"),
        _l("Export, backup, download, import"),
    ),
    Page("/account/deletion", _l("Delete your account"), _l("With all its data")),
    Page("/account/tokens/new", _l("New token"), _l("For a script or an agent")),
    Page("/account/tokens/agents", _l("Connect an agent"), _l("Coding agents over MCP")),
    Page("/api/v1/docs", _l("The API of Cairn"), _l("For scripts and tools")),
    Page("/sources", _l("Sources"), _l("Where facts and figures come from")),
    Page("/admin", _l("Administration"), _l("Security, backups, installation")),
    Page(
        "/admin/people",
        _l("People with an account"),
        _l("Accounts here"),
        _l("Administration, users, roles"),
    ),
    Page("/admin/teams", _l("All teams"), _l("Every team here"), _l("Administration")),
    Page("/admin/teams/new", _l("Create a team"), _l("A new team")),
    Page("/admin/invitations", _l("Invitations"), _l("Invite someone to Cairn")),
    Page("/admin/roadmaps", _l("Loaded roadmaps"), _l("Revisions"), _l("Roadmaps, administration")),
    Page("/admin/audit", _l("Audit log"), _l("Who did what, and when")),
)


# Pages below the path of each roadmap that the user is on.
ROADMAP_PAGES = (
    Page(
        "/forecast",
        _l("Forecast"),
        _l("When you will finish, at your own pace and at your planned pace"),
    ),
    Page("/progress", _l("Progress over time"), _l("Milestones, hours and score by month")),
    Page("/calibration", _l("What have you done already?"), _l("Tick what you did before Cairn")),
    Page(
        "/enrollment", _l("Target date and pace"), _l("Hours per week, and when you want to finish")
    ),
)
_ABOUT = _l("Is this for me")


@cache
def _localized(
    _language: str, *, below_roadmaps: bool = False
) -> tuple[tuple[Page, str, str, tuple[str, str]], ...]:
    """Return each page with its translated and folded texts, cached by language."""
    pages = ROADMAP_PAGES if below_roadmaps else PAGES
    named = ((each, str(each.title), str(each.text)) for each in pages)
    return tuple(
        (each, title, text, (fold(title), fold(f"{text} {each.keywords}")))
        for each, title, text in named
    )


@cache
def _permission(href: str) -> str:
    """Return the permission of the page's route, which each route has."""
    endpoint, _values = current_app.url_map.bind("").match(urlsplit(href).path)
    return permission_of(current_app, endpoint) or ""


def find(query: Query) -> list[Hit]:
    """Find pages by name or purpose. Without words, return the first pages."""
    hits = [
        Hit(match_rank, title, each.href, (), text)
        for each, title, text, folded in _localized(page_language(current_locale()))
        if (match_rank := rank(query.words, *folded)) is not None
        and can(query.actor, _permission(each.href))
    ]
    if query.words:
        hits += chain(_find_roadmap_pages(query), _find_roadmaps(query), _find_team_pages(query))
        hits.sort(key=lambda hit: hit.rank)
    return hits[: query.limit]


def _find_roadmap_pages(query: Query) -> Iterator[Hit]:
    if not query.actor.is_enrolled:
        return
    for each, title, text, folded in _localized(
        page_language(current_locale()), below_roadmaps=True
    ):
        if (match_rank := rank(query.words, *folded)) is not None:
            for content in query.roadmaps[0]:
                href = f"/roadmaps/{content.slug}{each.href}"
                yield Hit(match_rank, title, href, (content.title,), text)


def _find_roadmaps(query: Query) -> Iterator[Hit]:
    about = fold(str(_ABOUT))
    for content in chain(*query.roadmaps):
        path = f"/roadmaps/{content.slug}"
        folded, *folded_stages = content.folded_pages
        if (match_rank := rank(query.words, *folded)) is not None:
            yield Hit(match_rank, content.title, path, (_ROADMAP,), content.summary)
        if (match_rank := rank(query.words, about, folded[0])) is not None:
            yield Hit(match_rank, str(_ABOUT), f"{path}/about", (content.title,))
        for stage, folded in zip(content.stages, folded_stages, strict=True):
            if (match_rank := rank(query.words, *folded)) is not None:
                meta = (_STAGE, content.title)
                yield Hit(match_rank, stage.title, f"{path}/{stage.key}", meta, stage.summary)


def _find_team_pages(query: Query) -> Iterator[Hit]:
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
            if (match_rank := rank(query.words, fold(title), fold(text))) is not None:
                yield Hit(match_rank, title, href, (_TEAM,), text)


KIND = Kind("pages", _l("Pages"), _l("More pages"), find)
