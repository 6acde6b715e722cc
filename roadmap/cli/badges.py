"""`flask badges …`: the keys that sign badges."""

from __future__ import annotations

import click

from roadmap.cli.command_groups import CommandGroup
from roadmap.core.clock import utc_now
from roadmap.core.database import db

group = CommandGroup("badges")


@group.command("rotate-keys")
def rotate_keys() -> None:
    """Create new keys for signing badges.

    The old keys are kept to verify existing badges.
    """
    from roadmap.badges import keys
    from roadmap.people.audit import record_audit

    now = utc_now()
    made = keys.rotate_keys(db.session, now)
    record_audit(db.session, "badges.keys_rotated", by=None, now=now)
    db.session.commit()
    click.echo(f"New keys: {made.ed25519_id} (Ed25519) and {made.rsa_id} (RS256)")
