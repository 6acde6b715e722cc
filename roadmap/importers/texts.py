"""Error messages for pages that could not be fetched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from roadmap.core.gettext_noop import N_
from roadmap.core.i18n import _

ERROR_MESSAGES = {
    "limit": N_("%(host)s allows no more requests for now (%(status)s)."),
    "needs-token": N_(
        "%(host)s requires a sign-in (401). Ask your administrator to set a token for it."
    ),
    "bad-token": N_(
        "%(host)s refuses this installation's token (401): it has expired or was revoked. Tell "
        "your administrator."
    ),
    "forbidden": N_(
        "%(host)s refused access (403): the token may lack read permission, or this "
        "server is blocked. Tell your administrator."
    ),
    "gone": N_(
        "Nothing was found at the configured address of %(host)s (404). Tell your "
        "administrator: the address may be set wrongly."
    ),
    "unknown-login": N_(
        "%(host)s has no user with this name, or the profile is private (%(status)s). "
        "Check the spelling."
    ),
    "status": N_("%(host)s answered with an error (%(status)s). Try again in a few minutes."),
    "moved": N_(
        "%(host)s has moved (%(status)s). Tell your administrator, who can update its address."
    ),
    "slow": N_("%(host)s did not answer in time. Try again in a few minutes."),
    "truncated": N_("The answer of %(host)s was cut off. Try again."),
    "large": N_("The answer of %(host)s is too large. Choose a later date."),
    "not-understood": N_(
        "%(host)s answered with something other than a list. Try again; if it keeps "
        "happening, tell your administrator."
    ),
    "certificate": N_("%(host)s has no valid certificate. Tell your administrator."),
    "off": N_("Your administrator has switched off imports from there."),
}
UNREACHABLE = N_(
    "%(host)s cannot be reached. Try again in a few minutes, or tell your administrator."
)


def error_message(fault: Mapping[str, Any], host: str) -> str:
    """Return the message for a fetch error, including what to do."""
    return _(ERROR_MESSAGES.get(fault["reason"], UNREACHABLE), host=host, status=fault["status"])
