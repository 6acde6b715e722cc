"""The forms of the members."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import EmailField
from wtforms.validators import Length

from roadmap.auth.forms import EmailAddress, NotBlank
from roadmap.core.text import clean_line
from roadmap.invitations.forms import role_field
from roadmap.people.roles import DEFAULT_ROLE


class RoleForm(FlaskForm):
    role = role_field()


class AddForm(FlaskForm):
    """Somebody who has an account already, by their address."""

    # A prefix, because the page holds the invitation's fields of the same names as well.
    def __init__(self, **values: object) -> None:
        super().__init__(prefix="add-", **values)

    email = EmailField(
        _l("E-mail"),
        [NotBlank(_l("Enter the e-mail address of the account.")), Length(max=320), EmailAddress()],
        filters=[clean_line],
        render_kw={"autocomplete": "off", "maxlength": 320, "spellcheck": "false"},
    )
    role = role_field(default=DEFAULT_ROLE)
