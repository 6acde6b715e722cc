"""`flask catalog …`: check and load roadmap files."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import sqlalchemy as sa

from roadmap.cli.command_groups import CommandGroup
from roadmap.core.clock import utc_now
from roadmap.core.database import db
from roadmap.core.text import format_count
from roadmap.people.audit import record_audit

if TYPE_CHECKING:
    from roadmap.catalog.actions import RevisionChange

# Commands import modules that need pydantic late, because every start registers the commands.
group = CommandGroup("catalog")

Document = Mapping[str, Any]
Parsed = TypeVar("Parsed")
PATH = click.Path(path_type=Path)


class InvalidFiles(click.exceptions.Exit):
    """Files are invalid. Their errors were printed, and the exit status is 1."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__(1)


@group.command("sync")
@click.argument("paths", metavar="[FILE]...", nargs=-1, type=PATH)
@click.option("--dry-run", is_flag=True, help="Only print what would change.")
def sync(paths: Sequence[Path], dry_run: bool) -> None:
    """Load the shipped roadmaps, or the given files.

    Prints what changed. A changed roadmap becomes a new revision, which takes effect
    immediately. The file itself is not stored. Other roadmaps are not changed. If any file is
    invalid, nothing is changed.
    """
    from roadmap.catalog import actions, files

    paths = paths or files.shipped()
    try:
        documents = load_documents(paths)
    except InvalidFiles as refused:
        _record_refusal(dry_run, refused.faults[0], paths)
        raise
    changes = []
    together = [document for _path, document in documents]
    # A dry run of several files publishes and rolls back, so that they are checked together.
    skip_write = dry_run and len(documents) == 1
    for path, document in documents:
        try:
            changes.append(
                actions.publish(
                    db.session, document, now=utc_now(), dry_run=skip_write, together=together
                )
            )
        except actions.ConflictingKey as error:
            db.session.rollback()
            reason = describe_conflict(path, error)
            _record_refusal(dry_run, reason, [path])
            raise click.ClickException(reason) from None
    if dry_run:
        db.session.rollback()
    else:
        db.session.commit()
        changed = [change.slug for change in changes if not change.is_empty]
        slugs = changed or [change.slug for change in changes]
        _record(dry_run, "roadmap.loaded", target=", ".join(slugs), unchanged=not changed)
    for change in changes:
        click.echo("\n".join(format_change(change)))
    _warn_of_shipped(together)
    if dry_run:
        click.echo("Dry run: nothing was changed.")


def _warn_of_shipped(documents: Sequence[Document]) -> None:
    """Warn of documents that the next start of the server will replace."""
    from roadmap.catalog import files

    shipped = {path.stem: path for path in files.shipped()}
    for document in documents:
        slug = document["slug"]
        if slug in shipped and document != files.read(shipped[slug]):
            click.echo(
                f"{slug} comes with Cairn: the next start of the server brings the shipped text "
                "back. To keep yours, give it a slug of its own.",
                err=True,
            )


def _record_refusal(dry_run: bool, reason: str, paths: Sequence[Path]) -> None:
    for path in paths:
        # The audit log is shown on pages, which should not reveal server paths.
        reason = reason.replace(f"{path.parent}/", "")
    _record(dry_run, "roadmap.refused", reason=reason)


def _record(dry_run: bool, action: str, *, target: str = "", **data: Any) -> None:
    """Record an entry in the audit log, unless this is a dry run."""
    if not dry_run:
        with db.own_transaction() as own:
            record_audit(own, action, target[:200], by=None, now=utc_now(), **data)


