"""GET /roadmaps/<slug>/about, and its content on a roadmap's page before enrolling."""

from __future__ import annotations

import re

import pytest

from roadmap.catalog import files
from roadmap.catalog.content import Content
from roadmap.catalog.queries import role_fit

SLUG = "senior-ml-engineer"
PAGE = f"/roadmaps/{SLUG}"
FITS = sorted((files.CONTENT / "role_fit").glob("*.yaml"))


def text_of(page: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", page).split())


def test_it_says_whom_the_role_suits_before_one_begins(browser_of, cast):
    page = browser_of(cast.carol).get(PAGE).text
    fit = role_fit(SLUG)
    said = text_of(page)
    for line in (*fit.suits, *fit.does_not_suit, *fit.day.morning, *fit.day.afternoon):
        assert line in said.replace("&#39;", "'")
    assert len(fit.responsibilities) == 7
    assert "Between 40 and 50% of the time" in said
    assert "Taylor Rupe, Hakia, 2025" in said
    assert "150,000 to 280,000 USD" in said


def test_pay_cites_the_copy_that_was_read_as_the_market_does(browser_of, cast):
    carol = browser_of(cast.carol)
    for path in (PAGE, "/career/direction"):
        said = text_of(carol.get(path).text)
        assert "Hakia, 2025 (secondary copy)" in said
        assert "Levels.fyi, 2025" not in said
    line = "career guide, figures of Levels.fyi, Hakia, 2025 (secondary copy)"
    assert text_of(carol.get("/sources").text).count(line) == 2


def test_the_way_to_begin_comes_first(browser_of, cast):
    """On a phone the page stands in the order of its source."""
    page = browser_of(cast.carol).get(PAGE).text
    assert page.index("Start this roadmap") < page.index(role_fit(SLUG).suits[0])


def test_a_refused_form_shows_it_as_well(browser_of, cast):
    answer = browser_of(cast.carol).post(f"{PAGE}/enrollment", {"hours_per_week": "no number"})
    assert answer.status_code == 422
    assert role_fit(SLUG).suits[0] in answer.text


def test_it_is_reached_after_one_has_begun(browser_of, cast):
    alice = browser_of(cast.alice)
    alice.post(f"{PAGE}/enrollment", {})
    assert f'href="{PAGE}/about"' in alice.get(PAGE).text
    page = alice.get(f"{PAGE}/about")
    assert page.status_code == 200
    assert role_fit(SLUG).suits[0] in page.text


def test_its_milestones_lead_to_rows_of_the_roadmap(browser_of, cast):
    carol = browser_of(cast.carol)
    named = set(re.findall(rf'href="{PAGE}#(m\d+)"', carol.get(PAGE).text))
    assert len(named) > 10
    for _ in ("before one begins", "afterwards"):
        ids = set(re.findall(r'id="?(m\d+)', carol.get(PAGE).text))
        assert named <= ids
        carol.post(f"{PAGE}/enrollment", {})


def test_pay_and_demand_lead_to_their_figures(browser_of, cast):
    carol = browser_of(cast.carol)
    page = carol.get(PAGE).text
    pages = {fact.see for fact in role_fit(SLUG).facts if fact.see}
    assert pages == {"/market"}
    for see in pages:
        assert f'href="{see}"' in page
        assert carol.get(see).status_code == 200


def test_a_roadmap_without_it_shows_nothing_of_it(browser_of, cast, other_roadmap):
    alice, path = browser_of(cast.alice), f"/roadmaps/{other_roadmap}"
    assert "It suits you if" not in alice.get(path).text
    assert alice.get(f"{path}/about").status_code == 404
    alice.post(f"{path}/enrollment", {})
    assert f"{path}/about" not in alice.get(path).text


def test_an_unknown_roadmap_is_not_there(browser_of, cast):
    assert browser_of(cast.alice).get("/roadmaps/no-such-one/about").status_code == 404


@pytest.mark.parametrize("path", FITS, ids=lambda path: path.stem)
def test_the_shipped_files_name_what_is_there(path):
    fit = role_fit(path.stem)
    content = Content.model_validate(files.read(files.CONTENT / path.name))
    assert fit.slug == content.slug == path.stem
    assert len(fit.responsibilities) == 7
    assert [key for key in fit.milestone_keys if key not in content.by_key] == []


def test_a_source_that_is_not_listed_is_refused(tmp_path):
    from roadmap.catalog.role_fit import RoleFit

    broken = tmp_path / "broken.yaml"
    shipped = files.CONTENT / "role_fit" / f"{SLUG}.yaml"
    text = shipped.read_text("utf-8").replace("source: guide-pay", "source: nowhere", 1)
    broken.write_text(text, "utf-8")
    with pytest.raises(files.ContentError, match=r"source: 'nowhere' is not one"):
        files.read_as(broken, RoleFit)


def test_a_file_without_facts_of_others_needs_no_sources():
    from roadmap.catalog.role_fit import RoleFit

    document = role_fit(SLUG).model_dump(mode="json")
    for part in (document, document["day"], document["changes"]):
        part.pop("source")
    del document["sources"]
    assert RoleFit.model_validate({**document, "facts": []}).sources == ()
