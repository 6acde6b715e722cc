"""Run callables concurrently, each in its own application context."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

from roadmap.auth.actions import LastAdministrator
from roadmap.core.database import db
from roadmap.invitations.actions import InvitationInvalid


def run_concurrently(
    app: Flask, work: Callable[[Session, Any], object], arguments: Sequence[Any]
) -> list[object]:
    """Call `work(session, argument)` in one thread per argument; return results or exceptions."""
    barrier = threading.Barrier(len(arguments))
    results: list[object] = []

    def run(argument: Any) -> None:
        with app.app_context():
            barrier.wait(60)
            result: object
            try:
                result = work(db.session, argument)
                db.session.commit()
            except (InvitationInvalid, LastAdministrator) as error:
                db.session.rollback()
                result = error
            results.append(result)

    threads = [threading.Thread(target=run, args=(argument,)) for argument in arguments]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(results) == len(arguments)
    return results
