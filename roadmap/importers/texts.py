"""What is said of an import that was not fetched, or only in part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from roadmap.core.i18n import gettext as _


def fault_text(fault: Mapping[str, Any], host: str) -> str:
    """Say why a page was not fetched, and what to do."""
    status = fault.get("status") or 0
    texts = {
        "limit": _("%(host)s allows no more requests for now (%(status)s).",
                   host=host, status=status),
        "needs-token": _(
            "%(host)s wants a sign-in (401). Ask your administrator to set a token for it.",
            host=host,
        ),
        "bad-token": _(
            "%(host)s refuses this installation's token (401): it has expired or was revoked. Tell "
            "your administrator.",
            host=host,
        ),
        "forbidden": _(
            "%(host)s forbids it (403): its token may lack the right to read, or this server is "
            "blocked. Tell your administrator.",
            host=host,
        ),
        "gone": _(
            "There is nothing at the address of %(host)s (404). Tell your administrator: the "
            "setting of the address may be wrong.",
            host=host,
        ),
        "unknown-login": _(
            "%(host)s knows nobody of this name, or hides them (%(status)s). Check how it is "
            "written.",
            host=host, status=status,
        ),
        "status": _("%(host)s answered with an error (%(status)s). Try again in a few minutes.",
                    host=host, status=status),
        "moved": _(
            "%(host)s has moved (%(status)s). Tell your administrator, who sets its address.",
            host=host, status=status,
        ),
        "slow": _("%(host)s did not answer in time. Try again in a few minutes.", host=host),
        "truncated": _("The answer of %(host)s was cut off. Try again.", host=host),
        "large": _("The answer of %(host)s is too large. Choose a later date.", host=host),
        "not-understood": _(
            "%(host)s answered with something other than a list. Try again; if it stays so, tell "
            "your administrator.",
            host=host,
        ),
        "certificate": _("%(host)s has no valid certificate. Tell your administrator.", host=host),
        "off": _("Your administrator has switched imports from there off."),
    }  # fmt: skip
    unreachable = _(
        "%(host)s cannot be reached. Try again in a few minutes, or tell your administrator.",
        host=host,
    )
    return texts.get(str(fault["reason"]), unreachable)
