"""`flask catalog …`: all files or none, with a line number for each error."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from roadmap.catalog import files
from roadmap.catalog.actions import RevisionChange
from roadmap.catalog.models import Roadmap, RoadmapRevision
from roadmap.catalog.queries import published_roadmap
from roadmap.cli.catalog import format_change
from roadmap.core.database import db
from roadmap.people.models import AuditEntry
from roadmap.progress import actions as progress
from roadmap.progress.models import Enrollment
from tests.support.catalog import SHIPPED_FILE, restore_shipped
from tests.support.sample_data import SLUG

SHARED = "Lead eight technical design reviews and publish the decisions"


@pytest.fixture
def run(app):
    return lambda *arguments: app.test_cli_runner().invoke(args=["catalog", *arguments])


@pytest.fixture
def copy(tmp_path):
    """Return `copy(("old", "new"), …)`, which writes a changed copy of the shipped roadmap."""

    def write(*changes: tuple[str, str], name: str = "roadmap.yaml"):
        text = SHIPPED_FILE.read_text("utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return path

    return write


@pytest.fixture
def _restore_shipped(app):
    """Undo what the test published."""
    yield
    with app.app_context():
        restore_shipped(db.session)


def count_revisions(app) -> int:
    with app.app_context():
        roadmap_id = sa.select(Roadmap.id).where(Roadmap.slug == SLUG).scalar_subquery()
        query = sa.select(sa.func.count()).where(RoadmapRevision.roadmap_id == roadmap_id)
        return db.session.scalar(query)


def test_change_counts_one_milestone():
    assert format_change(RevisionChange("x", 1, 1, is_new=True)) == ["x: new, 1 milestone"]
    assert format_change(RevisionChange("x", 2, 1))[0] == "x: revision 2, 1 milestone"


def test_sync_leaves_the_shipped_roadmap_unchanged(app, run):
    result = run("sync")
    assert result.exit_code == 0
    assert "senior-ml-engineer: unchanged, revision 1" in result.stdout


@pytest.mark.usefixtures("_restore_shipped")
def test_sync_publishes_a_changed_roadmap_once(app, run, copy):
    path = copy(("\ntitle: ", "\ntitle: More than a "))
    result = run("sync", "--dry-run", str(path))
    assert "revision 2" in result.stdout
    assert "nothing was changed" in result.stdout
    assert count_revisions(app) == 1
    assert "revision 2" in run("sync", str(path)).stdout
    assert count_revisions(app) == 2
    assert "unchanged, revision 2" in run("sync", str(path)).stdout
    with app.app_context():
        noted = sa.select(AuditEntry).where(AuditEntry.action == "roadmap.published")
        entry = db.session.scalars(noted).one()
        assert (entry.target, entry.data["revision"]) == ("senior-ml-engineer", 2)
        db.session.execute(sa.delete(AuditEntry))
        db.session.commit()


@pytest.mark.usefixtures("_restore_shipped")
def test_roadmap_without_people_is_withdrawn_and_can_be_loaded_again(
    app, run, copy, cast, session, now, browser_of
):
    path = copy(("slug: senior-ml-engineer", "slug: our-own"), ("\ntitle: ", "\ntitle: Our own "))
    assert "our-own: new" in run("sync", str(path)).stdout
    roadmap = published_roadmap(session, "our-own")
    progress.enroll(
        session, cast.alice, roadmap.roadmap_id, target_on=None, hours_per_week=None, now=now
    )
    session.commit()
    for slug, message in [
        ("our-own", "1 person is enrolled in our-own"),
        (SLUG, f"{SLUG} comes with Cairn"),
        ("nosuch", "there is no roadmap nosuch"),
    ]:
        refused = run("withdraw", slug)
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert message in refused.stderr
    session.execute(sa.delete(Enrollment))
    session.commit()
    assert run("withdraw", "our-own").stdout == "our-own is withdrawn.\n"
    assert "Our own" not in browser_of(cast.alice).get("/roadmaps").text
    assert "there is no roadmap" in run("withdraw", "our-own").stderr
    assert "our-own: new" in run("sync", str(path)).stdout
    assert "Our own" in browser_of(cast.alice).get("/roadmaps").text
    assert published_roadmap(session, "our-own").number == 2


def test_sync_changes_nothing_if_one_file_is_invalid(app, run, copy):
    right = copy(("\ntitle: ", "\ntitle: More than a "))
    wrong = copy(("slug: senior-ml-engineer", "slug: Not a slug"), name="wrong.yaml")
    for order in ((right, wrong), (wrong, right)):
        result = run("sync", *map(str, order))
        assert (result.exit_code, result.stdout) == (1, "")
        assert f"{wrong}:" in result.stderr
    assert count_revisions(app) == 1


def test_sync_rejects_a_milestone_that_differs_from_another_roadmap(app, run, copy):
    path = copy(
        ("slug: senior-ml-engineer", "slug: another-way"), ("done_when: ", "done_when: Now. ")
    )
    for flags in (["--dry-run"], []):
        result = run("sync", *flags, str(path))
        assert (result.exit_code, result.stdout) == (1, "")
        assert "defined differently" in result.stderr
        assert len(result.stderr.splitlines()) == 1
    assert count_revisions(app) == 1


@pytest.mark.usefixtures("_restore_shipped")
def test_shared_milestone_must_change_in_both_roadmaps_together(app, run, tmp_path):
    paths = []
    for slug in (SLUG, "staff-ml-engineer"):
        text = (files.CONTENT / f"{slug}.yaml").read_text("utf-8")
        assert SHARED in text
        paths.append(tmp_path / f"{slug}.yaml")
        paths[-1].write_text(text.replace(SHARED, f"{SHARED} quickly"), "utf-8")
    for path in paths:
        assert "defined differently" in run("sync", str(path)).stderr
    one_changed = run("validate", str(paths[0]), str(files.CONTENT / "staff-ml-engineer.yaml"))
    line = next(
        number
        for number, text in enumerate(paths[0].read_text("utf-8").splitlines(), 1)
        if "key: lead-design-reviews" in text
    )
    assert one_changed.exit_code == 1
    assert f"{paths[0]}:{line}: the milestone 'lead-design-reviews' is" in one_changed.stderr
    assert run("validate", *map(str, paths)).exit_code == 0
    for order in (paths, paths[::-1]):
        result = run("sync", "--dry-run", *map(str, order))
        assert result.exit_code == 0
        assert result.stdout.count("  changed: lead-design-reviews") == 2
    assert run("sync", *map(str, paths)).exit_code == 0
    assert count_revisions(app) == 2
    with app.app_context():
        db.session.execute(sa.delete(AuditEntry))
        db.session.commit()


def test_sync_rejects_two_files_of_one_roadmap(app, run, copy):
    result = run("sync", str(copy()), str(copy(name="twice.yaml")))
    assert result.exit_code == 1
    assert "twice.yaml" in result.stderr


def test_validate_accepts_a_valid_file(run, copy):
    result = run("validate", str(copy()))
    assert result.exit_code == 0
    assert "in order, 89 milestones" in result.stdout


def test_validate_reports_each_error_with_its_line(run, copy, tmp_path):
    path = copy(("slug: senior-ml-engineer", "slug: 7"))
    line = path.read_text("utf-8").splitlines().index("slug: 7") + 1
    result = run("validate", str(path), str(tmp_path / "missing.yaml"))
    assert result.exit_code == 1
    assert f"{path}:{line}: slug" in result.stderr
    assert "missing.yaml:1: cannot be read" in result.stderr


def test_validate_reports_the_line_that_overrides_a_merged_key(run, copy):
    path = copy()
    lines = path.read_text("utf-8").split("\n")
    place = next(number for number, line in enumerate(lines) if line.startswith("title:"))
    lines[place : place + 1] = ["<<: {title: Good title}", "title: 12345"]
    path.write_text("\n".join(lines), "utf-8")
    result = run("validate", str(path))
    assert result.exit_code == 1
    assert f"{path}:{place + 2}: title should be text, not 12345: put it in quotes" in result.stderr


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("duration", "12:30", None),
        ("duration", "2026-01-01", None),
        ("duration", "90", "should be text, not 90: put it in quotes"),
        ("duration", "no", "should have at least 3 characters, not 'no'"),
        ("duration", "~", "should be text, not ~: put it in quotes"),
        ("duration", "", "should be text, not ''"),
        ("required", "yes", "should be true or false, not 'yes'"),
        ("required", "off", "should be true or false, not 'off'"),
        ("required", "1", "should be true or false, not '1'"),
        ("hours", "010", None),
        ("hours", "1e1", None),
        ("hours", "1_0", "should be a whole number, not '1_0'"),
        ("hours", "10:00", "should be a whole number, not '10:00'"),
        ("hours", "10.5", "should be a whole number, not '10.5'"),
        ("hours", "400", "should be less than or equal to 300, not '400'"),
        ("hours", "", "should be a whole number, not ''"),
    ],
)
def test_validate_accepts_unquoted_scalars_or_reports_their_line(run, copy, key, value, message):
    path = copy()
    lines = path.read_text("utf-8").split("\n")
    place = next(n for n, line in enumerate(lines) if line.lstrip().startswith(f"{key}: "))
    lines[place] = f"{lines[place].partition(':')[0]}: {value}"
    path.write_text("\n".join(lines), "utf-8")
    result = run("validate", str(path))
    assert result.exit_code == (1 if message else 0)
    assert message is None or f"{path}:{place + 1}: stages[1]" in result.stderr
    assert message is None or result.stderr.endswith(f".{key} {message}\n")


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (("stage: experience,", "stage: experiences,"), "gates[2].stage"),
        (("stages: [experience,", "stages: [experiences,"), "gates[4].stages[1]"),
        (("stage: leadership, months", "stage: experiences, months"), "gates[7].stage"),
        ((" experience: 25,", " experiences: 25,"), "stages.experiences"),
    ],
)
def test_validate_reports_the_line_of_an_unknown_stage(run, copy, change, place):
    path = copy(change)
    lines = path.read_text("utf-8").splitlines()
    line = next(n for n, text in enumerate(lines, 1) if change[1] in text)
    result = run("validate", str(path))
    assert result.exit_code == 1
    message = f"readiness.{place}: 'experiences' is not a stage of this roadmap"
    assert result.stderr == f"{path}:{line}: {message}\n"


def test_validate_reports_missing_and_unknown_keys(run, copy):
    result = run("validate", str(copy(("\ntitle: ", "\ntitel: "))))
    assert [line.partition(": ")[2] for line in result.stderr.splitlines()] == [
        "title is missing",
        "titel is not known",
    ]


def test_validate_reports_both_lines_of_a_duplicate_requirement_key(run, copy):
    path = copy(("key: case_study", "key: design_docs"))
    result = run("validate", str(path))
    first = (
        path.read_text("utf-8")
        .splitlines()
        .index(
            next(
                line for line in path.read_text("utf-8").splitlines() if "key: design_docs" in line
            )
        )
    )
    assert result.stderr == (
        f"{path}:{first + 2}: readiness.evidence[2].key: "
        f"the requirement key 'design_docs' is already used in line {first + 1}\n"
    )


def test_validate_checks_the_readiness_policy(run, copy):
    path = copy(("required_floor: ", "required_floor: -"))
    assert run("validate", str(path)).exit_code == 1


def test_validate_reports_unequal_sums_of_points(run, copy):
    path = copy(("years_with_degree: 7", "years_with_degree: 9"))
    errors = run("validate", str(path)).stderr
    assert "readiness.background: its most points are 12" in errors
    assert "'weights.background' is 10: they must be equal" in errors
    path = copy(("impact: 10", "impact: 5"))
    errors = run("validate", str(path)).stderr
    assert "readiness.weights must add up to 100, and they add up to 95" in errors


def test_validate_without_files_checks_all_shipped_files(run):
    result = run("validate")
    assert (result.exit_code, result.stderr) == (0, "")
    checked = {line.partition(": in order")[0] for line in result.stdout.splitlines()}
    package = files.CONTENT.parents[1]
    stories = package / "demo"
    assert checked == {
        str(path) for path in package.rglob("*.yaml") if not path.is_relative_to(stories)
    }


# By folder: a valid value, an invalid one, and the error message.
INVALID_FILES = {
    "tools": ("successor: vllm", "successor: vlm", "there is no tool 'vlm'"),
    "practice": ("[validation-that-", "[validations-that-", "there is no milestone 'validations-"),
    "career_plans": ("https://charity", "https://?charity", "is not a link that begins with https"),
    "catalog/content/role_fit": ("source: guide", "source: guides", "not one of the sources"),
    "time_budget": (
        "challenge: meeting",
        "challenge: meetings",
        "there is no challenge 'meetings-",
    ),
}


def test_validate_detects_the_kind_of_each_file(run, tmp_path):
    paths, lines = [], []
    for folder, (old, new, _message) in INVALID_FILES.items():
        original = next((files.CONTENT.parents[1] / folder).glob("*.yaml"))
        text = original.read_text("utf-8")
        paths.append(tmp_path / folder / original.name)
        paths[-1].parent.mkdir(parents=True)
        paths[-1].write_text(text.replace(old, new, 1), "utf-8")
        lines.append(text[: text.index(old)].count("\n") + 1)
    result = run("validate", *map(str, paths))
    assert (result.exit_code, result.stdout) == (1, "")
    errors = result.stderr.splitlines()
    for path, line, (_old, _new, message), each in zip(
        paths, lines, INVALID_FILES.values(), errors, strict=True
    ):
        assert each.startswith(f"{path}:{line}: ")
        assert message in each


def test_validate_reports_the_line_of_a_list_used_as_a_key(run, copy):
    path = copy(("slug: senior-ml-engineer", "? [a, b]\n: c\nslug: senior-ml-engineer"))
    line = path.read_text("utf-8").splitlines().index("? [a, b]") + 1
    result = run("validate", str(path))
    assert result.exit_code == 1
    assert result.stderr.startswith(f"{path}:{line}: not valid YAML: ")


def test_mapping_with_overridden_merge_keys_can_be_merged_again(tmp_path):
    path = tmp_path / "merged.yaml"
    path.write_text("x:\n  y:\n    z: &z {<<: {slug: A}, slug: B}\n<<: *z\n", "utf-8")
    with pytest.raises(files.ContentError) as error:
        files.read(path)
    assert "twice" not in str(error.value)
