"""The tools, and what a person says of each. Nobody else sees that."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, flash, render_template, request
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from roadmap.core.database import db
from roadmap.core.web import now, render_page, see_other
from roadmap.people.permissions import permit
from roadmap.tools import actions, queries
from roadmap.tools.forms import INTEREST_LABELS, LEVEL_LABELS, ToolForm

if TYPE_CHECKING:
    from roadmap.tools.content import Tool

tools = Blueprint("tools", __name__)


@tools.get("/tools")
@permit("tool.read")
def overview() -> str:
    """Show the tools by group; an unknown filter means any."""
    content = queries.tool_content()
    mine = queries.records(db.session, current_user.id)
    group, status = (request.args.get(name, "") for name in ("group", "status"))
    only_mine = request.args.get("mine") == "1"
    groups = [each for each in content.groups if each.key == group] or content.groups
    statuses = {each.status for each in content.tools}
    found = [
        each
        for each in content.tools
        if each.status == status or status not in statuses
        if each.key in mine or not only_mine
    ]
    return render_template(
        "tools/tools.html",
        content=content,
        groups=groups,
        shown={each.key: [tool for tool in found if tool.group == each.key] for each in groups},
        chosen={"group": group, "status": status, "mine": only_mine},
        statuses=statuses,
        mine=mine,
        levels=LEVEL_LABELS,
        interests=INTEREST_LABELS,
    )


@tools.get("/tools/<key>")
@permit("tool.read")
def show(key: str) -> Response:
    tool = _tool_or_404(key)
    saved = queries.record(db.session, current_user.id, key)
    return _render(tool, ToolForm(today=_today(), obj=saved, formdata=None))


@tools.put("/tools/<key>")
@permit("tool.write")
def save(key: str) -> BaseResponse:
    tool = _tool_or_404(key)
    form = ToolForm(today=_today())
    if not form.validate():
        return _render(tool, form, status=422)
    actions.save(db.session, current_user.id, key, form.values, by=current_user.id, now=now())
    flash(_("What you say of %(tool)s is saved.", tool=tool.title))
    return see_other("tools.overview", _anchor=key)


def _tool_or_404(key: str) -> Tool:
    return queries.tool_content().by_key.get(key) or abort(404)


def _today() -> dt.date:
    today: dt.date = current_user.today(now())
    return today


def _render(tool: Tool, form: ToolForm, *, status: int = 200) -> Response:
    content = queries.tool_content()
    return render_page(
        "tools/tool.html",
        status,
        tool=tool,
        content=content,
        group=content.group_by_key[tool.group],
        form=form,
    )
