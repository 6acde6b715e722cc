"""The administration pages: overview, roadmaps and accounts."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.admin import audit_messages, queries, routes_audit, routes_teams
from roadmap.admin.blueprint import admin
from roadmap.admin.forms import MembershipForm
from roadmap.admin.mail_check import find_test_mail, send_test_mail
from roadmap.admin.roadmap_list import list_roadmaps
from roadmap.admin.routes_teams import load_team
from roadmap.auth import actions as accounts
from roadmap.auth import deletion, email_confirmation
from roadmap.auth.models import PendingEmail
from roadmap.auth.queries import find_pending_email
from roadmap.auth.reauthentication import fresh_login_required
from roadmap.core.database import compare_schema, db, describe_database
from roadmap.core.gettext_noop import N_
from roadmap.core.i18n import _, join_names
from roadmap.core.limiter import limit_searches, limiter
from roadmap.core.proxy import client_address, public_base_url
from roadmap.core.text import clean_line
from roadmap.core.web import form_key, now, page_number, render_page, see_other
from roadmap.evidence.queries import count_awaiting_reviewer
from roadmap.mail import transport
from roadmap.people import actions, permissions
from roadmap.people.labels import membership_sentence
from roadmap.people.models import User
from roadmap.people.permissions import permit
from roadmap.people.queries import find_role, list_solely_managed_teams, other_teams

MAX_SEARCH_LENGTH = 200
# How long the overview asks for the result of a test message by itself.
TEST_MAIL_POLLING = dt.timedelta(minutes=1)
# Changes that cannot be made to the last administrator, and the messages afterwards.
ENDS_ACCESS: dict[str, tuple[Callable[..., object], str]] = {
    "administrator": (
        partial(accounts.set_admin, is_admin=False),
        N_("%(name)s is no longer an administrator."),
    ),
    "deactivation": (accounts.deactivate, N_("The account of %(name)s is deactivated.")),
    "deletion": (
        lambda *who, **how: deletion.request_deletion(*who, address=client_address(), **how),
        N_("%(name)s's account is closed and waiting to be deleted."),
    ),
}

__all__ = ["admin", "routes_audit", "routes_teams"]


@admin.get("/admin")
@permit("admin.read")
def overview() -> str:
    test_mail = find_test_mail(db.session, current_user.id)
    return render_template(
        "admin/overview.html",
        figures=queries.load_overview(db.session, now=now()),
        database=describe_database(),
        schema=compare_schema(),
        mails=transport.is_configured(),
        test_mail=test_mail,
        is_test_mail_new=test_mail and now() - test_mail.created_at < TEST_MAIL_POLLING,
        address=current_app.config["BASE_URL"],
        today=now().date(),
    )


@admin.post("/admin/test-mails")
@permit("admin.write")
@limiter.limit("5/minute")
def make_test_mail() -> Response:
    """Mail a test message to the administrator. The overview shows what became of it."""
    if transport.is_configured() and current_user.email_key:
        send_test_mail(db.session, _load_user(current_user.id), now=now())
    else:
        flash(_("Mail is not configured, or your e-mail address is not confirmed."))
    return see_other("admin.overview", _anchor="mail")


@admin.get("/admin/roadmaps")
@permit("admin.read")
def roadmap_list() -> str:
    """Show each roadmap with its origin, and the result of the last load of files."""
    last = queries.find_last_roadmap_load(db.session)
    return render_template(
        "admin/roadmaps.html",
        roadmaps=list_roadmaps(db.session),
        last=last,
        last_message=audit_messages.render_lines([last], {})[0][1] if last else "",
    )


@admin.get("/admin/people")
@permit("admin.read")
@limit_searches
def people() -> str:
    q = clean_line(request.args.get("q"))[:MAX_SEARCH_LENGTH]
    group = request.args.get("show", "")
    group = group if group in queries.GROUPS else ""
    found = queries.list_accounts(db.session, q=q, group=group, page=page_number())
    page_url = partial(url_for, "admin.people", q=q or None, show=group or None)
    before = found.page - 1
    return render_template(
        "admin/people.html",
        people=found,
        q=q,
        group=group,
        previous=page_url(page=before if before > 1 else None) if before else None,
        following=page_url(page=found.page + 1) if found.page < found.pages else None,
    )


@admin.get("/admin/people/<uuid:user_id>")
@permit("admin.read")
def person(user_id: uuid.UUID) -> Response:
    return _render_person(_load_user(user_id))


@admin.get("/admin/people/<uuid:user_id>/administrator", defaults={"what": "administrator"})
@admin.get("/admin/people/<uuid:user_id>/deactivation", defaults={"what": "deactivation"})
@admin.get("/admin/people/<uuid:user_id>/deletion", defaults={"what": "deletion"})
@admin.get("/admin/people/<uuid:user_id>/password-link", defaults={"what": "password_link"})
@admin.get("/admin/people/<uuid:user_id>/email", defaults={"what": "email_confirmation"})
@permit("admin.write")
@fresh_login_required
def ask_change(user_id: uuid.UUID, what: str) -> Response:
    """Ask for confirmation, or explain that the last administrator cannot be changed."""
    return _render_confirmation(what, _load_user(user_id))


@admin.put("/admin/people/<uuid:user_id>/administrator")
@permit("admin.write")
@fresh_login_required
def make_administrator(user_id: uuid.UUID) -> Response:
    user = _load_user(user_id)
    if user.deactivated_at is not None:
        fault = _("A deactivated account cannot be an administrator. Reactivate it first.")
        return _render_confirmation("administrator", user, 409, fault=fault)
    if accounts.set_admin(db.session, user.id, is_admin=True, by=current_user, now=now()):
        flash(_("%(name)s is now an administrator, and has to sign in again.", name=user.name))
    return see_other("admin.person", user_id=user.id)


@admin.delete("/admin/people/<uuid:user_id>/administrator", defaults={"what": "administrator"})
@admin.put("/admin/people/<uuid:user_id>/deactivation", defaults={"what": "deactivation"})
@admin.put("/admin/people/<uuid:user_id>/deletion", defaults={"what": "deletion"})
@permit("admin.write")
@fresh_login_required
def end_access(user_id: uuid.UUID, what: str) -> Response:
    user = _load_user(user_id)
    end, done = ENDS_ACCESS[what]
    try:
        end(db.session, user.id, by=current_user, now=now())
    except accounts.LastAdministrator:
        return _render_confirmation(what, user, 409)
    if user.id == current_user.id:
        # This also ended the current session.
        return redirect("/", 303)
    flash(_(done, name=user.name))
    return see_other("admin.person", user_id=user.id)


@admin.delete("/admin/people/<uuid:user_id>/deactivation")
@permit("admin.write")
@fresh_login_required
def reactivate(user_id: uuid.UUID) -> Response:
    user = _load_user(user_id)
    accounts.reactivate(db.session, user.id, by=current_user, now=now())
    flash(_("The account of %(name)s is active again.", name=user.name))
    return see_other("admin.person", user_id=user.id)


@admin.delete("/admin/people/<uuid:user_id>/deletion")
@permit("admin.write")
@fresh_login_required
def cancel_deletion(user_id: uuid.UUID) -> Response:
    user = _load_user(user_id)
    if deletion.cancel_deletion(
        db.session, user.id, by=current_user, address=client_address(), now=now()
    ):
        flash(_("The account of %(name)s is restored.", name=user.name))
    return see_other("admin.person", user_id=user.id)


@admin.post("/admin/people/<uuid:user_id>/password-link")
@permit("admin.write")
@fresh_login_required
def make_password_link(user_id: uuid.UUID) -> Response:
    """Create a link and show it once, because only its hash is stored."""
    user = _load_user(user_id)
    if user.deactivated_at is not None:
        fault = _("The account is deactivated. Reactivate it first, then create a link.")
        return _render_confirmation("password_link", user, 409, fault=fault)
    token = accounts.create_password_link(
        db.session,
        user.id,
        by=current_user,
        address=client_address(),
        now=now(),
        key=form_key(),
    )
    return _render_confirmation("password_link", user, link=f"{public_base_url()}/password/{token}")


@admin.put("/admin/people/<uuid:user_id>/email")
@permit("admin.write")
@fresh_login_required
def confirm_email(user_id: uuid.UUID) -> Response:
    """Confirm the displayed address. While a mailed link is valid, only the owner can."""
    user, shown = _load_user(user_id), request.form.get("pending", "")
    pending = find_pending_email(db.session, user.id)
    if pending is None or str(pending.id) != shown or _has_valid_link(pending):
        return _render_confirmation("email_confirmation", user, 409)
    try:
        email_confirmation.confirm_email(
            db.session, user.id, pending.id, by=current_user, address=client_address(), now=now()
        )
    except email_confirmation.EmailNotPending:
        return _render_confirmation("email_confirmation", user, 409)
    except accounts.EmailTaken:
        db.session.rollback()
        fault = _("Another account has this e-mail address.")
        return _render_confirmation("email_confirmation", user, 409, fault=fault)
    flash(_("The e-mail address of %(name)s is confirmed.", name=user.name))
    return see_other("admin.person", user_id=user.id)


@admin.post("/admin/people/<uuid:user_id>/teams")
@permit("admin.write")
def put_into_team(user_id: uuid.UUID) -> Response:
    """Add the person to a team, move them to it, or change their role in it."""
    user = _load_user(user_id)
    _account, own = queries.load_account(db.session, user.id)
    form = MembershipForm(queries.list_teams(db.session), own)
    if not form.validate():
        return _render_person(user, form, 422)
    team, role = load_team(form.team.data), form.role.data
    left = load_team(form.moved_from.data) if form.moved_from.data else None
    by = {"by": current_user, "now": now()}
    try:
        changed = (
            actions.move_member(db.session, left, user.id, team, role, **by)
            if left
            else actions.add_member(db.session, team, user.id, role, **by)
        )
    except actions.AccountDeactivated:
        form.team.errors = [_("This account is deactivated. Reactivate it first.")]
        return _render_person(user, form, 422)
    if changed:
        others = other_teams(db.session, user.id, team)
        flash(
            membership_sentence(user.name, team.name, others, left_team=left.name if left else "")
        )
    return see_other("admin.person", user_id=user.id, _anchor="teams")


@admin.delete("/admin/people/<uuid:user_id>/teams/<slug>")
@permit("admin.write")
def take_out_of_team(user_id: uuid.UUID, slug: str) -> Response:
    user, team = _load_user(user_id), load_team(slug)
    if find_role(db.session, team.id, user.id):
        actions.remove_member(db.session, team, user.id, by=current_user, now=now())
        flash(_("%(name)s is no longer in %(team)s.", name=user.name, team=team.name))
    return see_other("admin.person", user_id=user.id, _anchor="teams")


def _load_user(user_id: uuid.UUID) -> User:
    return permissions.load(db.session, current_user, "admin.read", User, user_id)


def _render_person(user: User, form: MembershipForm | None = None, status: int = 200) -> Response:
    account, teams = queries.load_account(db.session, user.id)
    form = form or MembershipForm(
        queries.list_teams(db.session), teams, moved_from=request.args.get("move", "")
    )
    pending = find_pending_email(db.session, user.id)
    link_state, mail_error = email_confirmation.find_link_state(db.session, pending, now=now())
    return render_page(
        "admin/person.html",
        status,
        form=form,
        user=account,
        teams=teams,
        pending=pending,
        solely_managed={team.slug for team in list_solely_managed_teams(db.session, user.id)},
        deletion=deletion.find_deletion(db.session, user.id),
        link_state=link_state,
        mail_error=mail_error,
        mails=transport.is_configured(),
    )


def _has_valid_link(pending: PendingEmail | None) -> bool:
    """Return whether a link that still works was mailed to the address, or will be."""
    state, _error = email_confirmation.find_link_state(db.session, pending, now=now())
    return state in ("sent", "waiting")


def _render_confirmation(what: str, user: User, status: int = 200, **context: Any) -> Response:
    """Render a confirmation page; `fault` is the reason if the change is not possible."""
    is_last = (
        what in ENDS_ACCESS
        and user.is_admin
        and user.deactivated_at is None
        and not accounts.has_other_administrator(db.session, user.id)
    )
    if is_last:
        context["fault"] = _(
            "%(name)s is the only administrator, and there must be one. Make someone else an "
            "administrator first.",
            name=user.name,
        )
    if what == "email_confirmation":
        context["pending"] = find_pending_email(db.session, user.id)
        context["has_link"] = _has_valid_link(context["pending"])
    if what == "deletion":
        context["deletion"] = deletion.find_deletion(db.session, user.id)
        context["due_at"] = now() + deletion.GRACE
        context["mails"] = transport.is_configured()
    if what in ("deactivation", "deletion"):
        teams = list_solely_managed_teams(db.session, user.id)
        context["solely_managed"] = join_names(team.name for team in teams)
        context["waiting"], context["waiting_alone"] = count_awaiting_reviewer(db.session, user.id)
    return render_page(f"admin/{what}.html", status, user=user, is_last=is_last, **context)
