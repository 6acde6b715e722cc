"""Of two concurrent edits of the same revision, one wins."""

from __future__ import annotations

import threading

from flask import Flask

from tests.api.conftest import PIECE
from tests.support.api_client import ApiClient
from tests.support.cast import Cast

ROUNDS = 5


def test_one_of_two_changes_at_once_wins(app: Flask, cast: Cast) -> None:
    alice = ApiClient.of(app, cast.alice)
    piece = alice.post(
        "/me/evidence",
        PIECE,
    ).get_json()
    path = f"/me/evidence/{piece['id']}"
    for number in range(ROUNDS):
        read = {"If-Match": alice.get(path).headers["ETag"]}
        titles = [f"{name} {number}" for name in ("One", "Other")]
        answers = changed_at_once(app, alice.token, path, titles, read)
        assert sorted(answers.values()) == [200, 412]
        (winner,) = (title for title, status in answers.items() if status == 200)
        assert alice.get(path).get_json()["title"] == winner


def changed_at_once(
    app: Flask, token: str | None, path: str, titles: list[str], read: dict[str, str]
) -> dict[str, int]:
    """Return the status of each response, by the requested title."""
    answers: dict[str, int] = {}
    beginning = threading.Barrier(len(titles))

    def change(title: str) -> None:
        beginning.wait(20)
        answers[title] = (
            ApiClient(app, token).patch(path, {"title": title}, headers=read).status_code
        )

    threads = [threading.Thread(target=change, args=(title,)) for title in titles]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers
