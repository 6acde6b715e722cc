"""The routes of the API: path, permission and operation.

The first request imports the operations and their models, because pydantic takes 100 ms to load.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from roadmap.api.operation import Operation

BASE = "/api/v1"


@dataclass(frozen=True, slots=True)
class Route:
    """`rule` is a Flask rule without `/api/v1`; `where` is `module:function` in this package."""

    method: str
    rule: str
    permission: str
    where: str

    @property
    def name(self) -> str:
        """Return the name of the endpoint, which is also the `operationId` in OpenAPI."""
        return self.where.partition(":")[2]

    @property
    def is_safe(self) -> bool:
        return self.method == "GET"

    def load_operation(self) -> Operation:
        """Return the operation, imported on first use."""
        module = import_module(f"roadmap.api.{self.where.partition(':')[0]}")
        operation: Operation = getattr(module, self.name)
        return operation


MILESTONE = "/me/roadmaps/<slug>/milestones/<key>"
EVIDENCE = "/me/evidence/<uuid:evidence_id>"
FILES = f"{EVIDENCE}/files"
ABSENCE = "/me/absences/<uuid:absence_id>"
PORTFOLIO = "/me/portfolios/<uuid:portfolio_id>"
LINKS = f"{PORTFOLIO}/links"
MEMBER = "/teams/<slug>/people/<uuid:person_id>/skills/<key>"
JUDGEMENT = "/reviews/<uuid:evidence_id>/judgements/<uuid:judgement_id>"

ROUTES = (
    Route("GET", "/me", "account.read", "me:me"),
    Route("GET", "/me/archive", "archive.download", "me:download_archive"),
    Route("GET", "/roadmaps", "roadmap.read", "roadmaps:list_roadmaps"),
    Route("GET", "/roadmaps/<slug>", "roadmap.read", "roadmaps:read_roadmap"),
    Route("GET", "/me/roadmaps/<slug>", "progress.read", "progress:read_own_roadmap"),
    Route("PUT", "/me/roadmaps/<slug>", "enrollment.write", "progress:enroll"),
    Route("DELETE", "/me/roadmaps/<slug>", "enrollment.write", "progress:leave"),
    Route("GET", "/me/roadmaps/<slug>/history", "snapshot.read", "momentum:list_history"),
    Route("GET", "/me/roadmaps/<slug>/forecast", "forecast.read", "forecast:read_forecast"),
    Route("PUT", MILESTONE, "progress.write", "progress:set_milestone"),
    Route("GET", "/me/evidence", "evidence.read", "evidence:list_evidence"),
    Route("POST", "/me/evidence", "evidence.draft", "evidence:create_evidence"),
    Route("GET", EVIDENCE, "evidence.read", "evidence:read_evidence"),
    Route("PATCH", EVIDENCE, "evidence.draft", "evidence:change_evidence"),
    Route("DELETE", EVIDENCE, "evidence.write", "evidence:delete_evidence"),
    Route("PUT", f"{EVIDENCE}/submission", "evidence.submit", "evidence:submit_evidence"),
    Route("DELETE", f"{EVIDENCE}/submission", "evidence.submit", "evidence:withdraw_evidence"),
    Route("GET", FILES, "evidence.read", "evidence:list_files"),
    Route("POST", FILES, "evidence.write", "evidence:add_files"),
    Route("GET", f"{FILES}/<sha256>", "evidence.read", "evidence:read_file"),
    Route("DELETE", f"{FILES}/<sha256>", "evidence.write", "evidence:remove_file"),
    Route("GET", "/me/readiness", "readiness.read", "readiness:read_readiness"),
    Route("GET", "/me/activity", "activity.read", "activity:list_activity"),
    Route("GET", "/me/skills", "skill.read", "skills:list_skills"),
    Route("PUT", "/me/skills/<key>", "skill.assess_self", "skills:assess_own_skill"),
    Route("GET", "/me/absences", "absence.read", "forecast:list_absences"),
    Route("POST", "/me/absences", "absence.write", "forecast:add_absence"),
    Route("PATCH", ABSENCE, "absence.write", "forecast:change_absence"),
    Route("DELETE", ABSENCE, "absence.write", "forecast:delete_absence"),
    Route("GET", "/me/portfolio", "portfolio.read", "portfolios:export_portfolio"),
    Route("GET", "/me/badges", "badge.read", "badges:list_badges"),
    Route("POST", "/me/badges", "badge.write", "badges:issue_badge"),
    Route("GET", "/me/badges/<uuid:badge_id>", "badge.read", "badges:read_badge"),
    Route("DELETE", "/me/badges/<uuid:badge_id>", "badge.write", "badges:revoke_badge"),
    Route("GET", "/me/portfolios", "portfolio.read", "portfolios:list_own_portfolios"),
    Route("POST", "/me/portfolios", "portfolio.write", "portfolios:create_portfolio"),
    Route("GET", PORTFOLIO, "portfolio.read", "portfolios:read_portfolio"),
    Route("PUT", PORTFOLIO, "portfolio.write", "portfolios:change_portfolio"),
    Route("DELETE", PORTFOLIO, "portfolio.write", "portfolios:delete_portfolio"),
    Route("GET", LINKS, "portfolio.read", "portfolio_links:list_links"),
    Route("POST", LINKS, "portfolio.write", "portfolio_links:create_link"),
    Route("DELETE", f"{LINKS}/<uuid:link_id>", "portfolio.write", "portfolio_links:revoke_link"),
    Route("GET", "/me/profiles", "portfolio.read", "portfolios:read_profiles"),
    Route("PUT", "/me/profiles", "portfolio.write", "portfolios:change_profiles"),
    Route("GET", "/teams", "team.list", "teams:list_teams"),
    Route("GET", "/teams/<slug>/matrix", "team.matrix", "teams:read_matrix"),
    Route("PUT", MEMBER, "person.assess", "teams:assess_member_skill"),
    Route("GET", "/reviews", "review.list", "reviews:list_reviews"),
    Route("PUT", "/reviews/<uuid:evidence_id>", "evidence.review", "reviews:judge_evidence"),
    Route("DELETE", JUDGEMENT, "evidence.review", "reviews:withdraw_judgement"),
)
