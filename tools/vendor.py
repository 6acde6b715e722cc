"""Write the manifests of the vendored files, with the origin and SHA-384 of each.

    python -m tools.vendor

Run this after replacing a vendored file. `tests/test_vendor.py` fails when a file and its manifest
differ.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Origin:
    """The origin of a vendored file. `licence_file` is in the same folder."""

    name: str
    version: str
    licence: str
    licence_file: str
    source: str


HTMX = Origin(
    "htmx.org", "2.0.11", "0BSD", "LICENSE-htmx", "https://github.com/bigskysoftware/htmx"
)
OAT = Origin("@knadh/oat", "0.6.1", "MIT", "LICENSE-oat", "https://github.com/knadh/oat")
AXE = Origin(
    "axe-core", "4.14.1", "MPL-2.0", "LICENSE-axe-core", "https://github.com/dequelabs/axe-core"
)
JSON_RESUME = Origin(
    "@jsonresume/schema",
    "1.3.1",
    "MIT",
    "LICENSE-json-resume-schema",
    "https://github.com/jsonresume/jsonresume.org",
)
NOTO_SANS = Origin(
    "Noto Sans",
    "2.004",
    "OFL-1.1",
    "LICENSE-noto-sans",
    "https://github.com/notofonts/latin-greek-cyrillic",
)

VENDORED: dict[str, dict[str, Origin]] = {
    "static/vendor": {
        "htmx.min.js": HTMX,
        "oat.min.css": OAT,
    },
    "tests/vendor": {
        "axe.min.js": AXE,
        "json-resume-1.3.1.schema.json": JSON_RESUME,
    },
    "roadmap/portfolio/formats/fonts": {
        f"NotoSans-{face}.ttf": NOTO_SANS for face in ("Regular", "Bold", "Italic", "BoldItalic")
    },
}


def sha384(path: Path) -> str:
    """Return the file's digest in subresource integrity format: ``sha384-`` and base64."""
    return "sha384-" + base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()


def manifest(folder: Path, files: dict[str, Origin]) -> str:
    """Return the manifest of one folder as JSON."""
    entries = {
        file: asdict(origin) | {"sha384": sha384(folder / file)} for file, origin in files.items()
    }
    return json.dumps(entries, indent=2) + "\n"


def main() -> None:
    """Write every manifest."""
    for folder, files in VENDORED.items():
        path = ROOT / folder / "manifest.json"
        path.write_text(manifest(ROOT / folder, files), encoding="utf-8")
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
