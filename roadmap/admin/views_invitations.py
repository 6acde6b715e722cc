"""The invitations that are open, and a new one: to Cairn alone, without a team."""

from __future__ import annotations

import uuid

from flask import flash, make_response, render_template
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.accounts import invitations, inviting
from roadmap.accounts.inviting import NOTHING_MADE, InviteForm, Made
from roadmap.accounts.trying import too_many
from roadmap.admin.blueprint import admin
from roadmap.core.database import db
from roadmap.core.web import now, see_other
from roadmap.people.access import permit
from roadmap.people.records import NotEntitled

# No slug of a team has a slash.
PLACE = "/admin"


@admin.get("/admin/invitations")
@permit("admin.read")
def invitation_list() -> Response:
    return _page(InviteForm(formdata=None), made=inviting.made_at(PLACE))


@admin.post("/admin/invitations")
@permit("admin.write")
def invite() -> Response:
    """The next page shows the link, and none after it: only its hash is kept."""
    form = InviteForm()
    if not form.validate():
        return _page(form, 422)
    wait = inviting.count(form, current_user.id)
    if wait:
        return too_many(_page(form), wait)
    try:
        inviting.make(form, PLACE, by=current_user.id)
    except invitations.InvitationRefused as refused:
        if refused.reason == "inviter":
            raise NotEntitled from None
        form.email.errors = [_("There is an account with this address already.")]
        return _page(form, 422)
    return see_other("admin.invitation_list")


@admin.delete("/admin/invitations/<uuid:invitation_id>")
@permit("admin.write")
def revoke(invitation_id: uuid.UUID) -> Response:
    found = invitations.find(db.session, invitation_id)
    if found is not None and invitations.revoke(db.session, found, by=current_user.id, now=now()):
        flash(_("The invitation is revoked. Its link opens nothing any more."))
    return see_other("admin.invitation_list")


def _page(form: InviteForm, status: int = 200, made: Made = NOTHING_MADE) -> Response:
    shown = inviting.shown(made, None)
    page = render_template("admin/invitations.html", form=form, **shown)
    return make_response(page, status)
