"""One account: administrator or not, active or not, a password link, and its teams."""

from __future__ import annotations

import uuid
from typing import Any

from flask import abort, current_app, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.admin import queries
from roadmap.admin.blueprint import admin
from roadmap.admin.forms import MembershipForm
from roadmap.auth import actions
from roadmap.auth.reauthentication import fresh_login_required
from roadmap.core.database import db
from roadmap.core.errors import render_error
from roadmap.core.proxy import client_address
from roadmap.core.web import now, see_other
from roadmap.people import actions as teams
from roadmap.people import permissions
from roadmap.people.actor import Actor
from roadmap.people.locks import TeamDeleted
from roadmap.people.models import User
from roadmap.people.permissions import PermissionDenied, permit
from roadmap.people.queries import find_role, find_team


@admin.errorhandler(PermissionDenied)
def handle_permission_denied(_error: PermissionDenied) -> Response:
    """Answer where the permission ended while the request waited for a lock."""
    return render_error(403)


@admin.errorhandler(TeamDeleted)
def handle_team_deleted(_error: TeamDeleted) -> Response:
    return render_error(404)


@admin.get("/admin/people/<uuid:user_id>")
@permit("admin.read")
def person(user_id: uuid.UUID) -> Response:
    return _render_page(_load_user("admin.read", user_id))


@admin.get("/admin/people/<uuid:user_id>/administrator")
@permit("admin.write")
@fresh_login_required
def ask_administrator(user_id: uuid.UUID) -> Response:
    return _render_confirmation_if_possible(
        "admin/administrator.html", _load_user("admin.write", user_id)
    )


@admin.put("/admin/people/<uuid:user_id>/administrator")
@permit("admin.write")
@fresh_login_required
def make_administrator(user_id: uuid.UUID) -> Response:
    user = _load_user("admin.write", user_id)
    if user.deactivated_at is not None:
        fault = _("A deactivated account cannot administer. Reactivate it first.")
        return _render_confirmation("admin/administrator.html", user, fault)
    if actions.set_admin(db.session, user.id, is_admin=True, by=_actor(), now=now()):
        flash(_("%(name)s is now an administrator, and has to sign in again.", name=user.name))
    return see_other("admin.person", user_id=user.id)


@admin.delete("/admin/people/<uuid:user_id>/administrator")
@permit("admin.write")
@fresh_login_required
def withdraw_administrator(user_id: uuid.UUID) -> Response:
    user = _load_user("admin.write", user_id)
    try:
        actions.set_admin(db.session, user.id, is_admin=False, by=_actor(), now=now())
    except actions.LastAdministrator:
        return _render_confirmation(
            "admin/administrator.html", user, _last_administrator_message(user), is_last=True
        )
    if user.id == current_user.id:
        # This ends all their sessions, the current one included.
        return redirect("/", 303)
    flash(_("%(name)s is no longer an administrator.", name=user.name))
    return see_other("admin.person", user_id=user.id)


@admin.get("/admin/people/<uuid:user_id>/deactivation")
@permit("admin.write")
@fresh_login_required
def ask_deactivation(user_id: uuid.UUID) -> Response:
    return _render_confirmation_if_possible(
        "admin/deactivation.html", _load_user("admin.write", user_id)
    )


@admin.put("/admin/people/<uuid:user_id>/deactivation")
@permit("admin.write")
@fresh_login_required
def deactivate(user_id: uuid.UUID) -> Response:
    user = _load_user("admin.write", user_id)
    try:
        actions.deactivate(db.session, user.id, by=_actor(), now=now())
    except actions.LastAdministrator:
        return _render_confirmation(
            "admin/deactivation.html", user, _last_administrator_message(user), is_last=True
        )
    if user.id == current_user.id:
        return redirect("/", 303)
    flash(_("The account of %(name)s is deactivated.", name=user.name))
    return see_other("admin.person", user_id=user.id)


