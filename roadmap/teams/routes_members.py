"""The members of a team: adding, roles, invitations, removal and leaving."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from flask import abort, flash, redirect, render_template
from flask_login import current_user
from markupsafe import Markup
from werkzeug.wrappers import Response

from roadmap.auth.login_throttle import too_many_requests
from roadmap.auth.models import AccountDeletion
from roadmap.auth.queries import find_user_by_email
from roadmap.core.database import db
from roadmap.core.errors import render_error
from roadmap.core.i18n import _, join_names
from roadmap.core.limits import count_rows
from roadmap.core.web import now, render_page, see_other
from roadmap.evidence.constants import AWAITING_REVIEW
from roadmap.evidence.models import Evidence
from roadmap.invitations import invite_page
from roadmap.invitations.forms import TeamInviteForm
from roadmap.invitations.queries import find_invitation
from roadmap.people import actions
from roadmap.people.labels import membership_sentence
from roadmap.people.locks import TeamDeleted
from roadmap.people.models import Team, User
from roadmap.people.permissions import PermissionDenied, permit
from roadmap.people.queries import (
    find_member_name,
    find_role,
    list_solely_managed_teams,
    list_teams,
    other_teams,
    own_teams,
)
from roadmap.people.queries import members as members_of
from roadmap.people.roles import ROLES, Capability
from roadmap.people.rules import by_name
from roadmap.teams.blueprint import teams
from roadmap.teams.forms import AddForm, MoveForm, RoleForm
from roadmap.teams.loaders import load_team
from roadmap.teams.matrix import TeamRef


@teams.errorhandler(PermissionDenied)
@teams.errorhandler(TeamDeleted)
def handle_concurrent_change(_error: Exception) -> Response:
    """Handle the loss of permission or the deletion of the team while waiting for a lock."""
    return render_error(404)


@teams.get("/teams/<slug>/members")
@permit("team.members")
def members(slug: str) -> Response:
    team = load_team(current_user, "team.members", slug)
    return _render_page(team, created=invite_page.pop_created_invitations(slug))


@teams.post("/teams/<slug>/members")
@permit("admin.write")
def add_member(slug: str) -> Response:
    """Add a person with an account to the team, as an administrator.

    Managers can only invite, because they would see what the person shares without consent.
    """
    team = load_team(current_user, "team.members", slug)
    form = AddForm()
    if not form.validate():
        return _render_page(team, 422, add=form)
    user = find_user_by_email(db.session, form.email.data or "")
    if user is None:
        form.email.errors = [_("There is no account with this address. Invite them instead.")]
        return _render_page(team, 422, add=form)
    role = form.role.data
    try:
        added = actions.add_member(db.session, team, user.id, role, by=current_user, now=now())
    except actions.AccountDeactivated:
        form.email.errors = [_("This account is deactivated. Reactivate it first.")]
        return _render_page(team, 422, add=form)
    if added:
        others = other_teams(db.session, user.id, team)
        text = membership_sentence(user.name, team.name, others)
        if others:
            link = Markup('<a href="/admin/people/{}#teams">{}</a>').format(
                user.id, _("Change %(name)s's teams", name=user.name)
            )
            text = Markup("{} {}").format(text, link)
        flash(_("You are now in %(team)s.", team=team.name) if user.id == current_user.id else text)
    else:
        flash(_("%(name)s is already in %(team)s, in this role.", name=user.name, team=team.name))
    return see_other("teams.members", slug=slug)


@teams.get("/teams/<slug>/members/<uuid:user_id>")
@permit("team.members")
def member(slug: str, user_id: uuid.UUID) -> Response:
    """Show the page that changes a role, or moves or removes a member."""
    team = load_team(current_user, "team.members", slug)
    return _render_member(team, user_id)


@teams.put("/teams/<slug>/members/<uuid:user_id>")
@permit("team.members")
def change_role(slug: str, user_id: uuid.UUID) -> Response:
    """Change the role of a member; 404 for other people."""
    team = load_team(current_user, "team.members", slug)
    form = RoleForm()
    if not form.validate():
        return _render_member(team, user_id, form, 422)
    role, name = form.role.data, find_member_name(db.session, team.id, user_id)
    try:
        actions.change_role(db.session, team, user_id, role, by=current_user, now=now())
    except (LookupError, actions.AccountDeactivated):
        abort(404)
    noun = ROLES[role].noun_with_article
    flash(_("%(name)s is now %(role)s in %(team)s.", name=name, role=noun, team=team.name))
    return _redirect_to_members(team, user_id)


@teams.put("/teams/<slug>/members/<uuid:user_id>/team")
@permit("team.members")
def move_member(slug: str, user_id: uuid.UUID) -> Response:
    """Move a member to another team that the actor manages, in the same role."""
    team = load_team(current_user, "team.members", slug)
    name = find_member_name(db.session, team.id, user_id)
    if name is None:
        return _redirect_to_members(team, user_id)
    form = MoveForm(_list_destinations(user_id))
    if not form.validate():
        return _render_member(team, user_id, status=422, move=form)
    to = load_team(current_user, "team.members", form.to.data)
    try:
        moved = actions.move_member(db.session, team, user_id, to, by=current_user, now=now())
    except actions.AccountDeactivated:
        abort(404)
    if moved:
        others = other_teams(db.session, user_id, to)
        flash(membership_sentence(name, to.name, others, left_team=team.name))
    return _redirect_to_members(to, user_id)


@teams.delete("/teams/<slug>/members/<uuid:user_id>")
@permit("team.members")
def remove_member(slug: str, user_id: uuid.UUID) -> Response:
    team = load_team(current_user, "team.members", slug)
    # Check first, so that nothing is written about people who are not in the team.
    if name := find_member_name(db.session, team.id, user_id):
        actions.remove_member(db.session, team, user_id, by=current_user, now=now())
        flash(_("%(name)s is no longer in %(team)s.", name=name, team=team.name))
    return _redirect_to_members(team, user_id)


@teams.post("/teams/<slug>/invitations")
@permit("team.invite")
def invite(slug: str) -> Response:
    """Create invitations. The next page shows their links once, because only hashes are stored."""
    team = load_team(current_user, "team.invite", slug)
    form = TeamInviteForm()
    if not (form.validate() and invite_page.check_guests(form, team)):
        return _render_page(team, 422, form=form)
    wait = invite_page.count_invitations(form, current_user.id)
    # Checked again, because counting the invitations ended the transaction.
    current_user.refresh_permissions()
    team = load_team(current_user, "team.invite", slug)
    if wait:
        return too_many_requests(_render_page(team, form=form), wait)
    if not invite_page.create_from_form(form, slug, team=team, by=current_user.id):
        return _render_page(team, 422, form=form)
    return see_other("teams.members", slug=slug)


@teams.delete("/teams/<slug>/invitations/<uuid:invitation_id>")
@permit("team.invite")
def revoke_invitation(slug: str, invitation_id: uuid.UUID) -> Response:
    team = load_team(current_user, "team.invite", slug)
    found = find_invitation(db.session, invitation_id, team.id)
    if found is None:
        abort(404)
    invite_page.revoke(found, by=current_user.id)
    return see_other("teams.members", slug=slug)


@teams.get("/teams/<slug>/membership")
@permit("team.leave")
def ask_leave(slug: str) -> str:
    team = load_team(current_user, "team.leave", slug)
    role = find_role(db.session, team.id, current_user.id)
    return render_template(
        "teams/leave.html",
        team=team,
        manages=role is not None and ROLES[role].allows(Capability.REVIEW),
        unmanaged=_unmanaged_team_names(team, current_user.id),
        waiting=count_rows(
            db.session,
            Evidence,
            Evidence.user_id == current_user.id,
            Evidence.state.in_(AWAITING_REVIEW),
        ),
    )


@teams.delete("/teams/<slug>/membership")
@permit("team.leave")
def leave(slug: str) -> Response:
    team = load_team(current_user, "team.leave", slug)
    actions.remove_member(db.session, team, current_user.id, by=current_user.id, now=now())
    flash(_("You have left %(team)s.", team=team.name))
    return redirect("/teams", 303)


def _render_member(
    team: Team,
    user_id: uuid.UUID,
    form: RoleForm | None = None,
    status: int = 200,
    *,
    move: MoveForm | None = None,
) -> Response:
    found = next((row for row in members_of(db.session, team.id) if row.id == user_id), None)
    if found is None:
        abort(404)
    return render_page(
        "teams/member.html",
        status,
        team=team,
        member=found,
        form=form or RoleForm(role=found.role),
        move=move or MoveForm(_list_destinations(user_id), formdata=None),
        unmanaged=_unmanaged_team_names(team, user_id),
        leads=current_user.has_capability_in(Capability.SEE_SHARED, team.id),
    )


def _list_destinations(user_id: uuid.UUID) -> list[Team]:
    """List the teams that the actor manages and the person is not in, by name."""
    managed = current_user.teams(Capability.MANAGE_TEAM)
    return list_teams(db.session, managed - own_teams(db.session, user_id))


def _unmanaged_team_names(team: Team, user_id: uuid.UUID) -> str:
    """Return the names of teams that have no manager once the person has left this one."""
    left = list_solely_managed_teams(db.session, user_id, leaving_team_id=team.id)
    return join_names(each.name for each in left)


def _redirect_to_members(team: Team, user_id: uuid.UUID) -> Response:
    """Redirect to the members, or to the teams if the actor may no longer see them."""
    if user_id == current_user.id and not current_user.is_admin:
        return redirect("/teams", 303)
    return see_other("teams.members", slug=team.slug)


def _render_page(
    team: Team,
    status: int = 200,
    *,
    form: TeamInviteForm | None = None,
    add: AddForm | None = None,
    created: Sequence[invite_page.CreatedInvitation] = (),
) -> Response:
    """Render the members page; `created` are newly created invitations."""
    # Accounts that will be deleted are deactivated, too, and no longer listed.
    is_kept = User.deactivated_at.is_(None) | ~sa.exists().where(AccountDeletion.user_id == User.id)
    kept = members_of(db.session, team.id, nested=True, included=is_kept)
    everyone = [row for row in kept if row.deactivated_at is None]
    own = [row for row in everyone if row.team_id == team.id]
    here = {row.id for row in own}
    # People who are only in teams nested in this one.
    below = [row for row in everyone if row.id not in here]
    return render_page(
        "teams/members.html",
        status,
        team=team,
        members=own,
        deactivated=join_names(
            row.name for row in kept if row.team_id == team.id and row.deactivated_at
        ),
        people_below=len({row.id for row in below}),
        teams_below=sorted({TeamRef(row.team, row.team_name) for row in below}, key=by_name),
        form=form or TeamInviteForm(formdata=None),
        add=(add or AddForm(formdata=None)) if current_user.is_admin else None,
        leads=current_user.has_capability_in(Capability.SEE_SHARED, team.id),
        created=created,
        **invite_page.page_context(team.id),
    )
