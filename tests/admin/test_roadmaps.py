"""/admin/roadmaps: the roadmaps, their enrollments, and the result of the last load."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from roadmap.core.clock import utc_now
from roadmap.people.models import User
from tests.support.catalog import SHIPPED_FILE
from tests.support.markup import text_of
from tests.support.sample_data import SLUG


@pytest.fixture
def sync(app):
    return lambda *files: app.test_cli_runner().invoke(args=["catalog", "sync", *map(str, files)])


@pytest.mark.usefixtures("snapshot")
def test_page_lists_roadmaps_with_the_number_of_people(session, cast, erin):
    page = erin.get("/admin/roadmaps")
    assert f'href="/roadmaps/{SLUG}"' in page.text
    row = text_of(page.text).partition(SLUG)[2]
    assert row.startswith(" revision 1 since")
    assert "comes with Cairn 2 people" in row
    assert 'href="/admin/roadmaps" aria-current="page"' in page.text
    # A deactivated user does not count.
    session.execute(sa.update(User).where(User.id == cast.carol).values(deactivated_at=utc_now()))
    session.commit()
    assert "comes with Cairn 1 person" in text_of(erin.get("/admin/roadmaps").text)


def test_changed_copy_of_a_shipped_roadmap_is_marked_as_own_file(
    app, session, cast, erin, sync, tmp_path
):
    text = SHIPPED_FILE.read_text("utf-8")
    own = tmp_path / "own.yaml"
    own.write_text(re.sub("(?m)^title: .*$", "title: Ours", text, count=1), "utf-8")
    try:
        for arguments in (["--dry-run", own], [own]):
            assert "the next start of the server brings the shipped text back" in (
                sync(*arguments).stderr
            )
        row = text_of(erin.get("/admin/roadmaps").text).partition(SLUG)[2]
        assert "from your own file" in row.partition("people")[0]
        assert "restores it when the server next starts" in row
    finally:
        answer = sync()
    assert answer.stderr == ""
    page = text_of(erin.get("/admin/roadmaps").text)
    assert "restores it when the server next starts" not in page


def test_page_shows_the_result_of_the_last_load(erin, sync, tmp_path):
    assert "Roadmap files were" not in erin.get("/admin/roadmaps").text
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("slug: [\n", "utf-8")
    assert sync("--dry-run", wrong).exit_code == 1
    assert "Roadmap files were" not in erin.get("/admin/roadmaps").text
    assert sync(wrong).exit_code == 1
    assert "Roadmap files were not loaded: wrong.yaml:" in text_of(erin.get("/admin/roadmaps").text)
    wrong.write_text("slug: Not a slug\ntitle: x.\n", "utf-8")
    assert sync(wrong).exit_code == 1
    for page in ("/admin/roadmaps", "/admin/audit"):
        text = erin.get(page).text
        assert "<br>" in text.partition("were not loaded: wrong.yaml:1")[2]
        assert str(tmp_path) not in text
    assert sync().exit_code == 0
    page = text_of(erin.get("/admin/roadmaps").text)
    assert "Roadmap files were read, and nothing changed: ml-engineering-manager," in page
