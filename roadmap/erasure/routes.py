"""Routes for requesting the deletion of an account, and for cancelling it in time."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.auth import deletion
from roadmap.auth.actions import LastAdministrator, has_other_administrator
from roadmap.auth.reauthentication import fresh_login_required
from roadmap.auth.sessions import find_user_pending_deletion, sign_out, signed_in_actor
from roadmap.core.database import db
from roadmap.core.i18n import _, join_names, show_date_to
from roadmap.core.proxy import client_address
from roadmap.core.web import now, render_page, see_other
from roadmap.erasure.forms import DeletionForm
from roadmap.erasure.queries import DELETED_TABLES, RETAINED_TABLES, describe_rows
from roadmap.evidence.queries import count_awaiting_reviewer
from roadmap.people.permissions import permit
from roadmap.people.queries import list_solely_managed_teams

erasure = Blueprint("erasure", __name__)


@erasure.get("/account/deletion")
@permit("account.write")
@fresh_login_required
def ask_deletion() -> Response:
    return _render(DeletionForm(own_email=current_user.email))


@erasure.put("/account/deletion")
@permit("account.write")
@fresh_login_required
def request_deletion() -> Response:
    """Close the account, end all its sessions, and start the grace period."""
    me = current_user._get_current_object()
    form = DeletionForm(own_email=me.email)
    if not form.validate():
        return _render(form, 422)
    try:
        found = deletion.request_deletion(
            db.session, me.id, by=me.id, address=client_address(), now=now()
        )
    except LastAdministrator:
        return _render(form, 409)
    sign_out()
    if found is not None:
        day = show_date_to(me, found.due_at)
        flash(
            _("Your account is closed and will be deleted on %(day)s. Sign in to keep it.", day=day)
        )
    return see_other("auth.login")


@erasure.get("/account/return")
@permit("public")
def ask_return() -> Response:
    """Show the only page available to a person whose account is scheduled for deletion."""
    found = find_user_pending_deletion()
    if found is None:
        return redirect("/", 303) if signed_in_actor() else see_other("auth.login")
    user, request = found
    return render_page("erasure/return.html", user=user, day=show_date_to(user, request.due_at))


@erasure.put("/account/return")
@permit("public")
def keep_account() -> Response:
    """Cancel the deletion; the current session becomes an ordinary one."""
    found = find_user_pending_deletion()
    if found is None:
        return see_other("auth.login")
    user_id = found[0].id
    if deletion.cancel_deletion(
        db.session, user_id, by=user_id, address=client_address(), now=now()
    ):
        flash(_("Welcome back. Your account and everything in it are kept."))
    return redirect("/", 303)


def _render(form: DeletionForm, status: int = 200) -> Response:
    me = current_user.id
    is_last = current_user.is_admin and not has_other_administrator(db.session, me)
    context: dict[str, Any] = {"is_last": is_last}
    if is_last:
        context["suggested"] = deletion.suggest_administrators(db.session, me)
    else:
        waiting, waiting_alone = count_awaiting_reviewer(db.session, me)
        context |= {
            "deleted": describe_rows(db.session, me, DELETED_TABLES),
            "kept": describe_rows(db.session, me, RETAINED_TABLES),
            "solely_managed": join_names(
                team.name for team in list_solely_managed_teams(db.session, me)
            ),
            "waiting": waiting,
            "waiting_alone": waiting_alone,
        }
    return render_page(
        "erasure/deletion.html",
        status,
        form=form,
        due_at=now() + deletion.GRACE,
        days=deletion.GRACE.days,
        **context,
    )
