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
    """Issue a badge for a design document that Bob verified for two milestones."""
    add_keys(session, now)
    piece = add_verified(session, cast, now, milestones=[DESIGN, LEVELS])
    return issue(session, cast, piece.id, now)


def edit(session, cast, badge, now, **changes) -> None:
    piece = session.get_one(evidence_actions.Evidence, next(iter(badge.evidence_ids)))
    milestones = changes.pop("milestones", piece.milestone_keys)
    values: EvidenceInput = evidence_input(**changes)
    evidence_actions.edit(
        session, piece, values, milestones=milestones, skills=[], revision=piece.revision,
        by=cast.actor(session, cast.alice), now=now,
    )  # fmt: skip
    session.commit()


def test_badge_states_verified_milestones_and_verifier(badge, session):
    document = json.loads(badge.document)
    assert document["name"] == "Feature store design"
    narrative = document["credentialSubject"]["achievement"]["criteria"]["narrative"]
    assert narrative.startswith("The criteria are addressed to the person to whom the badge is")
    assert narrative.count("Done when:") == 2
    [endorsement] = document["endorsement"]
    comment = endorsement["credentialSubject"]["endorsementComment"]
    assert comment.startswith(
        "Bob, then a manager of Alice, confirmed every milestone of this badge on "
    )
    assert ", from the evidence “Feature store design”. The basis was not recorded." in comment
    assert "Bob did not sign it in person." in comment
    assert document["evidence"][0]["id"] == "https://example.org/feature-store"
    for unverified in ("alice@example.org", "Author", "How features reach", "Read twice."):
        assert unverified not in badge.document


def test_token_in_a_title_is_left_out_of_badge_and_portfolio(cast, session, now):
    # The review keeps the title as it was verified, with the token.
    add_keys(session, now)
    piece = add_verified(session, cast, now, title="Deck https://x.example/a?token=abc123")
    mine = lock_portfolio(session, cast.alice, by=cast.actor(session, cast.alice), now=now)
    add_all_items(session, mine, now.date(), now=now)
    badge = issue(session, cast, piece.id, now)
    assert "abc123" not in badge.document
    assert json.loads(badge.document)["name"] == "Deck https://x.example/a"
    [item] = load_document(session, cast.alice, now.date()).items
    assert (item.title, item.verified_title) == ("Deck https://x.example/a", None)


def test_unverified_milestones_are_left_out_of_the_badge(cast, session, now):
    add_keys(session, now)
    piece = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN, LEVELS])
    submit_evidence(session, cast, piece, now)
    review_evidence(session, cast, piece, now, milestones=[DESIGN])
    badge = issue(session, cast, piece.id, now)
    assert badge.claims == {str(piece.id): [DESIGN]}
    assert badge.document.count("Done when:") == 1


@pytest.mark.parametrize("case", ["draft", "team", "expired", "other user", "invalid id"])
def test_badge_requires_own_verified_current_portfolio_evidence(case, cast, session, now):
    if case == "draft":
        piece = add_evidence(session, cast, cast.alice, now)
    elif case == "other user":
        piece = add_evidence(session, cast, cast.carol, now)
        submit_evidence(session, cast, piece, now)
        review_evidence(session, cast, piece, now)
    else:
        expiry = {"expires_on": PartialDate("2026-04-01")} if case == "expired" else {}
        visibility = "team" if case == "team" else "portfolio"
        piece = add_verified(session, cast, now, visibility=visibility, **expiry)
    with pytest.raises(actions.NotVerified):
        issue(session, cast, "x" if case == "invalid id" else piece.id, now)
    session.rollback()
    assert session.scalars(sa.select(SigningKey.id)).all() == []


def test_evidence_has_one_badge_until_revoked(badge, cast, session, now):
    subject = badge.subject
    assert issue(session, cast, subject.upper(), now).id == badge.id
    by = cast.actor(session, cast.alice)
    assert actions.revoke_badge(session, badge, by=by, now=now)
    assert not actions.revoke_badge(session, badge, by=by, now=now)
    session.commit()
    again = issue(session, cast, subject, now)
    assert (again.id, again.revoked_at) != (badge.id, None)
    assert again.position != badge.position


def test_badge_stays_valid_when_its_evidence_is_edited(badge, cast, session, now):
    edit(session, cast, badge, now, title="Another title", description="Other words.")
    assert badge.revoked_at is None
    assert verify(session, badge.document, now=now).verdict == "valid"


@pytest.mark.parametrize(
    "change", ["private", "team", "unlinked", "deleted", "returned", "withdrawn"]
)
def test_badge_is_revoked_when_its_evidence_no_longer_qualifies(change, badge, cast, session, now):
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
    notices = sa.select(Notification.data).where(Notification.kind == "badge_revoked")
    assert session.scalars(notices).all() == [{"title": badge.name}]
    assert verify(session, badge.jwt, now=now).verdict == "revoked"
    done = session.scalars(
        sa.select(HistoryEntry.action).where(HistoryEntry.action.startswith("badge."))
    )
    assert sorted(done) == ["badge.issued", "badge.revoked"]


def test_badge_is_revoked_with_its_review_despite_an_earlier_review(badge, cast, session, now):
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


def test_certification_badge_expires_with_the_certification(cast, session, now):
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


def request_deletion(session, user_id, now) -> None:
    deletion.request_deletion(session, user_id, by=user_id, now=now)
    session.commit()


