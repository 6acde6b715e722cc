"""A badge states what was verified, is issued once, and is revoked when that no longer holds."""

from __future__ import annotations

import datetime as dt
import json
import uuid

import pytest
import sqlalchemy as sa

from roadmap.auth import deletion
from roadmap.backup import actions as backup
from roadmap.badges import actions, keys
from roadmap.badges.models import Badge, BadgeStatus, SigningKey
from roadmap.badges.verification import verify
from roadmap.core.dates import PartialDate
from roadmap.erasure import actions as erasure
from roadmap.erasure import ledger
from roadmap.evidence import actions as evidence_actions
from roadmap.evidence import review_actions
from roadmap.evidence.rules import EvidenceInput
from roadmap.notifications.models import Notification
from roadmap.people.models import HistoryEntry, User
from roadmap.portfolio.actions import add_all_items, lock_portfolio
from roadmap.portfolio.queries import load_document
from tests.badges.samples import add_verified, issue
from tests.evidence.builders import (
    DESIGN,
    LEVELS,
    add_evidence,
    evidence_input,
    review_evidence,
    submit_evidence,
)
from tests.support.signing_keys import BASE, add_keys


@pytest.fixture
def badge(cast, session, now) -> Badge:
    """Of a design document that Bob has verified for two milestones."""
    add_keys(session, now)
    piece = add_verified(session, cast, now, milestones=[DESIGN, LEVELS])
    return issue(session, cast, piece.id, now)


def edit(session, cast, badge, now, **changes) -> None:
    piece = session.get_one(evidence_actions.Evidence, next(iter(badge.evidence_ids)))
    milestones = changes.pop("milestones", piece.milestone_keys)
    said: EvidenceInput = evidence_input(**changes)
    evidence_actions.edit(
        session, piece, said, milestones=milestones, skills=[], revision=piece.revision,
        by=cast.actor(session, cast.alice), now=now,
    )  # fmt: skip
    session.commit()


def test_it_says_what_was_confirmed_and_by_whom(badge, session):
    said = json.loads(badge.document)
    assert said["name"] == "Feature store design"
    narrative = said["credentialSubject"]["achievement"]["criteria"]["narrative"]
    assert narrative.count("Done when:") == 2
    [endorsement] = said["endorsement"]
    comment = endorsement["credentialSubject"]["endorsementComment"]
    assert comment.startswith("Bob, then a manager of Alice, confirmed on ")
    assert "Bob did not sign it in person." in comment
    assert said["evidence"][0]["id"] == "https://example.org/feature-store"
    for unverified in ("alice@example.org", "Author", "How features reach", "Read twice."):
        assert unverified not in badge.document


def test_a_token_in_a_title_is_neither_in_a_badge_nor_in_a_portfolio(cast, session, now):
    """Also not as the title under which it was verified, which a review keeps as it was."""
    add_keys(session, now)
    piece = add_verified(session, cast, now, title="Deck https://x.example/a?token=abc123")
    mine = lock_portfolio(session, cast.alice, by=cast.actor(session, cast.alice), now=now)
    add_all_items(session, mine, now.date(), now=now)
    badge = issue(session, cast, piece.id, now)
    assert "abc123" not in badge.document
    assert json.loads(badge.document)["name"] == "Deck https://x.example/a"
    [item] = load_document(session, cast.alice, now.date()).items
    assert (item.title, item.verified_title) == ("Deck https://x.example/a", None)


def test_what_is_not_confirmed_is_left_out(cast, session, now):
    add_keys(session, now)
    piece = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN, LEVELS])
    submit_evidence(session, cast, piece, now)
    review_evidence(session, cast, piece, now, milestones=[DESIGN])
    badge = issue(session, cast, piece.id, now)
    assert badge.claims == {str(piece.id): [DESIGN]}
    assert badge.document.count("Done when:") == 1


@pytest.mark.parametrize("case", ["draft", "team", "lapsed", "somebody else's", "no id"])
def test_nothing_else_gets_one(case, cast, session, now):
    if case == "draft":
        piece = add_evidence(session, cast, cast.alice, now)
    elif case == "somebody else's":
        piece = add_evidence(session, cast, cast.carol, now)
        submit_evidence(session, cast, piece, now)
        review_evidence(session, cast, piece, now)
    else:
        lapsed = {"expires_on": PartialDate("2026-04-01")} if case == "lapsed" else {}
        visibility = "team" if case == "team" else "portfolio"
        piece = add_verified(session, cast, now, visibility=visibility, **lapsed)
    with pytest.raises(actions.NotVerified):
        issue(session, cast, "x" if case == "no id" else piece.id, now)
    session.rollback()
    assert session.scalars(sa.select(SigningKey.id)).all() == []


