"""The registry of importers: the pages, the documentation and the tests take the list from here.

To add an importer, write a module with a subclass of `FileImporter` and name it below.
"""

from __future__ import annotations

from roadmap.importers.importer import Importer
from roadmap.importers.kinds.csv_file import CsvImporter

IMPORTERS: dict[str, Importer] = {each.key: each for each in (CsvImporter(),)}
"""Every importer by its key, in the order in which the page offers them."""
