"""Portfolio documents: a realistic one, an empty one, and hostile ones of any size."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import replace

from roadmap.core.dates import PartialDate
from roadmap.evidence.item import Impact
from roadmap.portfolio.document import Degree, Document, DocumentItem, Position, Skill, clean_texts

TODAY = dt.date(2026, 11, 23)

EMPTY = Document(name="Alice Archer", generated_on=TODAY)


def item_id(number: int) -> str:
    return str(uuid.UUID(int=0x0192F000_0000_7000_8000_000000000000 + number))


RANKER = DocumentItem(
    id=item_id(1),
    title="Two-stage ranking for the home feed",
    kind="design_doc",
    kind_label="Design document",
    url="https://docs.example.com/design/feed-ranking",
    occurred_on=PartialDate("2026-03-05"),
    role="Author and technical lead; five engineers from three teams built it",
    description=(
        "The feed scored every candidate with one deep model and hit its latency budget at "
        "**900 candidates**. The document proposes a two-tower retrieval stage before the ranker.\n"
        "\n"
        "## Options weighed\n"
        "\n"
        "- *Distil the ranker*: half the latency, but offline AUC fell by 0.8 points.\n"
        "- *Cache scores per user*: stale within an hour, `p99` unchanged for new sessions.\n"
        "- *Retrieve, then rank*: chosen; reversed if recall@500 drops below 0.92.\n"
        "\n"
        "## Guardrails\n"
        "\n"
        "Shadow traffic for two weeks, a kill switch per surface, and a weekly "
        "[calibration report](https://docs.example.com/calibration).\n"
        "\n"
        "| Stage | Candidates | Budget |\n"
        "|---|---:|---:|\n"
        "| Retrieval | 40,000,000 | 12 ms |\n"
        "| Ranking | 500 | 28 ms |\n"
    ),
    impacts=(
        Impact("scale", "P95 latency of the feed", "180", "62", "ms",
               "https://metrics.example.com/feed-latency"),
        Impact("business", "Sessions with a save", "11.4", "12.9", "%",
               "https://experiments.example.com/2214"),
    ),
    verified_for=("Lead the design of a system of several models",),
    linked_to=("Take a model from offline metric to a measured product effect",),
    skills=("ML system architecture", "Technical direction"),
    tone="verified",
    verified_by="Bob Builder",
    verified_on=dt.date(2026, 4, 3),
)  # fmt: skip

ALICE = Document(
    name="Alice Archer",
    email="alice@example.com",
    headline="Machine learning engineer, ranking and large-scale training",
    introduction_md=(
        "I build recommendation systems that stay up, stay honest and pay for themselves. "
        "For the last four years I have led ranking at **Northwind**: from one model on one host "
        "to a platform that serves *nine* teams.\n\n"
        "What I look for next: a staff role where measurement comes first."
    ),
    roadmap_title="Senior ML engineer",
    positions=(
        Position(
            "Senior machine learning engineer",
            "Northwind",
            PartialDate("2022-03"),
            None,
            is_ml=True,
            summary="Ranking and retrieval for 40 million users.\n\n"
            "- Set the technical direction of a group of nine\n"
            "- On call for the serving platform",
        ),
        Position(
            "Machine learning engineer",
            "Contoso Research",
            PartialDate("2019-06-01"),
            PartialDate("2022-02-28"),
            is_ml=True,
            summary="Speech models on small devices.",
        ),
        Position("Software engineer", "Fabrikam", PartialDate("2017-09"), PartialDate("2019")),
    ),
    degrees=(
        Degree("master", "Computer science", "ETH Zürich", PartialDate("2017-07")),
        Degree("bachelor", "Mathematics", "University of Bern", PartialDate("2015")),
    ),
    skills=(
        Skill(
            "ML system architecture",
            "technical",
            4,
            "Makes decisions that other teams build "
            "on: a component of theirs carries several teams, and their forecasts are checked "
            "against reality.",
            4,
            "manager",
        ),
        Skill(
            "Deep learning",
            "technical",
            3,
            "Chooses and adapts an architecture from evidence, "
            "with ablations that others can repeat.",
            3,
            "manager",
        ),
        Skill(
            "Distributed training",
            "technical",
            3,
            "Scales a training run over several hosts and knows where the time goes.",
            3,
            "self",
        ),
        Skill(
            "Mentoring",
            "leadership",
            2,
            "Helps one or two engineers over months towards goals that were written down.",
            4,
            "manager",
        ),
    ),
    items=(
        RANKER,
        DocumentItem(
            kind="open_source",
            occurred_on=PartialDate("2026-06-18"),
            url="https://github.com/example/trainer/pull/4821",
            id=item_id(2),
            title="Sharded optimizer state in an open training library",
            kind_label="Open-source contribution",
            role="Author",
            description="Cuts optimizer memory per device by sharding moments over the data "
            "parallel group.\n\n```python\nfor group in optimizer.param_groups:\n"
            "    shard(group, mesh=mesh, dim=0)\n```\n\nMerged after two rounds of review; "
            "released in 2.8.",
            impacts=(
                Impact("scale", "Largest model on one host", "7", "13", "billion parameters", ""),
            ),
            verified_for=("Contribute a change to a library that others run",),
            skills=("Distributed training",),
            tone="verified",
            verified_by="Bob Builder",
            verified_on=dt.date(2026, 7, 2),
        ),
        DocumentItem(
            kind="blog_post",
            occurred_on=PartialDate("2026-08-09"),
            url="https://blog.example.com/drift",
            id=item_id(3),
            title="What our drift alarms missed, and what we alarm on now",
            kind_label="Blog post",
            description="A post about eleven incidents of which the usual population tests "
            "saw two, and the three checks that see ten.",
            skills=("MLOps",),
        ),
        DocumentItem(
            kind="talk",
            occurred_on=PartialDate("2026-09-24"),
            url="https://conf.example.org/2026/retrieval",
            id=item_id(4),
            title="Retrieval at scale without regret",
            kind_label="Talk",
            role="Speaker, 400 people",
            issuer="MLSys Zürich",
            description="Slides and recording; the question about cold start changed the "
            "design of the second version.",
            tone="verified",
            verified_by="Bob Builder",
            verified_on=dt.date(2026, 10, 1),
        ),
        DocumentItem(
            kind="certification",
            occurred_on=PartialDate("2025-05-12"),
            url="https://credentials.example.com/7f3a",
            id=item_id(5),
            title="Professional Machine Learning Engineer",
            kind_label="Certification",
            issuer="Example Cloud",
            issued_on=PartialDate("2025-05-12"),
            expires_on=PartialDate("2027-05-12"),
            tone="verified",
            verified_by="Bob Builder",
            verified_on=dt.date(2025, 6, 1),
        ),
        DocumentItem(
            kind="mentoring",
            occurred_on=PartialDate("2026-10-30"),
            url="",
            id=item_id(6),
            title="Mentored two engineers to their first on-call rotation",
            kind_label="Mentoring",
            role="Mentor",
            description="Weekly for seven months, with goals written down at the start.\n\n"
            "1. One now owns feature freshness.\n2. One led the spring migration.",
            impacts=(Impact("team", "Time to first solo on-call", "9", "4", "months", ""),),
            skills=("Mentoring",),
        ),
    ),
    generated_on=TODAY,
)

HOSTILE = (
    '#read("/etc/passwd") #eval("1+1") $x$ @ref <label> = Heading',
    "</title><script>alert(1)</script><img src=x onerror=alert(1)>",
    "# Not a heading | not | a | row\n\n## Really not\n---\n",
    "nul \x00 bell \x07 lone \ud83d surrogate",
    "مرحبا بالعالم ‮ reversed ‬ שלום",
    "日本語 emoji 🏔️👩🏽‍💻 combining é unassigned \u0378",
    "{{ 7 * 7 }} {% include '/etc/passwd' %} ${jndi:x} %(name)s %s {n}",
    "w" * 10_000,
    "`unclosed ```\n```\nfence <!-- comment",
    "[x](javascript:alert(1)) <javascript:alert(1)> [y](//evil.example) ![z](http://e.example/t.gif)",
    "\u2028 \u2029 \ufeff \u200b \ufffe",
    "> - " * 40 + "deep",
)


def hostile(count: int, length: int = 10_000) -> Document:
    """Return a portfolio of `count` pieces whose texts are all malicious or difficult."""

    def text(number: int) -> str:
        return HOSTILE[number % len(HOSTILE)]

    def long(number: int) -> str:
        return "\n\n".join(text(number + i) for i in range(len(HOSTILE)))[:length]

    items = tuple(
        DocumentItem(
            id=item_id(number) if number % 3 else f"../{number}",
            title=text(number),
            kind=("design_doc", "talk", "certification", "mentoring", "patent", "odd")[number % 6],
            kind_label=text(number + 1),
            url=("https://example.org/ü?a=1&b=|", "javascript:alert(1)", "http://", "")[number % 4],
            occurred_on=PartialDate("2026-01-01"),
            description=long(number),
            role=text(number + 2),
            issuer=text(number + 3),
            impacts=(Impact("scale", text(number), text(number + 4), text(number + 5),
                            text(number + 6), text(number + 9)),),
            verified_for=(text(number + 7), ""),
            linked_to=(text(number + 9), ""),
            skills=(text(number + 8),),
            tone="verified" if number % 2 else "unverified",
            verified_by=text(number) if number % 2 else None,
            verified_on=dt.date(2026, 2, 1) if number % 4 == 1 else None,
        )
        for number in range(count)
    )  # fmt: skip
    document = Document(
        name=text(0),
        email=None,
        headline=text(2),
        introduction_md=long(8),
        roadmap_title=text(5),
        positions=(Position(text(1), text(2), PartialDate("2020-01-01"), None, summary=long(3)),),
        degrees=(Degree("odd", text(4), text(5)), Degree("master")),
        skills=(Skill(text(6), text(7), 2, text(8), 3, "self"),),
        items=items,
        generated_on=TODAY,
    )
    return clean_texts(document)


def ordinary(count: int) -> Document:
    """Return a portfolio of `count` realistic pieces."""
    items = tuple(
        replace(ALICE.items[number % len(ALICE.items)], id=item_id(number))
        for number in range(count)
    )
    return replace(ALICE, items=items)
