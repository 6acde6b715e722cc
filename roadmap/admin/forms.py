"""Administration forms for teams and memberships."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, HiddenField, SelectField, StringField, ValidationError
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired, StopValidation

from roadmap.admin.queries import TeamRow
from roadmap.core.fields import at_most
from roadmap.core.i18n import _, _l
from roadmap.core.text import clean_line
from roadmap.invitations.forms import role_field
from roadmap.people.models import Team
from roadmap.people.roles import DEFAULT_ROLE
from roadmap.people.rules import (
    MAX_NAME_LENGTH,
    MAX_SLUG_LENGTH,
    RESERVED_SLUGS,
    find_descendants,
    is_slug,
    list_as_tree,
    slugify,
)

TEAM_CYCLE = _l("That team is already nested in this one.")
PARENT_UNAVAILABLE = _l("The team can no longer be nested there. Choose again.")
SLUG_HINT = _l("Lower-case letters, digits and single hyphens, such as search-ranking.")


def team_choices(teams: Sequence[TeamRow]) -> list[SelectChoice]:
    """Return the teams as choices, indented by nesting."""
    return [
        SelectChoice(team.slug, "\N{EN SPACE}" * 2 * depth + team.name)
        for team, depth in list_as_tree(teams)
    ]


class TeamForm(FlaskForm):
    """The name and the parent of a team; `team_id` is None for a new one."""

    name = StringField(
        _l("Name"),
        [DataRequired(_l("Give the team a name.")), at_most(MAX_NAME_LENGTH)],
        filters=[clean_line],
        render_kw={"autocomplete": "off"},
    )
    parent = SelectField(_l("Nested in"))
    # The stored values when the form was opened; fields still equal to them are not written.
    name_read = HiddenField()
    parent_read = HiddenField()

    def __init__(
        self, teams: Sequence[TeamRow], team_id: uuid.UUID | None = None, **values: Any
    ) -> None:
        super().__init__(**values)
        self._teams = {team.slug: team for team in teams}
        self._nested = find_descendants(teams).get(team_id, set()) if team_id else set()
        # A team cannot be nested in itself or in one of its nested teams.
        parents = [team for team in teams if team.id not in self._nested]
        self.parent.choices = [SelectChoice("", _("No other team")), *team_choices(parents)]

    @classmethod
    def for_team(cls, teams: Sequence[TeamRow], team: Team) -> TeamForm:
        """Build the form with the stored values of a team."""
        parent = next((row.slug for row in teams if row.id == team.parent_id), "")
        return cls(
            teams, team.id, name=team.name, parent=parent, name_read=team.name, parent_read=parent
        )

    @property
    def parent_id(self) -> uuid.UUID | None:
        return self._team_id(self.parent.data)

    @property
    def original(self) -> dict[str, Any]:
        """Return the values that the form was opened with; empty if they are missing."""
        if self.name_read.data is None or self.parent_read.data is None:
            return {}
        return {"name": self.name_read.data, "parent_id": self._team_id(self.parent_read.data)}

    def validate_parent(self, field: Field) -> None:
        chosen = self._teams.get(field.data or "")
        if chosen is not None and chosen.id in self._nested:
            # Replaces the field's own error, which only says that the choice is not available.
            field.errors.clear()
            raise StopValidation(TEAM_CYCLE)

    def adopt_saved_values(self, stored: Mapping[str, Any]) -> dict[str, str]:
        """Set values saved by somebody else as the originals, and return them by label."""
        shown = {}
        if "name" in stored:
            self.name_read.data = shown[_("Name")] = stored["name"]
        if "parent_id" in stored:
            parent = next((t for t in self._teams.values() if t.id == stored["parent_id"]), None)
            self.parent_read.data = parent.slug if parent else ""
            shown[_("Nested in")] = parent.name if parent else _("No other team")
        return shown

    def _team_id(self, slug: str | None) -> uuid.UUID | None:
        team = self._teams.get(slug or "")
        return team.id if team else None


class NewTeamForm(TeamForm):
    slug = StringField(
        _l("Address"),
        [at_most(MAX_SLUG_LENGTH)],
        filters=[clean_line],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    manages = BooleanField(_l("I manage this team"))

    @property
    def chosen_slug(self) -> str:
        """Return the entered slug, or one made from the name."""
        return self.slug.data or slugify(self.name.data or "")

    def validate_slug(self, field: Field) -> None:
        if self.chosen_slug in RESERVED_SLUGS:
            raise ValidationError(
                _(
                    "The address %(slug)s is reserved for a page of Cairn. Choose a different one.",
                    slug=self.chosen_slug,
                )
            )
        if field.data and not is_slug(field.data):
            raise ValidationError(SLUG_HINT)
        if self.name.data and not is_slug(self.chosen_slug):
            field.data = next(
                slug for slug in map("team-{}".format, count(2)) if slug not in self._teams
            )
            raise ValidationError(
                _(
                    "Cairn cannot derive an address from this name. Use the one "
                    "suggested here, or enter another in lower-case letters and digits."
                )
            )


class MembershipForm(FlaskForm):
    """A team, a role in it, and optionally the team to move the person from."""

    team = SelectField(_l("Team"), [InputRequired(_l("Choose a team."))])
    role = role_field(default=DEFAULT_ROLE)
    moved_from = SelectField(_l("Remove from"), default="")

    def __init__(self, teams: Sequence[TeamRow], own: Sequence[Any], **values: Any) -> None:
        """`own` are the teams that the person is in."""
        super().__init__(**values)
        left = [SelectChoice(team.slug, team.name) for team in own]
        self.moved_from.choices = [SelectChoice("", _("No team")), *left]
        self.team.choices = (
            [SelectChoice("", _("Choose a team")), *team_choices(teams)] if teams else []
        )

    def validate_moved_from(self, field: Field) -> None:
        if field.data and field.data == self.team.data:
            raise ValidationError(_("Choose a different team from the one you are adding to."))
