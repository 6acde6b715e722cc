"""GET /roadmaps/<slug>/about, and its content on a roadmap's page before enrolling."""

from __future__ import annotations

import re

import pytest

from roadmap.catalog import files
from roadmap.catalog.content import Content
from roadmap.catalog.queries import role_fit
from roadmap.catalog.role_fit import RoleFit

SLUG = "senior-ml-engineer"
PAGE = f"/roadmaps/{SLUG}"
FITS = sorted((files.CONTENT / "role_fit").glob("*.yaml"))


def text_of(page: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", page).split())


def test_role_fit_is_shown_before_enrolling(browser_of, cast):
    page = browser_of(cast.carol).get(PAGE).text
    fit = role_fit(SLUG)
    text = text_of(page)
    for line in (*fit.suits, *fit.does_not_suit, *fit.day.morning, *fit.day.afternoon):
        assert line in text.replace("&#39;", "'")
    assert len(fit.responsibilities) == 7
    assert "Between 40 and 50% of the time" in text
    assert "Taylor Rupe, Hakia, 2025" in text
    assert "150,000 to 280,000 USD" in text


def test_pay_cites_secondary_copy_on_all_pages(browser_of, cast):
    carol = browser_of(cast.carol)
    for path in (PAGE, "/career/direction"):
        text = text_of(carol.get(path).text)
        assert "Hakia, 2025 (secondary copy)" in text
        assert "Levels.fyi, 2025" not in text
    line = "career guide, figures of Levels.fyi, Hakia, 2025 (secondary copy)"
    assert text_of(carol.get("/sources").text).count(line) == 2


def test_start_button_precedes_role_fit(browser_of, cast):
    """On a phone, the parts of the page appear in source order."""
    page = browser_of(cast.carol).get(PAGE).text
    assert page.index("Start this roadmap") < page.index(role_fit(SLUG).suits[0])


def test_rejected_enrollment_form_shows_role_fit(browser_of, cast):
    answer = browser_of(cast.carol).post(f"{PAGE}/enrollment", {"hours_per_week": "no number"})
    assert answer.status_code == 422
    assert role_fit(SLUG).suits[0] in answer.text


def test_role_fit_is_linked_after_enrolling(browser_of, cast):
    alice = browser_of(cast.alice)
    alice.post(f"{PAGE}/enrollment", {})
    assert f'href="{PAGE}/about"' in alice.get(PAGE).text
    page = alice.get(f"{PAGE}/about")
    assert page.status_code == 200
    assert role_fit(SLUG).suits[0] in page.text


def test_role_fit_milestones_link_to_roadmap_rows(browser_of, cast):
    carol = browser_of(cast.carol)
    named = set(re.findall(rf'href="{PAGE}#(m\d+)"', carol.get(PAGE).text))
    assert len(named) > 10
    for _ in ("before enrolling", "after enrolling"):
        ids = set(re.findall(r'id="?(m\d+)', carol.get(PAGE).text))
        assert named <= ids
        carol.post(f"{PAGE}/enrollment", {})


def test_role_fit_facts_link_to_market_figures(browser_of, cast):
    carol = browser_of(cast.carol)
    page = carol.get(PAGE).text
    pages = {fact.see for fact in role_fit(SLUG).facts if fact.see}
    assert pages == {"/market"}
    for see in pages:
        assert f'href="{see}"' in page
        assert carol.get(see).status_code == 200


def test_roadmap_without_role_fit_shows_none(browser_of, cast, other_roadmap):
    alice, path = browser_of(cast.alice), f"/roadmaps/{other_roadmap}"
    assert "It suits you if" not in alice.get(path).text
    assert alice.get(f"{path}/about").status_code == 404
    alice.post(f"{path}/enrollment", {})
    assert f"{path}/about" not in alice.get(path).text


def test_role_fit_of_unknown_roadmap_is_not_found(browser_of, cast):
    assert browser_of(cast.alice).get("/roadmaps/no-such-one/about").status_code == 404


@pytest.mark.parametrize("path", FITS, ids=lambda path: path.stem)
def test_shipped_role_fit_names_existing_milestones(path):
    fit = role_fit(path.stem)
    content = Content.model_validate(files.read(files.CONTENT / path.name))
    assert fit.slug == content.slug == path.stem
    assert len(fit.responsibilities) == 7
    assert [key for key in fit.milestone_keys if key not in content.by_key] == []


def test_unlisted_source_is_rejected(tmp_path):
    broken = tmp_path / "broken.yaml"
    shipped = files.CONTENT / "role_fit" / f"{SLUG}.yaml"
    text = shipped.read_text("utf-8").replace("source: guide-pay", "source: nowhere", 1)
    broken.write_text(text, "utf-8")
    with pytest.raises(files.ContentError, match=r"source: 'nowhere' is not one"):
        files.read_as(broken, RoleFit)


def test_role_fit_without_external_facts_needs_no_sources():
    document = role_fit(SLUG).model_dump(mode="json")
    for part in (document, document["day"], document["changes"]):
        part.pop("source")
    del document["sources"]
    assert RoleFit.model_validate({**document, "facts": []}).sources == ()
