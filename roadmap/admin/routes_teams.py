"""Create, rename, nest and delete teams."""

from __future__ import annotations

from flask import abort, flash, make_response, render_template
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.admin import queries
from roadmap.admin.blueprint import admin
from roadmap.admin.forms import CIRCLE, PARENT_GONE, SLUG_HINT, NewTeamForm, TeamForm
from roadmap.core.database import db
from roadmap.core.web import now, see_other
from roadmap.people import actions
from roadmap.people.models import Team
from roadmap.people.nesting import list_as_tree
from roadmap.people.permissions import permit
from roadmap.people.queries import find_team, members
from roadmap.people.rules import EditConflict


@admin.get("/admin/teams")
@permit("admin.read")
def team_list() -> str:
    return render_template("admin/teams.html", teams=list_as_tree(queries.list_teams(db.session)))


@admin.get("/admin/teams/new")
@permit("admin.write")
def new_team() -> Response:
    return _new_page(NewTeamForm(queries.list_teams(db.session)))


@admin.post("/admin/teams")
@permit("admin.write")
def make_team() -> Response:
    form = NewTeamForm(queries.list_teams(db.session))
    if not form.validate():
        return _new_page(form, 422)
    try:
        team = actions.create_team(
            db.session,
            slug=form.wanted_slug,
            name=form.name.data or "",
            parent_id=form.parent_id,
            by=current_user._get_current_object(),
            now=now(),
        )
    except actions.InvalidTeam as refused:
        if refused.reason == "gone":
            form.parent.errors = [PARENT_GONE]
        elif refused.reason == "taken":
            form.slug.errors = [
                _(
                    "Another team has the address %(slug)s. Choose a different one.",
                    slug=form.wanted_slug,
                )
            ]
        else:
            form.slug.errors = [SLUG_HINT]
        return _new_page(form, 422)
    flash(_("The team %(name)s is created. Invite its members.", name=team.name))
    return see_other("teams.members", slug=team.slug)


@admin.get("/admin/teams/<slug>")
@permit("admin.read")
def team(slug: str) -> Response:
    found = _team(slug)
    return _page(found, TeamForm.for_team(queries.list_teams(db.session), found))


@admin.put("/admin/teams/<slug>")
@permit("admin.write")
def change_team(slug: str) -> Response:
    found = _team(slug)
    form = TeamForm(queries.list_teams(db.session), found.id)
    if not form.validate():
        return _page(found, form, 422)
    try:
        actions.change_team(
            db.session,
            found,
            name=form.name.data or "",
            parent_id=form.parent_id,
            read=form.original,
            by=current_user._get_current_object(),
            now=now(),
        )
    except EditConflict as late:
        # What was typed stays in the form, and sending it again overrides the other change.
        db.session.expire(found)
        return _page(found, form, 409, late=form.accept_stored(late.stored))
    except actions.InvalidTeam as refused:
        # Somebody else moved or deleted the other team in the meantime.
        form.parent.errors = [CIRCLE if refused.reason == "circle" else PARENT_GONE]
        return _page(found, form, 422)
    flash(_("The team is saved."))
    return see_other("admin.team_list")


@admin.get("/admin/teams/<slug>/deletion")
@permit("admin.write")
def ask_deletion(slug: str) -> str:
    found = _team(slug)
    rows = queries.list_teams(db.session)
    return render_template(
        "admin/team_deletion.html",
        team=next(row for row in rows if row.id == found.id),
        nested=[row for row in rows if row.parent_id == found.id],
        members=members(db.session, found.id),
    )


@admin.delete("/admin/teams/<slug>")
@permit("admin.write")
def delete_team(slug: str) -> Response:
    found = _team(slug)
    name = found.name
    actions.delete_team(db.session, found, by=current_user._get_current_object(), now=now())
    flash(_("The team %(name)s is deleted. Its members keep everything they recorded.", name=name))
    return see_other("admin.team_list")


def _team(slug: str) -> Team:
    found = find_team(db.session, slug)
    if found is None:
        abort(404)
    return found


def _new_page(form: NewTeamForm, status: int = 200) -> Response:
    return make_response(render_template("admin/team_new.html", form=form), status)


def _page(
    team: Team, form: TeamForm, status: int = 200, late: dict[str, str] | None = None
) -> Response:
    who = members(db.session, team.id)
    page = render_template("admin/team.html", team=team, form=form, late=late, members=who)
    return make_response(page, status)
