"""The forms of administration: teams and memberships."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, SelectField, StringField, ValidationError
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Length

from roadmap.admin.queries import TeamRow
from roadmap.admin.team_tree import list_as_tree
from roadmap.auth.forms import NotBlank, clean_original_text
from roadmap.core.text import clean_line
from roadmap.invitations.forms import role_field
from roadmap.people.roles import DEFAULT_ROLE
from roadmap.people.rules import MAX_NAME_LENGTH, MAX_SLUG_LENGTH, RESERVED_SLUGS, is_slug, slugify

SLUG_HINT = _l("Lower-case letters, digits and single hyphens, such as search-ranking.")


def team_choices(teams: Sequence[TeamRow]) -> list[SelectChoice]:
    """List the teams as choices, indented as they are nested."""
    return [
        SelectChoice(team.slug, "\N{EN SPACE}" * 2 * depth + team.name)
        for team, depth in list_as_tree(teams)
    ]


class TeamForm(FlaskForm):
    """The name and the parent of a team; `above` are the teams that it may be nested in."""

    name = StringField(
        _l("Name"),
        [NotBlank(_l("Give the team a name.")), Length(max=MAX_NAME_LENGTH)],
        filters=[clean_line],
        render_kw={"maxlength": MAX_NAME_LENGTH, "autocomplete": "off"},
    )
    parent = SelectField(_l("Nested in"))
    # What was stored when the form was opened: a field left like that is not written.
    name_read = HiddenField(filters=[clean_original_text])
    parent_read = HiddenField()

    def __init__(self, above: Sequence[TeamRow], **values: Any) -> None:
        super().__init__(**values)
        top = SelectChoice("", _("No other team"))
        self.parent.choices = [top, *team_choices(above)]


class NewTeamForm(TeamForm):
    slug = StringField(
        _l("Address"),
        [Length(max=MAX_SLUG_LENGTH)],
        filters=[clean_line],
        render_kw={"maxlength": MAX_SLUG_LENGTH, "autocomplete": "off", "spellcheck": "false"},
    )

    def __init__(self, above: Sequence[TeamRow], **values: Any) -> None:
        super().__init__(above, **values)
        self._taken = {team.slug for team in above}

    @property
    def wanted_slug(self) -> str:
        """The slug that was typed, or one made from the name."""
        return self.slug.data or slugify(self.name.data or "")

    def validate_slug(self, field: Field) -> None:
        if self.wanted_slug in RESERVED_SLUGS:
            raise ValidationError(
                _(
                    "The address %(slug)s is a page of Cairn. Choose a different one.",
                    slug=self.wanted_slug,
                )
            )
        if field.data and not is_slug(field.data):
            raise ValidationError(SLUG_HINT)
        if self.name.data and not is_slug(self.wanted_slug):
            field.data = next(
                slug for slug in map("team-{}".format, count(2)) if slug not in self._taken
            )
            raise ValidationError(
                _(
                    "No address can be derived from this name. Use the one proposed here, or "
                    "enter another in lower-case letters and digits."
                )
            )


class MembershipForm(FlaskForm):
    """A team, and a role in it."""

    team = SelectField(_l("Team"), [InputRequired(_l("Choose a team."))])
    role = role_field(default=DEFAULT_ROLE)

    def __init__(self, teams: Sequence[TeamRow]) -> None:
        super().__init__()
        self.team.choices = (
            [SelectChoice("", _("Choose a team")), *team_choices(teams)] if teams else []
        )
