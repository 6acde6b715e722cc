"""Pages of the user's own badges: list, issue and revoke."""

from __future__ import annotations

import uuid

from flask import Blueprint, abort, current_app, flash, render_template, request
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from roadmap.badges import actions, queries
from roadmap.badges.models import Badge
from roadmap.core.database import db
from roadmap.core.i18n import _
from roadmap.core.limiter import limiter
from roadmap.core.proxy import public_base_url
from roadmap.core.text import shorten
from roadmap.core.web import now, see_other
from roadmap.evidence import labels
from roadmap.people import permissions
from roadmap.people.permissions import permit

badges = Blueprint("badges", __name__)


@badges.get("/badges")
@permit("badge.read")
def index() -> str:
    own = queries.own_badges(db.session, current_user.id)
    active = [badge for badge in own if badge.revoked_at is None]
    has_badge = {each.subject for each in active}
    today = current_user.today(now())
    pieces, stages = queries.load_candidates(db.session, current_user.id, today)
    return render_template(
        "badges/index.html",
        active=active,
        revoked=[badge for badge in own if badge.revoked_at is not None],
        has_badge=has_badge,
        candidates=pieces,
        pieces=[item for item in pieces if str(item.id) not in has_badge],
        stages=stages,
        labels=labels,
        base=public_base_url(),
        is_lasting=bool(current_app.config["BASE_URL"]),
    )


@badges.get("/badges/new")
@permit("badge.read")
def new() -> str | BaseResponse:
    """Preview a badge. `?for=` is the id of a piece, or `roadmap/stage`."""
    if not request.args.get("for"):
        return see_other("badges.index", _anchor="pieces-title")
    achievement = queries.load_achievement(
        db.session, current_user, request.args["for"], current_user.today(now())
    )
    if achievement is None:
        abort(404)
    return render_template(
        "badges/new.html",
        achievement=achievement,
        redactions=queries.load_redactions(db.session, achievement),
        base=public_base_url(),
        is_lasting=bool(current_app.config["BASE_URL"]),
    )


@badges.post("/badges")
@permit("badge.write")
@limiter.limit("20/minute")
def issue() -> BaseResponse:
    try:
        badge = actions.issue_badge(
            db.session,
            request.form.get("for", ""),
            base=public_base_url(),
            by=current_user,
            now=now(),
        )
    except actions.NotVerified:
        abort(404)
    flash(_("The badge “%(name)s” is issued.", name=shorten(badge.name)), "message")
    return see_other("badges.index", _anchor=f"badge-{badge.id}")


@badges.delete("/badges/<uuid:badge_id>")
@permit("badge.write")
def revoke(badge_id: uuid.UUID) -> BaseResponse:
    badge = permissions.load(db.session, current_user, "badge.write", Badge, badge_id)
    if actions.revoke_badge(db.session, badge, by=current_user, now=now()):
        name = shorten(badge.name)
        flash(_("The badge “%(name)s” is revoked.", name=name), "message")
    return see_other("badges.index")
