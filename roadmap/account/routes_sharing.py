"""Share reasons and target dates with managers, or stop sharing them."""

from __future__ import annotations

from flask import flash, request
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.account.blueprint import account
from roadmap.core.database import db
from roadmap.core.web import now, see_other
from roadmap.people import actions
from roadmap.people.permissions import permit
from roadmap.people.roles import VIEWERS


@account.put("/account/sharing")
@permit("account.write")
def save_sharing() -> Response:
    """Save a checkbox: if it is not sent, it is off, so that nothing is shared by mistake."""
    shares = request.form.get("shares_plans") == "1"
    actions.share_plans(db.session, current_user.id, shares, by=current_user.id, now=now())
    if shares:
        flash(
            _("Your %(viewers)s can now see your reasons and target dates.", viewers=VIEWERS),
            "message",
        )
    else:
        flash(_("Your reasons and target dates are now visible only to you."), "message")
    return see_other("account.show_account", _anchor="sharing")
