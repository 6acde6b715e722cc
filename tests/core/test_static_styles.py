"""The combined style sheet: Oat without the components that no page uses, then Cairn's styles."""

from __future__ import annotations

import re
from pathlib import Path

from roadmap.core.static_files import OAT, join_styles

ROOT = Path(__file__).parents[2]
UNUSED = ("animate-", "data-variant", "role=switch", "type=range", "meter", "progress{", "#574747")


def test_unused_oat_rules_are_left_out_whole() -> None:
    oat = (ROOT / "static" / OAT).read_text(encoding="utf-8")
    bundle = join_styles(ROOT / "static").decode()
    assert bundle.count("{") == bundle.count("}")
    assert all(name in oat for name in UNUSED)
    assert not re.search(
        r"animate-|\[data-variant|&\[role=switch|input\[type=range|\}(?:meter|progress)\b|"
        r"&\.outline|&\.ghost|\.card\{|#574747",
        bundle,
    )
    # Their neighbors are still there.
    assert all(
        rule in bundle for rule in ("&.small{", "input[type=radio]{", "[role=alert]{", ".badge{")
    )


def test_no_page_uses_left_out_oat_rules() -> None:
    for path in ROOT.glob("templates/**/*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(
            r"animate-|data-variant|role=.?switch|type=.?range|<(?:meter|progress)|"
            r'class="(?:[^"]* )?(?:outline|ghost|large|card)[ "]|class="button[^"]* icon[ "]',
            text,
        ), path


def test_own_colors_replace_those_of_oat_that_are_left_out() -> None:
    oat = (ROOT / "static" / OAT).read_text(encoding="utf-8")
    names = re.findall(r"(--[\w-]+): *(?:light-dark|#)", oat)
    bundle = join_styles(ROOT / "static").decode()
    used = [name for name in names if f"var({name})" in bundle]
    assert all(f"{name}:" in bundle for name in used)
