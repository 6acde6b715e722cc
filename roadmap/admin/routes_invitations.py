"""Open invitations, and new ones to an account without a team."""

from __future__ import annotations

import uuid

from flask import flash, make_response, render_template
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.admin.blueprint import admin
from roadmap.auth.login_throttle import too_many_requests
from roadmap.core.database import db
from roadmap.core.web import now, see_other
from roadmap.invitations import actions, invite_page
from roadmap.invitations.forms import InviteForm
from roadmap.invitations.invite_page import NOTHING_CREATED, CreatedInvitation
from roadmap.invitations.queries import find_invitation
from roadmap.people.permissions import PermissionDenied, permit

# Different from every team's slug, which has no slash.
PAGE_PATH = "/admin"


@admin.get("/admin/invitations")
@permit("admin.read")
def invitation_list() -> Response:
    return _page(InviteForm(formdata=None), made=invite_page.pop_created(PAGE_PATH))


@admin.post("/admin/invitations")
@permit("admin.write")
def invite() -> Response:
    """Create an invitation. Only the next page shows its link, because only a hash is stored."""
    form = InviteForm()
    if not form.validate():
        return _page(form, 422)
    wait = invite_page.count_invitation(form, current_user.id)
    if wait:
        return too_many_requests(_page(form), wait)
    try:
        invite_page.create_from_form(form, PAGE_PATH, by=current_user.id)
    except actions.InvitationRefused as refused:
        if refused.reason == "inviter":
            raise PermissionDenied from None
        form.email.errors = [_("An account with this address already exists.")]
        return _page(form, 422)
    return see_other("admin.invitation_list")


@admin.delete("/admin/invitations/<uuid:invitation_id>")
@permit("admin.write")
def revoke(invitation_id: uuid.UUID) -> Response:
    found = find_invitation(db.session, invitation_id)
    if found is not None and actions.revoke(db.session, found, by=current_user.id, now=now()):
        flash(_("The invitation is revoked. Its link no longer works."))
    return see_other("admin.invitation_list")


def _page(
    form: InviteForm, status: int = 200, made: CreatedInvitation = NOTHING_CREATED
) -> Response:
    shown = invite_page.page_context(made, None)
    page = render_template("admin/invitations.html", form=form, **shown)
    return make_response(page, status)
