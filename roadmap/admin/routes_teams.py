"""Create, rename, nest and delete teams."""

from __future__ import annotations

import uuid
from typing import Any

from flask import abort, flash, make_response, render_template
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.admin import queries
from roadmap.admin.blueprint import admin
from roadmap.admin.forms import SLUG_HINT, NewTeamForm, TeamForm
from roadmap.admin.team_tree import find_descendants, list_as_tree
from roadmap.core.database import db
from roadmap.core.web import now, see_other
from roadmap.people import actions
from roadmap.people.models import Team
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
    rows = queries.list_teams(db.session)
    form = NewTeamForm(rows)
    if not form.validate():
        return _new_page(form, 422)
    try:
        team = actions.create_team(
            db.session,
            slug=form.wanted_slug,
            name=form.name.data or "",
            parent_id=_chosen_parent_id(form, rows),
            by=current_user._get_current_object(),
            now=now(),
        )
    except actions.InvalidTeam as refused:
        if refused.reason == "gone":
            form.parent.errors = [_cannot_nest_message()]
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
    found, rows = _team(slug), queries.list_teams(db.session)
    above = next((row.slug for row in rows if row.id == found.parent_id), "")
    return _page(found, _form(_possible_parents(rows, found), found.name, above))


@admin.put("/admin/teams/<slug>")
@permit("admin.write")
def change_team(slug: str) -> Response:
    found, rows = _team(slug), queries.list_teams(db.session)
    form = TeamForm(_possible_parents(rows, found))
    if not form.validate():
        if form.parent.data in _descendant_slugs(rows, found):
            form.parent.errors = [_circle_message()]
        return _page(found, form, 422)
    try:
        actions.change_team(
            db.session,
            found,
            name=form.name.data or "",
            parent_id=_chosen_parent_id(form, rows),
            read=_original_values(form, rows),
            by=current_user._get_current_object(),
            now=now(),
        )
    except EditConflict as late:
        slugs = {row.id: row.slug for row in rows}
        if "name" in late.stored:
            form.name_read.data = late.stored["name"]
        if "parent_id" in late.stored:
            form.parent_read.data = slugs.get(late.stored["parent_id"], "")
        # What was typed stays in the form, and sending it again overrides the other change.
        db.session.expire(found)
        return _page(found, form, 409, late=_conflict_labels(late, rows))
    except actions.InvalidTeam as refused:
        # Somebody else moved or deleted the other team in the meantime.
        form.parent.errors = [
            _circle_message() if refused.reason == "circle" else _cannot_nest_message()
        ]
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


def _cannot_nest_message() -> str:
    return _("It can no longer be nested there. Choose again.")


def _circle_message() -> str:
    return _("That team is already nested in this one.")


def _team(slug: str) -> Team:
    found = find_team(db.session, slug)
    if found is None:
        abort(404)
    return found


def _possible_parents(rows: list[queries.TeamRow], team: Team) -> list[queries.TeamRow]:
    """List the teams that this one can be nested in: all but itself and those nested in it."""
    own = find_descendants(rows, team.id)
    return [row for row in rows if row.id not in own]


def _descendant_slugs(rows: list[queries.TeamRow], team: Team) -> set[str]:
    """Return the slugs of the teams nested in this one, without its own."""
    own = find_descendants(rows, team.id)
    return {row.slug for row in rows if row.id in own and row.id != team.id}


def _chosen_parent_id(form: TeamForm, rows: list[queries.TeamRow]) -> uuid.UUID | None:
    return next((row.id for row in rows if row.slug == form.parent.data), None)


def _new_page(form: NewTeamForm, status: int = 200) -> Response:
    return make_response(render_template("admin/team_new.html", form=form), status)


def _form(above: list[queries.TeamRow], name: str, parent: str) -> TeamForm:
    return TeamForm(above, name=name, parent=parent, name_read=name, parent_read=parent)


def _original_values(form: TeamForm, rows: list[queries.TeamRow]) -> dict[str, Any]:
    """Return what the form was opened with; empty where the form does not say."""
    if form.name_read.data is None or form.parent_read.data is None:
        return {}
    ids: dict[str, uuid.UUID | None] = {row.slug: row.id for row in rows}
    ids[""] = None
    # A team that was deleted meanwhile is no parent any more.
    return {"name": form.name_read.data, "parent_id": ids.get(form.parent_read.data)}


def _conflict_labels(late: EditConflict, rows: list[queries.TeamRow]) -> dict[str, str]:
    """Return what is stored in the fields that somebody else changed too, by label."""
    names = {row.id: row.name for row in rows}
    shown = {}
    if "name" in late.stored:
        shown[_("Name")] = late.stored["name"]
    if "parent_id" in late.stored:
        shown[_("Nested in")] = names.get(late.stored["parent_id"], _("No other team"))
    return shown


def _page(
    team: Team, form: TeamForm, status: int = 200, late: dict[str, str] | None = None
) -> Response:
    who = members(db.session, team.id)
    page = render_template("admin/team.html", team=team, form=form, late=late, members=who)
    return make_response(page, status)
