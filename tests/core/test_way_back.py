"""Links back to a list keep its filters without scripts."""

from __future__ import annotations

import pytest

from tests.evidence.builders import add_evidence


@pytest.mark.parametrize(
    ("came_from", "leads_to"),
    [
        ("http://localhost/evidence?kind=talk&sort=title", "/evidence?kind=talk&amp;sort=title"),
        ("http://localhost/evidence", "/evidence"),
        ("http://localhost/skills?kind=talk", "/evidence"),
        ("http://elsewhere.example/evidence?kind=talk", "/evidence"),
        ("", "/evidence"),
    ],
)
def test_it_keeps_what_the_list_was_narrowed_to(
    session, cast, now, browser_of, came_from, leads_to
):
    piece = add_evidence(session, cast, cast.alice, now)
    headers = {"Referer": came_from}
    page = browser_of(cast.alice).client.get(f"/evidence/{piece.id}", headers=headers).text
    assert f'<p class="crumb"><a href="{leads_to}">Evidence</a></p>' in page


@pytest.mark.parametrize(
    ("path", "crumb"),
    [("/admin/people/{}", "/admin/people"), ("/teams/ranking/people/{}", "/teams/ranking")],
)
def test_pages_below_other_lists_do_so_too(cast, browser_of, path, crumb):
    browser = browser_of(cast.erin if "admin" in path else cast.bob)
    headers = {"Referer": f"http://localhost{crumb}?q=a"}
    page = browser.client.get(path.format(cast.alice), headers=headers).text
    assert f'<a href="{crumb}?q=a">' in page


def test_it_keeps_them_from_one_page_below_the_list_to_the_next(session, cast, now, browser_of):
    piece = add_evidence(session, cast, cast.alice, now)
    client, here = browser_of(cast.alice).client, "http://localhost"

    def crumb(path, came_from):
        page = client.get(path, headers={"Referer": f"{here}{came_from}"} if came_from else {}).text
        return page.split('<p class="crumb">')[1].split('href="')[1].split('"')[0]

    shown, edited = f"/evidence/{piece.id}", f"/evidence/{piece.id}/edit"
    assert crumb(shown, "/evidence?kind=talk") == "/evidence?kind=talk"
    assert crumb(edited, shown) == "/evidence?kind=talk"
    assert crumb(f"{shown}/delete", shown) == shown
    assert crumb(shown, f"{shown}/delete") == "/evidence?kind=talk"
    # The whole list, from it or from elsewhere, and from then on.
    for elsewhere in ("/evidence", "/skills", ""):
        assert crumb(shown, "/evidence?kind=talk") == "/evidence?kind=talk"
        assert crumb(shown, elsewhere) == "/evidence"
        assert crumb(edited, shown) == "/evidence"
    # A cookie holds no more than this.
    long = f"/evidence?q={'x' * 600}"
    assert crumb(shown, long) == long
    assert crumb(edited, shown) == "/evidence"
