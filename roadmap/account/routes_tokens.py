"""Personal tokens of the API: list, create and revoke them."""

from __future__ import annotations

import uuid

from flask import flash, make_response, render_template
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.account.blueprint import account
from roadmap.account.forms import TokenForm
from roadmap.auth import api_tokens
from roadmap.auth.models import ApiToken
from roadmap.auth.reauthentication import fresh_login_required
from roadmap.core.database import db
from roadmap.core.proxy import client_address
from roadmap.core.web import now, see_other
from roadmap.people import permissions
from roadmap.people.permissions import permit


@account.get("/account/tokens")
@permit("token.read")
def list_tokens() -> str:
    return render_template(
        "account/tokens.html", tokens=api_tokens.list_tokens(db.session, current_user.id), now=now()
    )


@account.get("/account/tokens/new")
@permit("token.write")
@fresh_login_required
def new_token() -> Response:
    return _render_form(TokenForm())


@account.post("/account/tokens")
@permit("token.write")
@fresh_login_required
def create_token() -> Response:
    """Create a token and show it once: it is not stored."""
    form = TokenForm()
    if not form.validate():
        return _render_form(form, 422)
    try:
        token = api_tokens.create(
            db.session,
            current_user.id,
            name=form.name.data or "",
            scope=form.scope.data,
            days=form.days.data or 0,
            by=current_user.id,
            address=client_address(),
            now=now(),
        )
    except api_tokens.TooManyTokens:
        form.form_errors = [
            _("You can have at most %(most)d tokens. Revoke one first.", most=api_tokens.MAX_TOKENS)
        ]
        return _render_form(form, 422)
    page = render_template("account/token_created.html", token=token, form=form)
    return make_response(page, 201)


@account.delete("/account/tokens/<uuid:token_id>")
@permit("token.write")
def revoke_token(token_id: uuid.UUID) -> Response:
    token = permissions.load(db.session, current_user, "token.write", ApiToken, token_id)
    name = token.name
    api_tokens.revoke(db.session, token, by=current_user.id, address=client_address(), now=now())
    flash(_("The token “%(name)s” is revoked and no longer works.", name=name), "message")
    return see_other("account.list_tokens")


def _render_form(form: TokenForm, status: int = 200) -> Response:
    return make_response(render_template("account/token_new.html", form=form), status)