def erase(session, now, folder) -> None:
    (folder / ledger.FILE_NAME).unlink(missing_ok=True)
    assert erasure.erase_due(now=now + deletion.GRACE) == 1
    (folder / ledger.FILE_NAME).unlink()
    session.rollback()
    session.expunge_all()


def test_badge_is_hidden_and_revoked_with_the_account(badge, cast, session, now, browser_of, app):
    """A deactivated user keeps badges; deletion hides them at once and revokes them at erasure."""
    document, public = badge.document, f"/credentials/{badge.id}"
    visitor = browser_of()
    files = [f"{public}/{name}" for name in ("badge.json", "badge.jwt", "qr.svg")]

    def statuses_of_public_pages() -> set[int]:
        return {visitor.get(path).status_code for path in (public, *files)}

    def read() -> str:
        return visitor.post("/credentials/verify", {"badge": document}).text

    session.get_one(User, cast.alice).deactivated_at = now
    session.commit()
    assert statuses_of_public_pages() == {200}
    session.get_one(User, cast.alice).deactivated_at = None
    request_deletion(session, cast.alice, now)
    assert statuses_of_public_pages() == {404}
    unknown = visitor.get(f"/credentials/{uuid.uuid4()}")
    assert visitor.get(public).get_data() == unknown.get_data()
    assert "Unchanged, but its owner asked to be deleted" in read()
    assert deletion.cancel_deletion(session, cast.alice, by=cast.alice, now=now)
    session.commit()
    assert statuses_of_public_pages() == {200}
    assert "unchanged since, and not revoked" in read()
    request_deletion(session, cast.alice, now)
    erase(session, now, app.config["DATA_DIR"])
    assert session.scalars(sa.select(Badge.id)).all() == []
    # The position in the status list is never reused.
    [revoked_at] = session.scalars(sa.select(BadgeStatus.revoked_at)).all()
    assert revoked_at == now + deletion.GRACE
    assert "Revoked on" in (page := read())
    assert "account was deleted since" in page
    assert "Feature store design" not in page.split("<form")[0]


def test_badge_is_revoked_with_the_account_of_its_verifier(
    badge, cast, session, now, browser_of, app
):
    subject, document = badge.subject, badge.document
    actions.revoke_badge(session, badge, by=cast.actor(session, cast.alice), now=now)
    issue(session, cast, subject, now)
    request_deletion(session, cast.bob, now)
    erase(session, now, app.config["DATA_DIR"])
    badges = session.scalars(sa.select(Badge).order_by(Badge.issued_at, Badge.id)).all()
    assert {each.document + each.jwt for each in badges} == {""}
    assert {each.revoked_for for each in badges} == {"owner", "evidence"}
    assert verify(session, document, now=now).verdict == "revoked"
    alice = browser_of(cast.alice)
    assert "was revoked; your badges page says why" in alice.get("/notifications").text
    assert "named a manager whose account was deleted" in alice.get("/badges").text
    assert f"/badges/new?for={subject}" in alice.get("/badges").text
    again = issue(session, cast, subject, now)
    assert "a former manager" in again.document
    assert "Bob" not in again.document


def test_rotated_keys_still_verify_and_cannot_sign(badge, cast, session, now, app):
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


def test_changed_secret_key_creates_new_keys_and_keeps_public_keys(
    badge, cast, session, now, app, monkeypatch
):
    monkeypatch.setitem(app.config, "SECRET_KEY", "another secret, from after a restore")
    with pytest.raises(keys.NoSigningKeys):
        keys.load_keys(session)
    assert verify(session, badge.document, now=now).verdict == "valid"
    other = issue(session, cast, add_verified(session, cast, now, title="Other").id, now)
    assert verify(session, other.document, now=now).verdict == "valid"


def test_status_list_reports_undecryptable_keys(badge, session, browser_of):
    # As after a restore with another secret key.
    for key in session.scalars(sa.select(SigningKey)):
        key.private = b"encrypted by another key"
    session.commit()
    answer = browser_of().get("/credentials/status/0")
    assert answer.status_code == 503
    assert answer.mimetype == "application/problem+json"
    assert "badges rotate-keys" in answer.json["detail"]


def test_restore_warns_when_keys_were_encrypted_with_another_secret(
    badge, app, now, tmp_path, monkeypatch
):
    file = tmp_path / "cairn.zip"
    backup.create(file, now=now)
    restore = ["backup", "restore", str(file), "--yes", "--trust"]
    same = app.test_cli_runner().invoke(args=restore)
    monkeypatch.setitem(app.config, "SECRET_KEY", "another secret of the tests, long enough")
    other = app.test_cli_runner().invoke(args=restore)
    assert same.exit_code == other.exit_code == 0, same.output + other.output
    assert "badges rotate-keys" in other.stdout
    assert "rotate-keys" not in same.stdout


def test_private_keys_are_encrypted_in_the_database(badge, session):
    for key in session.scalars(sa.select(SigningKey)):
        assert b"PRIVATE" not in key.private
        assert "d" not in key.public_jwk


def test_number_of_badges_per_user_is_limited(badge, cast, session, now, browser_of, monkeypatch):
    monkeypatch.setattr(actions, "MAX_BADGES", 1)
    other = add_verified(session, cast, now, title="Other")
    refused = browser_of(cast.alice).post("/badges", {"for": str(other.id)})
    assert refused.status_code == 409
    assert "the maximum" in refused.text


def test_badge_urls_use_the_configured_base_url(badge):
    assert badge.document.count(f"{BASE}/credentials/{badge.id}") > 3