@admin.delete("/admin/people/<uuid:user_id>/deactivation")
@permit("admin.write")
@fresh_login_required
def reactivate(user_id: uuid.UUID) -> Response:
    user = _load_user("admin.write", user_id)
    actions.reactivate(db.session, user.id, by=_actor(), now=now())
    flash(_("The account of %(name)s is active again.", name=user.name))
    return see_other("admin.person", user_id=user.id)


@admin.get("/admin/people/<uuid:user_id>/password-link")
@permit("admin.write")
@fresh_login_required
def ask_password_link(user_id: uuid.UUID) -> Response:
    return _render_confirmation("admin/password_link.html", _load_user("admin.write", user_id))


@admin.post("/admin/people/<uuid:user_id>/password-link")
@permit("admin.write")
@fresh_login_required
def make_password_link(user_id: uuid.UUID) -> Response:
    """Show a new link, this once: only its hash is stored."""
    user = _load_user("admin.write", user_id)
    if user.deactivated_at is not None:
        fault = _("The account is deactivated. Reactivate it first, then create a link.")
        return _render_confirmation("admin/password_link.html", user, fault)
    token = actions.create_password_link(
        db.session, user.id, by=_actor(), address=client_address(), now=now()
    )
    base = current_app.config["BASE_URL"].rstrip("/") or request.host_url.rstrip("/")
    page = render_template("admin/password_link.html", user=user, link=f"{base}/password/{token}")
    return make_response(page)


@admin.post("/admin/people/<uuid:user_id>/teams")
@permit("admin.write")
def put_into_team(user_id: uuid.UUID) -> Response:
    """Add the person to a team, or change their role where they are in it."""
    user = _load_user("admin.write", user_id)
    form = MembershipForm(queries.list_teams(db.session))
    if not form.validate():
        return _render_page(user, form, 422)
    team = find_team(db.session, form.team.data)
    if team is None:
        abort(404)
    role = form.role.data
    try:
        if teams.add_member(db.session, team, user.id, role, by=_actor(), now=now()):
            flash(_("%(name)s is now in %(team)s.", name=user.name, team=team.name))
    except teams.AccountDeactivated:
        form.team.errors = [_("This account is deactivated. Reactivate it first.")]
        return _render_page(user, form, 422)
    return see_other("admin.person", user_id=user.id, _anchor="teams")


@admin.delete("/admin/people/<uuid:user_id>/teams/<slug>")
@permit("admin.write")
def take_out_of_team(user_id: uuid.UUID, slug: str) -> Response:
    user, team = _load_user("admin.write", user_id), find_team(db.session, slug)
    if team is None:
        abort(404)
    if find_role(db.session, team.id, user.id):
        teams.remove_member(db.session, team, user.id, by=_actor(), now=now())
        flash(_("%(name)s is no longer in %(team)s.", name=user.name, team=team.name))
    return see_other("admin.person", user_id=user.id, _anchor="teams")


def _actor() -> Actor:
    actor: Actor = current_user._get_current_object()
    return actor


def _load_user(action: str, user_id: uuid.UUID) -> User:
    return permissions.load(db.session, current_user, action, User, user_id)


def _render_page(user: User, form: MembershipForm | None = None, status: int = 200) -> Response:
    page = render_template(
        "admin/person.html",
        user=queries.load_account(db.session, user.id),
        form=form or MembershipForm(queries.list_teams(db.session)),
    )
    return make_response(page, status)


def _render_confirmation_if_possible(template: str, user: User) -> Response:
    """Ask for confirmation, or say at once that the last administrator cannot be changed."""
    active = user.deactivated_at is None
    if not user.is_admin or not active or actions.has_other_administrator(db.session, user.id):
        return _render_confirmation(template, user)
    page = render_template(
        template, user=user, fault=_last_administrator_message(user), is_last=True
    )
    return make_response(page)


def _render_confirmation(template: str, user: User, fault: str = "", **more: Any) -> Response:
    """Render a page that asks first; 409 with the reason where it cannot be done."""
    page = render_template(template, user=user, fault=fault, **more)
    return make_response(page, 409 if fault else 200)


def _last_administrator_message(user: User) -> str:
    return _(
        "%(name)s is the only administrator, and there must be one. Make someone else an "
        "administrator first.",
        name=user.name,
    )
