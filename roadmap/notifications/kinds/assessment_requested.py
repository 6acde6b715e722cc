"""A person asks the reader, who may assess them, for an assessment of skills."""

from __future__ import annotations

import sqlalchemy as sa

from roadmap.core.i18n import _l
from roadmap.notifications.actions import notify
from roadmap.notifications.kind import Content, Event
from roadmap.notifications.kinds.assessed import Assessed
from roadmap.notifications.models import Notification
from roadmap.people.models import Team, User
from roadmap.people.reach import select_holders
from roadmap.people.roles import Capability


class AssessmentRequested(Assessed):
    """An unread notification collects all skills for which the same person asks."""

    key = "assessment_requested"
    handled_actions = frozenset({"skill.requested", "skill.assessed"})
    text = _l("%(who)s asks you for an assessment in %(skills)s")
    mail_subject = _l("%(who)s asks you for an assessment in %(skills)s")
    mail_text = _l("%(who)s asks you for an assessment in %(skills)s.")
    mail_reason = _l("You get this mail because you manage a team that %(person)s is in.")

    def handle(self, event: Event) -> None:
        session, skill = event.session, event.subject
        unread = session.scalars(
            sa.select(Notification).where(
                Notification.subject_user_id == event.user_id,
                Notification.kind == self.key,
                Notification.read_at.is_(None),
            )
        ).all()
        if event.action == "skill.assessed":
            for row in unread if event.data["side"] == "manager" else ():
                skills = [key for key in row.data["skills"] if key != skill]
                if skills:
                    row.data = {**row.data, "skills": skills}
                else:
                    row.read_at = event.now
            return
        for row in unread:
            skills = list(dict.fromkeys([*row.data["skills"], skill]))
            row.data, row.created_at = {**row.data, "skills": skills}, event.now
        held = select_holders([event.user_id], Capability.ASSESS).subquery()
        informed = [row.user_id for row in unread]
        readers = session.execute(
            sa.select(User, Team)
            .join(held, held.c.holder == User.id)
            .join(Team, Team.id == held.c.team)
            .where(User.id.not_in(informed))
        )
        team_of = dict(readers.all())
        for team in set(team_of.values()):
            notify(
                self, event, [each for each, other in team_of.items() if other is team],
                about=event.person, team=team,
                data={"skills": [skill], "page": f"/teams/{team.slug}/people/{event.user_id}"},
            )  # fmt: skip

    def path(self, content: Content) -> str:
        page = self.mail_path(content)
        return f"{page}/skills/{content.skills[0][0]}" if len(content.skills) == 1 else page

    def mail_path(self, content: Content) -> str:
        return str(content.data["page"])
