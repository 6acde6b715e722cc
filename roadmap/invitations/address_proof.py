"""Prove an address to an invitation that names none, by a link that is mailed to it.

The link is signed and nothing of it is stored: the invitation stays open until it is accepted.
"""

from __future__ import annotations

import datetime as dt

from flask import current_app
from itsdangerous import BadData, URLSafeTimedSerializer

from roadmap.invitations.models import Invitation

LIFETIME = dt.timedelta(hours=24)


def sign_address(invitation: Invitation, email: str) -> str:
    """Return the proof, for a link that only the owner of the address gets."""
    return _serializer().dumps([invitation.id.hex, email])


def read_address(invitation: Invitation, proof: str) -> str:
    """Return the address that a proof is for, or "" if it is wrong, old or for another one."""
    try:
        invitation_id, email = _serializer().loads(proof, max_age=int(LIFETIME.total_seconds()))
    except (BadData, ValueError):
        return ""
    return str(email) if invitation_id == invitation.id.hex else ""


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="address of an invitation")
