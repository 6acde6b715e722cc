"""SVG drawings: content, accessibility and size."""

from __future__ import annotations

import re
import time
from xml.etree import ElementTree

import pytest

from roadmap.core.charts import Line, render_radar
from roadmap.core.svg import (
    TONES,
    Cairn,
    Stone,
    render_stone,
    render_tones_bar,
    render_trail,
)


def cairn(
    number: int, count: int, tone: str = "not_started", here: str = "", title: str = "Design doc"
) -> Cairn:
    stones = [Stone(f"m{number * 100 + place}", title, tone) for place in range(count)]
    return Cairn(f"stage{number}", f"Stage {number}", f"/s/{number}", f"0 of {count}", stones, here)


def render(cairns: list[Cairn], base: str = "") -> str:
    return str(render_trail(cairns, "The stages", base))


class TestTrail:
    @pytest.mark.parametrize("stages", [1, 2, 5, 10])
    @pytest.mark.parametrize("milestones", [1, 2, 3, 14, 30])
    def test_each_milestone_has_one_stone(self, stages: int, milestones: int) -> None:
        page = render([cairn(number, milestones) for number in range(stages)])
        assert page.count("<li") == stages
        links = re.findall(r"href=#(m\d+) aria-labelledby=\1><use ", page)
        assert len(links) == len(set(links)) == stages * milestones

    def test_stones_follow_the_order_of_milestones(self) -> None:
        page = render([cairn(0, 14)])
        assert re.findall(r"href=#(m\d+)", page) == [f"m{place}" for place in range(14)]

    def test_stage_without_milestones_has_only_its_name(self) -> None:
        page = render([cairn(0, 0), cairn(1, 3)])
        assert "Stage 0" in page
        assert page.count("<use href=#k") == 3

    def test_trail_without_stages_is_empty(self) -> None:
        assert render([]) == ""

    @pytest.mark.parametrize("tone", TONES)
    def test_tone_is_the_class_of_the_stone(self, tone: str) -> None:
        assert f"<a class=tone-{tone} href=#m0 " in render([cairn(0, 1, tone)])

    def test_progress_changes_only_the_class(self) -> None:
        before, after = render([cairn(0, 18)]), render([cairn(0, 18, "verified")])
        assert before.replace("class=tone-not_started", "class=tone-verified") == after

    def test_current_stage_is_marked_once(self) -> None:
        page = render([cairn(0, 3), cairn(1, 3, here="You are here"), cairn(2, 3)])
        assert page.count("aria-current=step") == page.count("You are here") == 1

    def test_titles_and_labels_are_escaped(self) -> None:
        hostile = '"><script>alert(1)</script>'
        page = render([cairn(0, 2, title=hostile, here=hostile)], base="/roadmaps/x")
        assert "<script" not in page
        assert "&lt;script&gt;" in page

    def test_base_path_prefixes_milestone_links(self) -> None:
        page = render([cairn(0, 1)], base="/roadmaps/x")
        assert "href=/roadmaps/x#m0><title>Design doc</title>" in page

    def test_trail_has_no_inline_style_or_script(self) -> None:
        page = render([cairn(number, 17) for number in range(5)])
        assert not re.search(r"\b(style|on\w+|fill|stroke)=", page)

    def test_stones_rest_on_the_ground_and_taper(self) -> None:
        page = render([cairn(0, 21)])
        heights = [int(y) for y in re.findall(r"<use href=#k\d+ x=-?\d+ y=(-?\d+) />", page)]
        assert heights[0] == 0
        assert heights == sorted(heights, reverse=True)
        courses = [heights.count(y) for y in dict.fromkeys(heights)]
        assert courses == sorted(courses, reverse=True)
        assert courses[-1] == 1

    def test_trail_is_small_and_fast(self) -> None:
        title = "Set a latency budget from the user backwards and keep it"
        cairns = [
            cairn(number, 17, title=title, here="Here" * (number == 2)) for number in range(5)
        ]
        assert len(render(cairns).encode()) < 16 * 1024
        times = []
        for _ in range(30):
            begun = time.perf_counter()
            render_trail(cairns, "The stages")
            times.append(time.perf_counter() - begun)
        assert min(times) < 0.001


class TestStone:
    def test_stone_equals_the_one_in_the_trail_plus_swap(self) -> None:
        cairns = [cairn(0, 9), cairn(1, 14, "claimed")]
        answer = str(render_stone(cairns[1], 1, "m105"))
        swap = " hx-swap-oob=\"outerHTML:.trail a[href$='#m105']\""
        assert swap in answer
        inner = answer.removeprefix("<template><svg>").removesuffix("</svg></template>")
        assert inner.replace(swap, "") in render(cairns)


class TestTonesBar:
    def test_shares_are_stacked_in_the_order_of_tones(self) -> None:
        bar = str(render_tones_bar(0.25, 0.25, 0.5, "all of it"))
        assert re.findall(r"class=tone-(\w+) x=(\S+)% width=(\S+)%", bar) == [
            ("verified", "0", "50"),
            ("evidenced", "50", "25"),
            ("claimed", "75", "25"),
        ]

    def test_bar_has_an_escaped_label(self) -> None:
        assert "aria-label='8 &amp; more'" in render_tones_bar(0, 0, 0, "8 & more")

    def test_bar_without_shares_is_empty(self) -> None:
        assert "<rect" not in render_tones_bar(0, 0, 0, "none")

    def test_shares_never_exceed_100_percent(self) -> None:
        widths = re.findall(r"width=(\S+)%", str(render_tones_bar(0.5, 0.4, 0.3, "too much")))
        assert sum(map(float, widths)) == pytest.approx(100)


class TestRadar:
    AXES = ("Design", "Deep <learning>", "Mentoring", "Strategy")

    def test_radar_is_well_formed_and_described_in_text(self) -> None:
        lines = [Line("bar", "Bar", [3, 3, 2, 2]), Line("self", "You", [2, None, 3, 1])]
        chart = str(render_radar(self.AXES, lines, "Skills"))
        assert "<desc>Bar: Design 3, Deep &lt;learning&gt; 3" in chart
        assert "You: Design 2, Deep &lt;learning&gt; –" in chart
        quoted = re.sub(r"=([^'\"\s>]+)", r"='\1'", re.sub(r"<desc>.*?</desc>", "", chart))
        assert ElementTree.fromstring(quoted).tag == "svg"  # noqa: S314 - our own markup

    def test_missing_value_is_left_out_of_the_polygon(self) -> None:
        chart = str(render_radar(self.AXES, [Line("self", "You", [2, None, 3, 1])], "Skills"))
        points = re.search(r"<polygon class=self points='([^']*)'", chart)
        assert points
        assert len(points[1].split()) == 3
        assert chart.count("<circle class=self") == 3

    def test_labels_stay_within_the_drawing(self) -> None:
        names = [f"Technical direction {number}" for number in range(8)]
        chart = str(render_radar(names, [], "Skills"))
        for x, anchor, name in re.findall(r"<text x=(\S+) y=\S+ text-anchor=(\w+)>([^<]*)<", chart):
            width = len(name) * 7.2
            left = float(x) - {"start": 0, "middle": width / 2, "end": width}[anchor]
            assert left >= 0
            assert left + width <= 600
