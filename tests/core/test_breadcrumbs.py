"""Breadcrumbs lead back to a list and keep its filters, without scripts."""

from __future__ import annotations

import pytest

from tests.evidence.builders import add_evidence


@pytest.mark.parametrize(
    ("referrer", "target"),
    [
        ("http://localhost/evidence?kind=talk&sort=title", "/evidence?kind=talk&amp;sort=title"),
        ("http://localhost/evidence", "/evidence"),
        ("http://localhost/skills?kind=talk", "/evidence"),
        ("http://elsewhere.example/evidence?kind=talk", "/evidence"),
        ("", "/evidence"),
    ],
    ids=["filtered list", "whole list", "other page", "other site", "no referrer"],
)
def test_evidence_breadcrumb_keeps_the_filters_of_the_list(
    session, cast, now, browser_of, referrer, target
):
    evidence = add_evidence(session, cast, cast.alice, now)
    headers = {"Referer": referrer}
    page = browser_of(cast.alice).client.get(f"/evidence/{evidence.id}", headers=headers).text
    assert f'<p class="crumb"><a href="{target}">Evidence</a></p>' in page


@pytest.mark.parametrize(
    ("path", "crumb"),
    [("/admin/people/{}", "/admin/people"), ("/teams/ranking/people/{}", "/teams/ranking")],
    ids=["administration", "team"],
)
def test_breadcrumbs_of_people_keep_the_search(cast, browser_of, path, crumb):
    browser = browser_of(cast.erin if "admin" in path else cast.bob)
    headers = {"Referer": f"http://localhost{crumb}?q=a"}
    page = browser.client.get(path.format(cast.alice), headers=headers).text
    assert f'<a href="{crumb}?q=a">' in page


def test_breadcrumb_keeps_filters_across_pages_of_one_evidence(session, cast, now, browser_of):
    evidence = add_evidence(session, cast, cast.alice, now)
    client, here = browser_of(cast.alice).client, "http://localhost"

    def crumb(path, referrer):
        page = client.get(path, headers={"Referer": f"{here}{referrer}"} if referrer else {}).text
        return page.split('<p class="crumb">')[1].split('href="')[1].split('"')[0]

    shown, edited = f"/evidence/{evidence.id}", f"/evidence/{evidence.id}/edit"
    assert crumb(shown, "/evidence?kind=talk") == "/evidence?kind=talk"
    assert crumb(edited, shown) == "/evidence?kind=talk"
    assert crumb(f"{shown}/delete", shown) == shown
    assert crumb(shown, f"{shown}/delete") == "/evidence?kind=talk"
    # Filters are forgotten on arrival from the unfiltered list or another page.
    for elsewhere in ("/evidence", "/skills", ""):
        assert crumb(shown, "/evidence?kind=talk") == "/evidence?kind=talk"
        assert crumb(shown, elsewhere) == "/evidence"
        assert crumb(edited, shown) == "/evidence"
    # A filter too long for the cookie works for one page only.
    long = f"/evidence?q={'x' * 600}"
    assert crumb(shown, long) == long
    assert crumb(edited, shown) == "/evidence"
