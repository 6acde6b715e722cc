"""Single-use links for peers without an account to rate an answer."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response, abort, flash, request
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from roadmap.auth import rate_limits
from roadmap.auth.login_throttle import too_many_requests
from roadmap.auth.queries import find_by_token
from roadmap.core.database import db
from roadmap.core.i18n import _
from roadmap.core.limiter import limiter
from roadmap.core.proxy import public_base_url
from roadmap.core.text import parse_uuid
from roadmap.core.web import form_key, now, prevent_indexing, render_page, see_other
from roadmap.people import permissions
from roadmap.people.permissions import permit
from roadmap.practice import actions, queries
from roadmap.practice.forms import PeerRatingForm, labelled_texts
from roadmap.practice.models import PeerLink, PracticeAttempt

peer_links = Blueprint("peer_links", __name__)


@peer_links.post("/practice/<key>/links")
@permit("practice.write")
def make(key: str) -> BaseResponse:
    """Create a link for the answer or the given attempt, and show it once."""
    question = queries.question_bank().by_key.get(key) or abort(404)
    attempt: PracticeAttempt | None = None
    if attempt_id := parse_uuid(request.form.get("attempt")):
        attempt = permissions.load(
            db.session, current_user, "practice.write", PracticeAttempt, attempt_id
        )
        if attempt.question != key:
            abort(404)
    else:
        # An empty answer cannot be rated.
        answer = queries.answer(db.session, current_user.id, key)
        if answer is None or not answer.texts:
            abort(404)
    token = actions.make_peer_link(
        db.session, current_user.id, key, attempt, now=now(), key=form_key()
    )
    return render_page(
        "practice/peer_link.html",
        201,
        question=question,
        link=f"{public_base_url()}/practice/peer/{token}",
        expires_at=now() + actions.LINK_LIFETIME,
    )


@peer_links.delete("/practice/links/<uuid:link_id>")
@permit("practice.write")
def revoke(link_id: uuid.UUID) -> BaseResponse:
    link = permissions.load(db.session, current_user, "practice.write", PeerLink, link_id)
    actions.revoke_peer_link(db.session, link, now=now())
    flash(_("The link is revoked. It no longer works."))
    return see_other("practice.question", key=link.question, _anchor="peers")


@peer_links.get("/practice/peer/<token>")
@permit("public")
@limiter.limit("120/minute")
def show(token: str) -> Response:
    """Show a peer the answer. All unusable links get the same 404."""
    return _render(token, PeerRatingForm(formdata=None))


@peer_links.post("/practice/peer/<token>")
@permit("public")
def rate(token: str) -> BaseResponse:
    limits = rate_limits.token_limits("peer-rating", token)
    if wait := rate_limits.count_attempt(limits, now=now()):
        page = prevent_indexing(render_page("practice/peer_not_found.html", wait=wait))
        return too_many_requests(page, wait)
    found, form = find_by_token(db.session, PeerLink, token), PeerRatingForm()
    if found is None or not found[0].is_open(now()):
        return _render(token, form)
    if not form.validate():
        return _render(token, form, status=422)
    actions.rate_as_peer(
        db.session, found[0], int(form.rating.data), form.rater.data or "",
        form.comment.data or "", revision=form.revision, now=now(),
    )  # fmt: skip
    return _render(token, form)


def _render(token: str, form: PeerRatingForm, *, status: int = 200) -> Response:
    """Render the rating form, the confirmation, or a 404 page."""
    found = find_by_token(db.session, PeerLink, token)
    question = queries.question_bank().by_key.get(found[0].question) if found else None
    if found is None or question is None:
        return prevent_indexing(render_page("practice/peer_not_found.html", 404))
    link, owner = found
    if link.rated_at is not None:
        return prevent_indexing(render_page("practice/peer_thanks.html", name=owner.name))
    if not link.is_open(now()):
        return prevent_indexing(render_page("practice/peer_not_found.html", 404))
    answer = queries.answer(db.session, link.user_id, link.question)
    form.seen.data = answer.revision if answer else ""
    page = render_page(
        "practice/peer.html",
        status,
        action=f"/practice/peer/{token}",
        question=question,
        levels=queries.question_bank().levels,
        name=owner.name,
        attempt=link.attempt,
        texts=labelled_texts(answer),
        form=form,
    )
    return prevent_indexing(page)
