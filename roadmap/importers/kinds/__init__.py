"""The registry of importers, used by the pages, the documentation and the tests.

To add an importer, write a module with a subclass of `FileImporter` or `SiteImporter`, and add it
to `IMPORTERS`.
"""

from __future__ import annotations

from roadmap.importers.importer import Importer
from roadmap.importers.kinds.bibtex import BibTexImporter
from roadmap.importers.kinds.csv_file import CsvImporter
from roadmap.importers.kinds.github import GitHubImporter
from roadmap.importers.kinds.gitlab import GitLabImporter
from roadmap.importers.kinds.json_resume import JsonResumeImporter
from roadmap.importers.kinds.leap2a import Leap2aImporter
from roadmap.importers.kinds.linkedin import LinkedInImporter
from roadmap.importers.kinds.orcid import OrcidImporter

IMPORTERS: dict[str, Importer] = {
    each.key: each
    for each in (
        GitHubImporter(),
        GitLabImporter(),
        LinkedInImporter(),
        JsonResumeImporter(),
        BibTexImporter(),
        OrcidImporter(),
        CsvImporter(),
        Leap2aImporter(),
    )
}
"""All importers by key, in display order."""
