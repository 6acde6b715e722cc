"""Who is in a team: members, roles and invitations, and leaving it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from flask import abort, flash, make_response, redirect, render_template
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.accounts import invitations, inviting
from roadmap.accounts.inviting import NOTHING_MADE, Made, TeamInviteForm
from roadmap.accounts.queries import by_email
from roadmap.accounts.trying import too_many
from roadmap.core.database import db
from roadmap.core.errors import error_page
from roadmap.core.web import now, see_other
from roadmap.people import actions
from roadmap.people.access import permit
from roadmap.people.models import Team
from roadmap.people.queries import TeamMember
from roadmap.people.queries import members as members_of
from roadmap.people.records import NotEntitled, TeamGone
from roadmap.teams.blueprint import teams
from roadmap.teams.forms_members import AddForm, RoleForm
from roadmap.teams.loading import team_for
from roadmap.teams.matrix import Place, name_key


@teams.errorhandler(NotEntitled)
@teams.errorhandler(TeamGone)
def too_late(_error: Exception) -> Response:
    """The right, or the team, ended while this request waited for its turn."""
    return error_page(404)


@teams.get("/teams/<slug>/members")
@permit("team.members")
def members(slug: str) -> Response:
    team = team_for("team.members", slug)
    return _page(team, made=inviting.made_at(slug))


@teams.post("/teams/<slug>/members")
@permit("admin.write")
def add_member(slug: str) -> Response:
    """Puts somebody with an account into the team: for administrators alone.

    Managers would see what a person shares without that person having agreed, so they invite.
    """
    team = team_for("team.members", slug)
    form = AddForm()
    if not form.validate():
        return _page(team, status=422, add=form)
    user, actor = by_email(db.session, form.email.data or ""), current_user._get_current_object()
    if user is None:
        form.email.errors = [_("There is no account with this address. Invite them instead.")]
        return _page(team, status=422, add=form)
    try:
        added = actions.add_member(db.session, team, user.id, form.role.data, by=actor, now=now())
    except actions.AccountClosed:
        form.email.errors = [_("This account is deactivated. Reactivate it first.")]
        return _page(team, status=422, add=form)
    if added:
        flash(_("%(name)s is in the team now.", name=user.name))
    else:
        flash(_("%(name)s is in the team already, in this role.", name=user.name))
    return see_other("teams.members", slug=slug)


@teams.get("/teams/<slug>/members/<uuid:user_id>")
@permit("team.members")
def member(slug: str, user_id: uuid.UUID) -> Response:
    """Asks what is to become of a membership: another role, or its end."""
    team = team_for("team.members", slug)
    found = _member(team, user_id)
    return _member_page(team, found, RoleForm(role=found.role))


@teams.put("/teams/<slug>/members/<uuid:user_id>")
@permit("team.members")
def change_role(slug: str, user_id: uuid.UUID) -> Response:
    """Gives somebody who is in the team another role; it adds nobody."""
    team = team_for("team.members", slug)
    form = RoleForm()
    if not form.validate():
        return _member_page(team, _member(team, user_id), form, 422)
    actor = current_user._get_current_object()
    try:
        actions.change_role(db.session, team, user_id, form.role.data, by=actor, now=now())
    except (LookupError, actions.AccountClosed):
        abort(404)
    flash(_("The role is changed."))
    return _back(team, user_id)


@teams.delete("/teams/<slug>/members/<uuid:user_id>")
@permit("team.members")
def remove_member(slug: str, user_id: uuid.UUID) -> Response:
    team = team_for("team.members", slug)
    # Asked first, so that nothing at all is written about somebody who is not in the team.
    if invitations.role_in(db.session, team.id, user_id):
        actor = current_user._get_current_object()
        actions.remove_member(db.session, team, user_id, by=actor, now=now())
        flash(_("They are no longer in the team."))
    return _back(team, user_id)


@teams.post("/teams/<slug>/invitations")
@permit("team.invite")
def invite(slug: str) -> Response:
    """The next page shows the link, and none after it: only its hash is kept."""
    team = team_for("team.invite", slug)
    form = TeamInviteForm()
    if not form.validate():
        return _page(team, status=422, form=form)
    wait = inviting.count(form, current_user.id)
    # Asked anew: counting has ended the transaction, and somebody else had their turn.
    current_user.look_again()
    team = team_for("team.invite", slug)
    if wait:
        return too_many(_page(team, form=form), wait)
    try:
        inviting.make(form, slug, team=team, role=form.role.data, by=current_user.id)
    except invitations.InvitationRefused as refused:
        if refused.reason == "inviter":
            abort(404)
        form.email.errors = [
            _(
                "They are invited as a manager already. To invite them as a member, revoke that "
                "invitation first."
            )
            if refused.reason == "invited"
            else _("They are in the team already, in this role or a higher one.")
        ]
        return _page(team, status=422, form=form)
    return see_other("teams.members", slug=slug)


@teams.delete("/teams/<slug>/invitations/<uuid:invitation_id>")
@permit("team.invite")
def revoke_invitation(slug: str, invitation_id: uuid.UUID) -> Response:
    team = team_for("team.invite", slug)
    found = invitations.find(db.session, invitation_id)
    if found is None or found.team_id != team.id:
        abort(404)
    if invitations.revoke(db.session, found, by=current_user.id, now=now()):
        flash(_("The invitation is revoked. Its link opens nothing any more."))
    return see_other("teams.members", slug=slug)


@teams.get("/teams/<slug>/membership")
@permit("team.leave")
def ask_leave(slug: str) -> str:
    team = team_for("team.leave", slug)
    managers = {row.id for row in members_of(db.session, team.id) if row.role == "manager"}
    return render_template(
        "teams/leave.html",
        team=team,
        manages=current_user.id in managers,
        is_last=managers == {current_user.id},
    )


@teams.delete("/teams/<slug>/membership")
@permit("team.leave")
def leave(slug: str) -> Response:
    team = team_for("team.leave", slug)
    actions.remove_member(db.session, team, current_user.id, by=current_user.id, now=now())
    flash(_("You have left %(team)s.", team=team.name))
    return redirect("/teams", 303)


def _member(team: Team, user_id: uuid.UUID) -> TeamMember:
    found = next((row for row in members_of(db.session, team.id) if row.id == user_id), None)
    if found is None:
        abort(404)
    return found


def _member_page(team: Team, found: TeamMember, form: RoleForm, status: int = 200) -> Response:
    leads = team.id in current_user.led_teams
    page = render_template("teams/member.html", team=team, member=found, form=form, leads=leads)
    return make_response(page, status)


def _back(team: Team, user_id: uuid.UUID) -> Response:
    """To the members, but for a manager who has just given up what the page asks for."""
    if user_id == current_user.id and not current_user.is_admin:
        return redirect("/teams", 303)
    return see_other("teams.members", slug=team.slug)


def _below(own: Sequence[TeamMember], everybody: Sequence[TeamMember]) -> dict[str, Any]:
    """How many people are only in teams nested in this one, and in which, by name."""
    here = {row.id for row in own}
    more = [row for row in everybody if row.id not in here]
    places = {row.team_id: Place(row.team, row.team_name) for row in more}
    return {
        "people": len({row.id for row in more}),
        "teams": sorted(places.values(), key=lambda place: (name_key(place.name), place.slug)),
    }


def _page(
    team: Team,
    *,
    status: int = 200,
    form: TeamInviteForm | None = None,
    add: AddForm | None = None,
    made: Made = NOTHING_MADE,
) -> Response:
    everybody = members_of(db.session, team.id, nested=True)
    own = [row for row in everybody if row.team_id == team.id]
    page = render_template(
        "teams/members.html",
        team=team,
        members=own,
        below=_below(own, everybody),
        form=form or TeamInviteForm(formdata=None),
        add=(add or AddForm(formdata=None)) if current_user.is_admin else None,
        leads=team.id in current_user.led_teams,
        **inviting.shown(made, team.id),
    )
    return make_response(page, status)
