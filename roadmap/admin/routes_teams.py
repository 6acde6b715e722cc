"""The administration pages for teams and invitations."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from flask import abort, flash, render_template
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.admin import queries
from roadmap.admin.blueprint import admin
from roadmap.admin.forms import PARENT_UNAVAILABLE, SLUG_HINT, TEAM_CYCLE, NewTeamForm, TeamForm
from roadmap.auth.login_throttle import too_many_requests
from roadmap.core.database import db
from roadmap.core.i18n import _
from roadmap.core.text import fold
from roadmap.core.web import form_key, now, render_page, see_other
from roadmap.invitations import invite_page
from roadmap.invitations.forms import InviteForm
from roadmap.invitations.queries import find_invitation
from roadmap.people import actions
from roadmap.people.models import Team
from roadmap.people.permissions import permit
from roadmap.people.queries import find_team, members
from roadmap.people.roles import Capability, roles_with
from roadmap.people.rules import EditConflict, find_descendants, list_as_tree

MANAGERS = roles_with(Capability.MANAGE_TEAM)
# Differs from every team slug, because slugs have no slash.
INVITATIONS_PATH = "/admin"


@admin.get("/admin/teams")
@permit("admin.read")
def team_list() -> str:
    return render_template("admin/teams.html", teams=list_as_tree(queries.list_teams(db.session)))


@admin.get("/admin/teams/new")
@permit("admin.write")
def new_team() -> Response:
    return _render_new_team(NewTeamForm(queries.list_teams(db.session)))


@admin.post("/admin/teams")
@permit("admin.write")
def make_team() -> Response:
    form = NewTeamForm(queries.list_teams(db.session))
    if not form.validate():
        return _render_new_team(form, 422)
    try:
        team = actions.create_team(
            db.session,
            slug=form.chosen_slug,
            name=form.name.data or "",
            parent_id=form.parent_id,
            by=current_user,
            now=now(),
            key=form_key(),
        )
    except actions.InvalidTeam as refused:
        if refused.reason == "gone":
            form.parent.errors = [PARENT_UNAVAILABLE]
        elif refused.reason == "taken":
            taken = _("Another team has the address %(slug)s. Choose a different one.")
            form.slug.errors = [taken % {"slug": form.chosen_slug}]
        else:
            form.slug.errors = [SLUG_HINT]
        return _render_new_team(form, 422)
    if form.manages.data:
        role = MANAGERS[0]
        actions.add_member(db.session, team, current_user.id, role, by=current_user, now=now())
    flash(_("The team %(name)s is created. Invite its members.", name=team.name))
    return see_other("teams.members", slug=team.slug)


@admin.get("/admin/teams/<slug>")
@permit("admin.read")
def team(slug: str) -> Response:
    found = load_team(slug)
    return _render_team(found, TeamForm.for_team(queries.list_teams(db.session), found))


@admin.put("/admin/teams/<slug>")
@permit("admin.write")
def change_team(slug: str) -> Response:
    found = load_team(slug)
    form = TeamForm(queries.list_teams(db.session), found.id)
    if not form.validate():
        return _render_team(found, form, 422)
    try:
        actions.change_team(
            db.session,
            found,
            name=form.name.data or "",
            parent_id=form.parent_id,
            read=form.original,
            by=current_user,
            now=now(),
        )
    except EditConflict as conflict:
        # The form keeps the entered values; submitting it again overwrites the other change.
        db.session.expire(found)
        saved = form.adopt_saved_values(conflict.stored)
        return _render_team(found, form, 409, saved_values=saved)
    except actions.InvalidTeam as refused:
        # Somebody else has moved or deleted the parent team.
        form.parent.errors = [TEAM_CYCLE if refused.reason == "circle" else PARENT_UNAVAILABLE]
        return _render_team(found, form, 422)
    flash(_("The team %(name)s is saved.", name=found.name))
    return see_other("admin.team_list")


@admin.get("/admin/teams/<slug>/deletion")
@permit("admin.write")
def ask_deletion(slug: str) -> str:
    """Ask for confirmation, and show the consequences for members."""
    found, rows = load_team(slug), queries.list_teams(db.session)
    affected = queries.list_affected_members(db.session, found.id)
    return render_template(
        "admin/team_deletion.html",
        teamless=[each for each in affected if each.is_teamless],
        unreviewed=[each for each in affected if each.is_unreviewed],
        unmanaged=_list_unmanaged(rows, found.id),
        team=next(row for row in rows if row.id == found.id),
        nested=[row for row in rows if row.parent_id == found.id],
        members=members(db.session, found.id),
    )


def _list_unmanaged(rows: list[queries.TeamRow], deleted: uuid.UUID) -> list[str]:
    """List the names of nested teams that would have no manager once a team is deleted."""
    below = find_descendants(rows)
    nested = [row for row in rows if row.id in below[deleted] and row.id != deleted]
    kept: set[uuid.UUID] = set()
    for row in nested:
        if any(row.counts[role] for role in MANAGERS):
            kept |= below[row.id]
    return sorted((row.name for row in nested if row.is_managed and row.id not in kept), key=fold)


@admin.delete("/admin/teams/<slug>")
@permit("admin.write")
def delete_team(slug: str) -> Response:
    found = load_team(slug)
    name = found.name
    actions.delete_team(db.session, found, by=current_user, now=now())
    flash(_("The team %(name)s is deleted. Its members keep everything they recorded.", name=name))
    return see_other("admin.team_list")


def load_team(slug: str) -> Team:
    """Return a team by its slug. Raises NotFound."""
    return find_team(db.session, slug) or abort(404)


def _render_new_team(form: NewTeamForm, status: int = 200) -> Response:
    return render_page("admin/team_new.html", status, form=form)


def _render_team(
    team: Team, form: TeamForm, status: int = 200, saved_values: dict[str, str] | None = None
) -> Response:
    who = members(db.session, team.id)
    return render_page(
        "admin/team.html", status, team=team, form=form, saved_values=saved_values, members=who
    )


@admin.get("/admin/invitations")
@permit("admin.read")
def invitation_list() -> Response:
    return _render_invitations(
        InviteForm(formdata=None), created=invite_page.pop_created_invitations(INVITATIONS_PATH)
    )


@admin.post("/admin/invitations")
@permit("admin.write")
def invite() -> Response:
    """Create invitations. The next page shows their links once, because only hashes are stored."""
    form = InviteForm()
    if not (form.validate() and invite_page.check_guests(form)):
        return _render_invitations(form, 422)
    wait = invite_page.count_invitations(form, current_user.id)
    if wait:
        return too_many_requests(_render_invitations(form), wait)
    if not invite_page.create_from_form(form, INVITATIONS_PATH, by=current_user.id):
        return _render_invitations(form, 422)
    return see_other("admin.invitation_list")


@admin.delete("/admin/invitations/<uuid:invitation_id>")
@permit("admin.write")
def revoke_invitation(invitation_id: uuid.UUID) -> Response:
    invite_page.revoke(find_invitation(db.session, invitation_id), by=current_user.id)
    return see_other("admin.invitation_list")


def _render_invitations(
    form: InviteForm,
    status: int = 200,
    created: Sequence[invite_page.CreatedInvitation] = (),
) -> Response:
    """Render the open invitations; `created` are new ones."""
    context = invite_page.page_context(None)
    return render_page("admin/invitations.html", status, form=form, created=created, **context)
