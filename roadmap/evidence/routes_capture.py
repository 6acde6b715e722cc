"""Quick capture: propose a piece of evidence from one line, to be checked and saved by its form."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from urllib.parse import urlencode

from flask import request
from flask_babel import LazyString
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.core.database import db
from roadmap.core.dates import PartialDate
from roadmap.core.i18n import _, _l, current_locale, month_names
from roadmap.core.limiter import limit_searches
from roadmap.core.text import clean_line
from roadmap.core.web import now, render_page, safe_redirect_target, wants_fragment
from roadmap.evidence import labels, queries
from roadmap.evidence.blueprint import evidence
from roadmap.evidence.capture import propose
from roadmap.evidence.forms import EvidenceForm
from roadmap.evidence.queries import LinkableMilestone
from roadmap.evidence.rules import MAX_LENGTHS
from roadmap.people.permissions import permit
from roadmap.progress.queries import milestone_states


@evidence.post("/evidence/capture")
@permit("evidence.write")
@limit_searches
def capture() -> Response:
    """Propose a piece of evidence for a link or a description, without saving anything.

    htmx gets only the proposal. The form's `milestone` is the milestone that the line was entered
    for, and `back` is the page.
    """
    typed = request.form.get("captured", "")
    text = clean_line(typed)
    milestones = queries.load_published_milestones(db.session, current_user.id)
    target = milestones.get(request.form.get("milestone", ""))
    back = safe_redirect_target(request.form.get("back"), "/evidence")
    context: dict[str, Any] = {"text": text, "target": target, "back": back}
    if not text or len(text) > MAX_LENGTHS["description"]:
        error = _("This is too long for one line. Add it with the whole form.")
        if not text:
            error = _("Paste a link, or write in a sentence what you did.")
        return _render(422, announce=error, error=error, **context)
    today = current_user.today(now())
    kinds = target.kinds if target else ()
    proposal = propose(typed, today, kinds, month_names(current_locale()))
    last_visibility = queries.find_last_visibility(db.session, current_user.id)
    is_withheld = bool(proposal.secrets) and last_visibility == "portfolio"
    form = EvidenceForm(
        formdata=None,
        title=proposal.title,
        kind=proposal.kind,
        occurred_on=None if proposal.needs_date else proposal.occurred_on or PartialDate(today),
        url=proposal.url,
        description=proposal.description,
        milestones=[target.key] if target else [],
        skills=target.skills if target else (),
        # Not in the portfolio by default if the link contains secrets: the author must decide.
        visibility="team" if is_withheld else last_visibility or "team",
    )
    existing = queries.find_by_link(db.session, current_user.id, proposal.url)
    return _render(
        200,
        announce=_("Check it, then save it."),
        form=form,
        proposal=proposal,
        is_withheld=is_withheld,
        last_visibility=last_visibility,
        recognized=_(proposal.form) if proposal.form else "",
        existing=existing,
        existing_milestones=existing.milestone_keys if existing else (),
        offered={} if target else _milestone_choices(milestones.values(), proposal.kind),
        query=urlencode({"milestone": target.key, "back": back} if target else {"back": back}),
        **context,
    )


def _milestone_choices(
    milestones: Collection[LinkableMilestone], kind: str
) -> dict[LazyString, list[tuple[str, str]]]:
    """Return the selectable milestones under headings, without those not applicable."""
    states = milestone_states(db.session, current_user.id)
    found = queries.find_unproven_milestones(
        db.session, milestones, user_id=current_user.id, kind=kind
    )
    unproven = [(each.key, each.title) for each in found]
    fitting: list[tuple[str, str]] = []
    others: list[tuple[str, str]] = []
    for each in milestones:
        status = states[each.key].status if each.key in states else ""
        if each.roadmap and status != "not_applicable" and each not in found:
            is_fitting = status != "done" and kind in each.kinds
            (fitting if is_fitting else others).append((each.key, each.title))
    offered = {
        _l("Done without evidence so far"): unproven,
        _l("Open milestones that this kind proves"): fitting,
        _l("Others"): others,
    }
    return {heading: rows for heading, rows in offered.items() if rows}


def _render(status: int, *, announce: str, **context: Any) -> Response:
    template = "evidence/_proposal.html" if wants_fragment() else "evidence/capture.html"
    return render_page(template, status, announce=announce, labels=labels, **context)
