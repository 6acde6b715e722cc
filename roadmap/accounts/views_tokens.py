"""The personal tokens of the API: which there are, a new one, and none."""

from __future__ import annotations

import uuid

from flask import flash, make_response, render_template
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.accounts import api_tokens
from roadmap.accounts.blueprint import accounts
from roadmap.accounts.forms import TokenForm
from roadmap.accounts.fresh import needs_fresh
from roadmap.accounts.models import ApiToken
from roadmap.core.database import db
from roadmap.core.proxy import client_address
from roadmap.core.web import now, see_other
from roadmap.people import access
from roadmap.people.access import permit


@accounts.get("/account/tokens")
@permit("token.read")
def tokens() -> str:
    return render_template(
        "accounts/tokens.html", tokens=api_tokens.of_person(db.session, current_user.id), now=now()
    )


@accounts.get("/account/tokens/new")
@permit("token.write")
@needs_fresh
def new_token() -> Response:
    return _form_page(TokenForm())


@accounts.post("/account/tokens")
@permit("token.write")
@needs_fresh
def create_token() -> Response:
    """Makes a token and shows it, this once: it is kept nowhere."""
    form = TokenForm()
    if not form.validate():
        return _form_page(form, 422)
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
    except api_tokens.TooMany:
        form.form_errors = [
            _("%(most)d tokens are the most. Revoke one first.", most=api_tokens.MOST_TOKENS)
        ]
        return _form_page(form, 422)
    page = render_template("accounts/token_made.html", token=token, form=form)
    return make_response(page, 201)


@accounts.delete("/account/tokens/<uuid:token_id>")
@permit("token.write")
def revoke_token(token_id: uuid.UUID) -> Response:
    token = access.load(db.session, current_user, "token.write", ApiToken, token_id)
    name = token.name
    api_tokens.revoke(db.session, token, by=current_user.id, address=client_address(), now=now())
    flash(_("The token “%(name)s” opens nothing any more.", name=name), "message")
    return see_other("accounts.tokens")


def _form_page(form: TokenForm, status: int = 200) -> Response:
    return make_response(render_template("accounts/token_new.html", form=form), status)
