"""Run callables concurrently."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from flask import Flask
from sqlalchemy.orm import Session

from roadmap.auth.actions import LastAdministrator
from roadmap.core.database import db
from roadmap.invitations.actions import InvitationInvalid

Argument = TypeVar("Argument")
Result = TypeVar("Result")


def call_concurrently(
    work: Callable[[Argument], Result], arguments: Sequence[Argument]
) -> list[Result]:
    """Call `work(argument)` in one thread per argument; return the results as they arrive."""
    start = threading.Barrier(len(arguments))
    results: list[Result] = []

    def run(argument: Argument) -> None:
        start.wait(60)
        results.append(work(argument))

    threads = [threading.Thread(target=run, args=(argument,)) for argument in arguments]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(results) == len(arguments)
    return results


def run_concurrently(
    app: Flask, work: Callable[[Session, Any], object], arguments: Sequence[Any]
) -> list[object]:
    """Call `work(session, argument)` in one thread per argument; return results or exceptions."""

    def run(argument: Any) -> object:
        with app.app_context():
            try:
                answer = work(db.session, argument)
                db.session.commit()
            except (InvitationInvalid, LastAdministrator) as error:
                db.session.rollback()
                return error
            return answer

    return call_concurrently(run, arguments)
