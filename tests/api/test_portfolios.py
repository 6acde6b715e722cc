"""/me/portfolios and /me/profiles."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy.orm import Session

from roadmap.portfolio.selection import load_choices
from tests.portfolio import evidence_rows
from tests.support.api_client import ApiClient
from tests.support.cast import Cast


@pytest.fixture
def pieces(session: Session, cast: Cast) -> list[str]:
    made = [evidence_rows.add(session, cast.alice, title, at=at) for at, title in enumerate("abc")]
    session.commit()
    return [str(each.id) for each in made]


@pytest.fixture
def path(cast: Cast) -> str:
    """Return the path of Alice's default portfolio, which exists before it is stored."""
    return f"/me/portfolios/{cast.alice}"


def test_default_portfolio_exists_before_first_change(alice: ApiClient, path: str) -> None:
    (listed,) = alice.get("/me/portfolios").get_json()["items"]
    assert (listed["name"], listed["default"], listed["pieces"]) == ("Portfolio", True, 0)
    assert alice.get(path).get_json()["items"] == []
    assert alice.put(path, {"headline": "ML"}).get_json()["headline"] == "ML"


def test_portfolio_copy_is_created_changed_and_deleted(
    alice: ApiClient, path: str, pieces: list[str]
) -> None:
    made = alice.post("/me/portfolios", {"name": "CV", "copy_of": path.rpartition("/")[2]})
    assert made.status_code == 201
    copy = made.headers["Location"].removeprefix("/api/v1")
    redaction = {"title": "A launch", "description": "Under NDA", "shows_impacts": False}
    changed = alice.put(
        copy,
        {
            "introduction": "Hello",
            "items": [{"evidence": pieces[2], "redaction": redaction}, {"evidence": pieces[0]}],
            "sections": [{"key": "skills"}, {"key": "evidence", "shown": False}],
            "default": True,
        },
    ).get_json()
    assert changed["items"] == [
        {"evidence": pieces[2], "redaction": redaction},
        {"evidence": pieces[0], "redaction": None},
    ]
    assert changed["sections"][:2] == [
        {"key": "skills", "shown": True},
        {"key": "evidence", "shown": False},
    ]
    assert alice.delete(copy).status_code == 409, "the default portfolio cannot be deleted"
    assert len(alice.get(path).get_json()["items"]) == 3
    assert alice.get(path).get_json()["default"] is False
    assert b"Under NDA" not in alice.get("/me/portfolio?format=markdown").data, "it is hidden"
    alice.put(copy, {"sections": None})
    assert b"Under NDA" in alice.get("/me/portfolio?format=markdown").data
    named = alice.get(f"/me/portfolio?format=markdown&portfolio={path.rpartition('/')[2]}")
    assert b"Under NDA" not in named.data

    alice.put(path, {"default": True})
    assert alice.delete(copy).status_code == 204
    assert alice.get(copy).status_code == 404


def test_omitted_fields_stay_and_null_clears_them(
    alice: ApiClient, path: str, pieces: list[str]
) -> None:
    alice.put(path, {"headline": "ML", "introduction": "Hello", "left_out_skills": ["mlops"]})
    left = alice.put(path, {"introduction": None}).get_json()
    assert (left["headline"], left["introduction"], left["left_out_skills"]) == (
        "ML",
        "",
        ["mlops"],
    )
    assert len(left["items"]) == 3
    assert alice.put(path, {"items": None}).get_json()["items"] == []


def test_omitted_redaction_is_kept(
    session: Session, cast: Cast, alice: ApiClient, path: str, pieces: list[str]
) -> None:
    redacted = {"evidence": pieces[0], "redaction": {"title": "A launch"}}
    alice.put(path, {"items": [redacted]})
    alice.put(path, {"items": []})
    kept = alice.put(path, {"items": [{"evidence": pieces[0]}]}).get_json()["items"]
    assert kept[0]["redaction"]["title"] == "A launch"
    shown = alice.put(path, {"items": [{"evidence": pieces[0], "redaction": None}]}).get_json()
    assert shown["items"][0]["redaction"] is None
    assert load_choices(session, cast.alice)[uuid.UUID(pieces[0])].redaction is None


def test_stale_if_match_is_rejected(alice: ApiClient, path: str, pieces: list[str]) -> None:
    tag = alice.get(path).headers["ETag"]
    alice.put(path, {"items": []})
    stale = alice.put(path, {"headline": "Mine"}, headers={"If-Match": tag})
    assert stale.status_code == 412
    assert alice.get(path).get_json()["headline"] == ""


@pytest.mark.parametrize("problem", ["foreign", "private", "repeated"])
def test_foreign_private_or_repeated_evidence_is_rejected(
    session: Session, cast: Cast, alice: ApiClient, path: str, pieces: list[str], problem: str
) -> None:
    owner = cast.carol if problem == "foreign" else cast.alice
    visibility = "private" if problem == "private" else "portfolio"
    other = str(evidence_rows.add(session, owner, "Other", visibility=visibility).id)
    session.commit()
    sent = [pieces[0], pieces[0]] if problem == "repeated" else [pieces[0], other]
    response = alice.put(path, {"items": [{"evidence": each} for each in sent], "headline": "New"})
    assert response.status_code == 422
    (message,) = response.get_json()["errors"]["items"]
    assert problem == "repeated" or other in message
    assert alice.get(path).get_json()["headline"] == "", "nothing was changed"


def test_profiles_are_completed_and_checked(alice: ApiClient) -> None:
    saved = alice.put("/me/profiles", {"github": "@octocat", "website": "example.org"}).get_json()
    assert saved["github"] == "https://github.com/octocat"
    wrong = alice.put("/me/profiles", {"orcid": "0000-0002-1825-0098", "github": None})
    assert list(wrong.get_json()["errors"]) == ["orcid"]
    assert alice.get("/me/profiles").get_json() == saved
    assert alice.put("/me/profiles", {"github": None}).get_json()["github"] == ""
