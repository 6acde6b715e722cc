"""The readiness page: score, gates, next steps, and the source of every point."""

from __future__ import annotations

from flask import Blueprint, Response, abort, render_template, request
from flask_login import current_user

from roadmap.catalog.queries import load_revision
from roadmap.core.database import db
from roadmap.core.web import now, render_page, wants_fragment
from roadmap.people.permissions import find_invitable_team, permit
from roadmap.people.reach import load_holders
from roadmap.people.roles import Capability
from roadmap.progress.queries import enrollment, enrollments
from roadmap.readiness.explanation import explain
from roadmap.readiness.presentation import (
    message_filter,
    own_context,
    signed_filter,
    step_url,
    what_if_message,
)
from roadmap.readiness.queries import person_record
from roadmap.readiness.tally import Tally
from roadmap.readiness.what_if import parse_choice_keys, what_if

readiness = Blueprint("readiness", __name__)
readiness.add_app_template_filter(message_filter, "message")
readiness.add_app_template_filter(signed_filter, "signed")
readiness.add_app_template_filter(step_url)


@readiness.get("/readiness")
@permit("readiness.read")
def page() -> Response | str:
    """Show readiness on the given roadmap or the primary one, with a what-if calculation.

    Each `if` parameter is a key of a `what_if.Choice`; htmx receives only the result.
    """
    slug = request.args.get("roadmap") or None
    mine = enrollment(db.session, current_user.id, slug)
    if mine is None:
        if slug is not None:
            abort(404)
        return render_template("readiness/empty.html")
    content = load_revision(db.session, mine.revision_id).content
    own = person_record(db.session, current_user.id).own
    tally = Tally(content, own, current_user.today(now()))
    found = explain(tally)
    has_manager = bool(load_holders(db.session, current_user.id, Capability.REVIEW))
    choice_keys = parse_choice_keys(request.args.getlist("if"))
    result = what_if(tally, found, choice_keys)
    message = what_if_message(found, result)
    if wants_fragment():
        name = "readiness/_what_if_result.html"
        return render_page(name, announce=message, roadmap=content, result=result, message=message)
    others = [each for each in enrollments(db.session, current_user.id) if each.slug != mine.slug]
    return render_template(
        "readiness/page.html",
        roadmap=content,
        others=others,
        result=result,
        message=message,
        own_team=None if has_manager else find_invitable_team(db.session, current_user),
        **own_context(found, own, content, has_manager=has_manager),
    )
