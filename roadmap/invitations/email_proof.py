"""Verify the address of a person who uses an invitation without one, by a mailed link.

The link is signed and not stored. The invitation stays open until it is accepted.
"""

from __future__ import annotations

import datetime as dt

from flask import current_app
from itsdangerous import BadData, URLSafeTimedSerializer

from roadmap.invitations.models import Invitation

LIFETIME = dt.timedelta(hours=24)


def sign_email(invitation: Invitation, email: str) -> str:
    """Return a signed proof of the address, for a link that is only mailed to it."""
    return _serializer().dumps([invitation.id.hex, email])


def read_signed_email(invitation: Invitation, proof: str) -> str:
    """Return the address in a proof, or "" if it is invalid, expired or for another invitation."""
    try:
        invitation_id, email = _serializer().loads(proof, max_age=int(LIFETIME.total_seconds()))
    except (BadData, ValueError):
        return ""
    return str(email) if invitation_id == invitation.id.hex else ""


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="address of an invitation")