def test_a_piece_has_one_badge_until_it_is_revoked(badge, cast, session, now):
    subject = badge.subject
    assert issue(session, cast, subject.upper(), now).id == badge.id
    by = cast.actor(session, cast.alice)
    assert actions.revoke_badge(session, badge, by=by, now=now)
    assert not actions.revoke_badge(session, badge, by=by, now=now)
    session.commit()
    again = issue(session, cast, subject, now)
    assert (again.id, again.revoked_at) != (badge.id, None)
    assert again.position != badge.position


def test_a_badge_stands_while_its_piece_is_edited(badge, cast, session, now):
    edit(session, cast, badge, now, title="Another title", description="Other words.")
    assert badge.revoked_at is None
    assert verify(session, badge.document, now=now).verdict == "valid"


@pytest.mark.parametrize(
    "change", ["private", "team", "unlinked", "deleted", "returned", "taken back"]
)
def test_it_is_revoked_with_what_it_rests_on(change, badge, cast, session, now):
    piece = session.get_one(evidence_actions.Evidence, next(iter(badge.evidence_ids)))
    bob, alice = cast.actor(session, cast.bob), cast.actor(session, cast.alice)
    if change in ("private", "team"):
        edit(session, cast, badge, now, visibility=change)
    elif change == "unlinked":
        edit(session, cast, badge, now, milestones=[DESIGN])
    elif change == "deleted":
        evidence_actions.delete(session, piece, by=alice, now=now)
    elif change == "returned":
        edit(session, cast, badge, now, description="Changed.")
        assert badge.revoked_at is None
        review_evidence(session, cast, piece, now, decision="returned")
    else:
        review = session.scalars(sa.select(review_actions.Review.id)).one()
        review_actions.withdraw_review(session, piece, review, "A mistake.", by=bob, now=now)
    session.commit()
    assert badge.revoked_for == "evidence"
    told = sa.select(Notification.data).where(Notification.kind == "badge_revoked")
    assert session.scalars(told).all() == [{"title": badge.name}]
    assert verify(session, badge.jwt, now=now).verdict == "revoked"
    done = session.scalars(
        sa.select(HistoryEntry.action).where(HistoryEntry.action.startswith("badge."))
    )
    assert sorted(done) == ["badge.issued", "badge.revoked"]


def test_it_is_revoked_with_the_review_that_it_names_though_an_earlier_one_counts_again(
    badge, cast, session, now
):
    piece = session.get_one(evidence_actions.Evidence, next(iter(badge.evidence_ids)))
    later = now + dt.timedelta(hours=1)
    edit(session, cast, badge, later, url="https://example.org/wrong")
    submit_evidence(session, cast, piece, later)
    review = review_evidence(session, cast, piece, later)
    actions.revoke_badge(session, badge, by=cast.actor(session, cast.alice), now=later)
    newer = issue(session, cast, piece.id, later)
    assert json.loads(newer.document)["evidence"][0]["id"] == "https://example.org/wrong"
    bob = cast.actor(session, cast.bob)
    review_actions.withdraw_review(session, piece, review.id, "A mistake.", by=bob, now=later)
    session.commit()
    assert piece.verified_version_id is not None
    session.refresh(newer.status)
    assert (newer.revoked_for, newer.revoked_at) == ("evidence", later)


def test_a_certification_is_valid_as_long_as_it_is(cast, session, now):
    add_keys(session, now)
    last_day = now.date() + dt.timedelta(days=10)
    piece = add_verified(
        session, cast, now, kind="certification", expires_on=PartialDate(last_day.isoformat())
    )
    badge = issue(session, cast, piece.id, now)
    assert verify(session, badge.document, now=now).verdict == "valid"
    later = now + dt.timedelta(days=12)
    assert {verify(session, text, now=later).verdict for text in (badge.document, badge.jwt)} == {
        "expired"
    }


def leave(session, user_id, now) -> None:
    deletion.request_deletion(session, user_id, by=user_id, now=now)
    session.commit()


def erase(session, now, folder) -> None:
    (folder / ledger.FILE_NAME).unlink(missing_ok=True)
    assert erasure.erase_due(now=now + deletion.GRACE) == 1
    (folder / ledger.FILE_NAME).unlink()
    session.rollback()
    session.expunge_all()


def test_it_ends_with_the_account(badge, cast, session, now, browser_of, app):
    """Away and back again during the grace; then its file is read as revoked.

    A deactivated account keeps its badges, which their owner takes to the next company.
    """
    document, public = badge.document, f"/credentials/{badge.id}"
    nobody = browser_of()
    files = [f"{public}/{name}" for name in ("badge.json", "badge.jwt", "qr.svg")]

    def knock() -> set[int]:
        return {nobody.get(path).status_code for path in (public, *files)}

    def read() -> str:
        return nobody.post("/credentials/verify", {"badge": document}).text

    session.get_one(User, cast.alice).deactivated_at = now
    session.commit()
    assert knock() == {200}
    session.get_one(User, cast.alice).deactivated_at = None
    leave(session, cast.alice, now)
    assert knock() == {404}
    unknown = nobody.get(f"/credentials/{uuid.uuid4()}")
    assert nobody.get(public).get_data() == unknown.get_data()
    assert "Unchanged, but its owner asked to be deleted" in read()
    assert deletion.cancel_deletion(session, cast.alice, by=cast.alice, now=now)
    session.commit()
    assert knock() == {200}
    assert "unchanged since, and not revoked" in read()
    leave(session, cast.alice, now)
    erase(session, now, app.config["DATA_DIR"])
    assert session.scalars(sa.select(Badge.id)).all() == []
    # Its place is never given to another.
    [revoked_at] = session.scalars(sa.select(BadgeStatus.revoked_at)).all()
    assert revoked_at == now + deletion.GRACE
    assert "Revoked on" in (page := read())
    assert "account was deleted since" in page
    assert "Feature store design" not in page.split("<form")[0]