@group.command("withdraw")
@click.argument("slug")
def withdraw(slug: str) -> None:
    """Withdraw a roadmap in which nobody is enrolled. Loading its file brings it back.

    Refuses roadmaps that come with Cairn, because the next start of the server loads them.
    """
    from roadmap.catalog import files
    from roadmap.catalog.models import Roadmap
    from roadmap.progress.models import Enrollment

    published = sa.select(Roadmap).where(Roadmap.slug == slug, Roadmap.revision_id.is_not(None))
    roadmap = db.session.scalar(published.with_for_update())
    if roadmap is None:
        raise click.ClickException(f"there is no roadmap {slug}")
    if slug in (path.stem for path in files.shipped()):
        raise click.ClickException(f"{slug} comes with Cairn, so the next start would load it")
    enrolled = sa.select(sa.func.count()).where(Enrollment.roadmap_id == roadmap.id)
    if people := db.session.scalar(enrolled):
        count = format_count(people, "person is", "people are")
        raise click.ClickException(f"{count} enrolled in {slug}")
    roadmap.revision_id = None
    record_audit(db.session, by=None, action="roadmap.withdrawn", target=slug, now=utc_now())
    db.session.commit()
    click.echo(f"{slug} is withdrawn.")


@group.command("validate", any_schema=True)
@click.argument("paths", metavar="[FILE]...", nargs=-1, type=PATH)
def validate(paths: Sequence[Path]) -> None:
    """Validate the given files, or all shipped content.

    Prints each error with its line. With errors, the exit status is 1. A file's path determines
    how it is validated: tools/content.yaml as tools, and any other name as a roadmap.
    """
    from roadmap.catalog import actions
    from roadmap.catalog.content import Content
    from roadmap.cli import content_files

    checked = read_files(paths or content_files.shipped(), content_files.read)
    roadmaps = load_documents([path for path, each in checked if isinstance(each, Content)])
    for path, document in roadmaps:
        try:
            actions.refuse_conflicts(document, [each for _path, each in roadmaps])
        except actions.ConflictingKey as error:
            raise click.ClickException(describe_conflict(path, error)) from None
    for path, content in checked:
        more = ""
        if isinstance(content, Content):
            more = f", {format_count(len(content.milestones), 'milestone', 'milestones')}"
        click.echo(f"{path}: in order{more}")


def load_documents(paths: Sequence[Path]) -> list[tuple[Path, Document]]:
    """Return all documents. If any file is invalid, prints the errors and exits with status 1."""
    from roadmap.catalog import files

    documents: list[tuple[Path, Document]] = read_files(paths, files.read)
    slugs: dict[str, Path] = {}
    for path, document in documents:
        slug = document["slug"]
        other = slugs.setdefault(slug, path)
        if other is not path:
            raise click.ClickException(f"{path}: the roadmap '{slug}' is in {other}, too")
    return documents


def read_files(paths: Sequence[Path], read: Callable[[Path], Parsed]) -> list[tuple[Path, Parsed]]:
    """Read each file. If any is invalid, prints the errors and exits with status 1."""
    from roadmap.catalog import files

    found: list[tuple[Path, Parsed]] = []
    faults: dict[str, None] = {}  # Deduplicates errors of shared dependencies.
    for path in paths:
        try:
            found.append((path, read(path)))
        except files.ContentError as error:
            faults[str(error)] = None
    for fault in faults:
        click.echo(fault, err=True)
    if faults:
        raise InvalidFiles(list(faults))
    return found


def describe_conflict(path: Path, error: Exception) -> str:
    """Prefix an error with the path and the line that defines the key it quotes."""
    return f"{path}:{_find_line(path, str(error))}: {error}"


def _find_line(path: Path, message: str) -> int:
    quoted = re.search(r"'([^']+)'", message)
    key = re.escape(quoted[1] if quoted else "")
    definition = re.compile(rf"\bkey:\s*['\"]?{key}['\"]?\s*(,|}}|#|$)")
    lines = path.read_text("utf-8").splitlines()
    return next((number for number, line in enumerate(lines, 1) if definition.search(line)), 1)


def format_change(change: RevisionChange) -> list[str]:
    """Return the lines that describe a change: the roadmap, then its milestones."""
    if change.is_empty:
        return [f"{change.slug}: unchanged, revision {change.number}"]
    milestones = format_count(change.milestones, "milestone", "milestones")
    if change.is_new:
        return [f"{change.slug}: new, {milestones}"]
    lines = [
        f"  {word}: {key}"
        for word in ("added", "changed", "removed")
        for key in getattr(change, word)
    ]
    head = f"{change.slug}: revision {change.number}, {milestones}"
    return [head, *(lines or ["  changed: titles, texts or readiness"])]
