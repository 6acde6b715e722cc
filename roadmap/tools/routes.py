"""Pages of the tools and the user's records about them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, abort, flash, render_template, request
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from roadmap.account.actions import set_preference
from roadmap.core.database import db
from roadmap.core.i18n import _
from roadmap.core.stale_forms import StaleForm, fingerprint
from roadmap.core.web import now, render_page, see_other
from roadmap.people.permissions import permit
from roadmap.people.roles import VIEWERS
from roadmap.tools import actions, queries
from roadmap.tools.forms import INTEREST_LABELS, LEVEL_LABELS, STATUS_LABELS, ToolForm
from roadmap.tools.models import EMPTY_VALUES
from roadmap.tools.rules import STALE_MONTHS, is_stale

if TYPE_CHECKING:
    from roadmap.tools.content import Tool

tools = Blueprint("tools", __name__)


@tools.get("/tools")
@permit("tool.read")
def overview() -> str:
    """List the tools by group. Unknown filter values are ignored."""
    content = queries.tool_content()
    mine = queries.records(db.session, current_user.id)
    group, status = (request.args.get(name, "") for name in ("group", "status"))
    only_mine, only_asked = (request.args.get(name) == "1" for name in ("mine", "asked"))
    milestones = queries.milestones_by_tool(db.session, current_user.id)
    groups = [each for each in content.groups if each.key == group] or content.groups
    statuses = {each.status for each in content.tools}
    found = [
        each
        for each in content.tools
        if each.status == status or status not in statuses
        if each.key in mine or not only_mine
        if each.key in milestones or not only_asked
    ]
    return render_template(
        "tools/tools.html",
        content=content,
        groups=groups,
        shown={each.key: [tool for tool in found if tool.group == each.key] for each in groups},
        chosen={"group": group, "status": status, "mine": only_mine, "asked": only_asked},
        group_options=[(each.key, each.title) for each in content.groups],
        status_options=[pair for pair in STATUS_LABELS.items() if pair[0] in statuses],
        status_labels=STATUS_LABELS,
        mine=mine,
        milestones=milestones,
        stale={each.tool for each in mine.values() if is_stale(each.last_used, _today())},
        stale_months=STALE_MONTHS,
        shares=queries.shares_tools(db.session, current_user.id),
        levels=LEVEL_LABELS,
        interests=INTEREST_LABELS,
    )


@tools.get("/tools/<key>")
@permit("tool.read")
def show(key: str) -> Response:
    tool = _tool_or_404(key)
    saved = queries.records(db.session, current_user.id).get(key)
    seen = fingerprint(saved.values if saved else EMPTY_VALUES)
    return _render(tool, ToolForm(today=_today(), obj=saved, data={"seen": seen}, formdata=None))


@tools.put("/tools/sharing")
@permit("tool.write")
def save_sharing() -> BaseResponse:
    """Share level, interest and last use with the people who can see shared data, or stop it."""
    shares = request.form.get("shares_tools") == "1"
    set_preference(db.session, current_user.id, "shares_tools", shares, now=now())
    if shares:
        message = _("Your %(viewers)s can now see your tools, without your notes.", viewers=VIEWERS)
        flash(message, "message")
    else:
        flash(_("Your tools are now visible only to you."), "message")
    return see_other("tools.overview", _anchor="sharing")


@tools.put("/tools/<key>")
@permit("tool.write")
def save(key: str) -> BaseResponse:
    tool = _tool_or_404(key)
    form = ToolForm(today=_today())
    if not form.validate():
        return _render(tool, form, status=422)
    try:
        actions.save(
            db.session, current_user.id, key, form.values, seen=form.seen.data or "", now=now()
        )
    except StaleForm as stale:
        other = ToolForm(today=_today(), data=stale.saved, formdata=None)
        return _render(tool, form, **form.conflict_context(stale, other))
    flash(_("Your entry for %(tool)s is saved.", tool=tool.title))
    return see_other("tools.overview", _anchor=key)


def _tool_or_404(key: str) -> Tool:
    return queries.tool_content().by_key.get(key) or abort(404)


def _today() -> dt.date:
    today: dt.date = current_user.today(now())
    return today


def _render(tool: Tool, form: ToolForm, **refused: Any) -> Response:
    content = queries.tool_content()
    return render_page(
        "tools/tool.html",
        tool=tool,
        content=content,
        status_labels=STATUS_LABELS,
        group=content.group_by_key[tool.group],
        form=form,
        **refused,
        milestones=queries.milestones_by_tool(db.session, current_user.id).get(tool.key, []),
        evidence=queries.evidence_mentioning(db.session, current_user.id, tool),
        most_evidence=queries.MAX_MENTIONS,
        shares=queries.shares_tools(db.session, current_user.id),
    )
