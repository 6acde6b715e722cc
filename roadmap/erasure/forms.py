"""The form for requesting the deletion of an account."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, ValidationError

from roadmap.auth.email_addresses import email_key
from roadmap.auth.forms import email_field
from roadmap.core.i18n import _, _l


class DeletionForm(FlaskForm):
    email = email_field(_l("Your e-mail address, to confirm"))

    def __init__(self, *args: Any, own_email: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self._own_email = own_email

    def validate_email(self, field: Field) -> None:
        if email_key(field.data or "") != email_key(self._own_email):
            raise ValidationError(_("This is not the address of this account."))
