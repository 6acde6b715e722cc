"""Of two concurrent edits of the same revision, one wins."""

from __future__ import annotations

import threading

from flask import Flask

from tests.api.conftest import PIECE
from tests.support.api_client import ApiClient
from tests.support.cast import Cast

ROUNDS = 5


def test_one_of_two_concurrent_edits_wins(app: Flask, cast: Cast) -> None:
    alice = ApiClient.of(app, cast.alice)
    piece = alice.post("/me/evidence", PIECE).get_json()
    path = f"/me/evidence/{piece['id']}"
    for number in range(ROUNDS):
        headers = {"If-Match": alice.get(path).headers["ETag"]}
        titles = [f"{name} {number}" for name in ("One", "Other")]
        statuses = edit_concurrently(app, alice.token, path, titles, headers)
        assert sorted(statuses.values()) == [200, 412]
        (winner,) = (title for title, status in statuses.items() if status == 200)
        assert alice.get(path).get_json()["title"] == winner


def edit_concurrently(
    app: Flask, token: str | None, path: str, titles: list[str], headers: dict[str, str]
) -> dict[str, int]:
    """Return the status of each response, by the requested title."""
    statuses: dict[str, int] = {}
    barrier = threading.Barrier(len(titles))

    def edit(title: str) -> None:
        barrier.wait(20)
        statuses[title] = (
            ApiClient(app, token).patch(path, {"title": title}, headers=headers).status_code
        )

    threads = [threading.Thread(target=edit, args=(title,)) for title in titles]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return statuses