def test_it_ends_with_a_manager_whom_it_names(badge, cast, session, now, browser_of, app):
    """Its owner hears of it and gets another one; a namesake's badges stand."""
    subject, document = badge.subject, badge.document
    actions.revoke_badge(session, badge, by=cast.actor(session, cast.alice), now=now)
    issue(session, cast, subject, now)
    leave(session, cast.bob, now)
    erase(session, now, app.config["DATA_DIR"])
    badges = session.scalars(sa.select(Badge).order_by(Badge.issued_at, Badge.id)).all()
    assert {each.document + each.jwt for each in badges} == {""}
    assert {each.revoked_for for each in badges} == {"owner", "evidence"}
    assert verify(session, document, now=now).verdict == "revoked"
    alice = browser_of(cast.alice)
    assert "was revoked; the page of your badges says why" in alice.get("/notifications").text
    assert "named a manager whose account was deleted" in alice.get("/badges").text
    assert f"/badges/new?for={subject}" in alice.get("/badges").text
    again = issue(session, cast, subject, now)
    assert "a former manager" in again.document
    assert "Bob" not in again.document


def test_rotated_keys_go_on_verifying_and_cannot_sign(badge, cast, session, now, app):
    before = keys.load_keys(session)
    result = app.test_cli_runner().invoke(args=["badges", "rotate-keys"])
    assert result.exit_code == 0, result.output
    session.rollback()
    after = keys.load_keys(session)
    assert str(after.ed25519_id) in result.output
    assert {before.ed25519_id, before.rsa_id}.isdisjoint({after.ed25519_id, after.rsa_id})
    assert verify(session, badge.document, now=now).verdict == "valid"
    assert verify(session, badge.jwt, now=now).verdict == "valid"
    retired = session.scalars(sa.select(SigningKey).where(SigningKey.retired_at.is_not(None))).all()
    assert [key.private for key in retired] == [b"", b""]


def test_another_secret_key_makes_new_ones_and_keeps_the_public_ones(
    badge, cast, session, now, app, monkeypatch
):
    monkeypatch.setitem(app.config, "SECRET_KEY", "another secret, from after a restore")
    with pytest.raises(keys.NoKeys):
        keys.load_keys(session)
    assert verify(session, badge.document, now=now).verdict == "valid"
    other = issue(session, cast, add_verified(session, cast, now, title="Other").id, now)
    assert verify(session, other.document, now=now).verdict == "valid"


def test_programs_are_told_that_keys_cannot_be_read(badge, session, browser_of):
    """A backup was restored where the secret key is another one."""
    for key in session.scalars(sa.select(SigningKey)):
        key.private = b"encrypted by another key"
    session.commit()
    answer = browser_of().get("/credentials/status/0")
    assert answer.status_code == 503
    assert answer.mimetype == "application/problem+json"
    assert "badges rotate-keys" in answer.json["detail"]


def test_a_restore_says_that_keys_were_encrypted_elsewhere(badge, app, now, tmp_path, monkeypatch):
    file = tmp_path / "cairn.zip"
    backup.create(file, now=now)
    restore = ["backup", "restore", str(file), "--yes", "--trust"]
    same = app.test_cli_runner().invoke(args=restore)
    monkeypatch.setitem(app.config, "SECRET_KEY", "another secret of the tests, long enough")
    other = app.test_cli_runner().invoke(args=restore)
    assert same.exit_code == other.exit_code == 0, same.output + other.output
    assert "badges rotate-keys" in other.stdout
    assert "rotate-keys" not in same.stdout


def test_no_private_key_is_readable_in_the_database(badge, session):
    for key in session.scalars(sa.select(SigningKey)):
        assert b"PRIVATE" not in key.private
        assert "d" not in key.public_jwk


def test_a_person_has_a_maximum(badge, cast, session, now, browser_of, monkeypatch):
    monkeypatch.setattr(actions, "MAX_BADGES", 1)
    other = add_verified(session, cast, now, title="Other")
    refused = browser_of(cast.alice).post("/badges", {"for": str(other.id)})
    assert refused.status_code == 409
    assert "the maximum" in refused.text


def test_the_addresses_are_those_of_the_installation(badge):
    assert badge.document.count(f"{BASE}/credentials/{badge.id}") > 3
