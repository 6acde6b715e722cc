"""The shipped roadmap for senior engineers is valid, complete and consistent."""

from __future__ import annotations

import copy
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
import yaml

from roadmap.catalog.gates import Gate

CONTENT = Path(__file__).resolve().parents[2] / "roadmap" / "catalog" / "content"
FILE = CONTENT / "senior-ml-engineer.yaml"

Record = dict[str, Any]

STAGES = ["foundations", "experience", "education", "leadership", "visibility"]
SKILLS = {
    "technical": ["ml_architecture", "deep_learning", "distributed_training", "mlops"],
    "leadership": ["technical_direction", "mentoring", "communication", "strategy"],
}
EVIDENCE_KINDS = {
    *("design_doc", "case_study", "open_source", "blog_post", "talk", "publication"),
    *("patent", "certification", "mentoring", "launch"),
    *("incident", "review_given", "interviewing", "other"),
}

# Terms of the career guide that the roadmap must teach, one group per line.
GUIDE_TERMS = [
    *["capacity model", "leading technical design reviews"],
    *["setting standards", "mentor", "evaluating new techniques", "build vs. buy", "strategy"],
    *["to leadership", "root cause of a degraded", "hiring", "technical interviews"],
    *["pytorch", "tensorflow", "jax", "kubernetes", "ray", "horovod", "mlflow", "kubeflow"],
    *["weights & biases", "tensorflow serving", "triton", "seldon core", "fastapi"],
    *["langchain", "llamaindex", "vllm", "modal", "anyscale"],
    *["cnns", "transformers", "training optimization", "data parallelism", "model parallelism"],
    *["ci/cd for ml", "monitoring", "a/b test"],
    *["neurips", "icml", "cvpr", "open source", "blog posts", "patent"],
    *["aws machine learning specialty", "professional ml engineer"],
    *["azure ai engineer associate"],
    *["design documents", "case studies", "talks", "papers"],
    *["a million requests a day", "petabyte", "business impact", "promoted"],
    *["bachelor's degree", "master's", "phd", "part-time or company programme"],
]
# Allowed first words of titles. Add new ones if they are verbs.
VERBS = {
    *("Architect", "Assemble", "Automate", "Break", "Bring", "Build", "Carry", "Choose"),
    *("Coach", "Command", "Cut", "Decide", "Deploy", "Derive", "Design", "Double", "Erase"),
    *("Explain", "File", "Find", "Fine-tune", "Finish", "Fit", "Give", "Halve", "Hand"),
    *("Implement", "Land", "Lead", "Make", "Map", "Measure", "Mentor", "Model", "Monitor"),
    *("Own", "Pass", "Port", "Present", "Protect", "Publish", "Put", "Record", "Release"),
    *("Remove", "Replace", "Reproduce", "Review", "Run", "Serve", "Set", "Ship", "Speak"),
    *("Teach", "Test", "Trace", "Trade", "Train", "Turn", "Verify", "Write"),
}
TAGS_EXPECTED = {
    *("architecture", "design-review", "standards", "mentoring", "build-vs-buy", "strategy"),
    *("debugging", "hiring", "frameworks", "infrastructure", "serving", "emerging-tools"),
    *("impact-scale", "impact-business", "impact-team"),
}


@pytest.fixture(scope="module")
def roadmap() -> Record:
    """Return the content file as plain data."""
    loaded: Record = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def schema() -> Record:
    """Return the published schema."""
    loaded: Record = json.loads((CONTENT / "roadmap.schema.json").read_text(encoding="utf-8"))
    return loaded


def milestones_of(stage: Record) -> list[Record]:
    return [milestone for objective in stage["objectives"] for milestone in objective["milestones"]]


def milestones_in(roadmap: Record) -> list[Record]:
    return [milestone for stage in roadmap["stages"] for milestone in milestones_of(stage)]


def strings_in(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings_in(inner)


def repeated(values: list[str]) -> list[str]:
    return [value for value, times in Counter(values).items() if times > 1]


def test_file_is_valid_and_names_its_schema(roadmap: Record, schema: Record) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)
    problems = [
        f"{error.json_path}: {error.message}"
        for error in jsonschema.Draft202012Validator(schema).iter_errors(roadmap)
    ]
    assert problems == []
    first = FILE.read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=roadmap.schema.json"


INVALID = {
    "unknown key": lambda r: r.update(colour="blue"),
    "too many hours": lambda r: milestones_in(r)[0].update(hours=301),
    "missing criterion": lambda r: milestones_in(r)[0].pop("done_when"),
    "unknown evidence kind": lambda r: milestones_in(r)[0].update(evidence=["tweet"]),
    "title with full stop": lambda r: milestones_in(r)[0].update(title="Read a book."),
    "missing skill level": lambda r: r["skills"][0]["levels"].pop(),
    "extra gate field": lambda r: r["readiness"]["gates"][0].update(share=1),
    "missing gate field": lambda r: r["readiness"]["gates"][1].pop("share"),
    "http link": lambda r: first_link(r).update(url="http://example.org"),
}


@pytest.mark.parametrize("change", INVALID.values(), ids=INVALID)
def test_schema_rejects_invalid_content(change: Any, roadmap: Record, schema: Record) -> None:
    broken = copy.deepcopy(roadmap)
    change(broken)
    assert not jsonschema.Draft202012Validator(schema).is_valid(broken)


def first_link(roadmap: Record) -> Record:
    link: Record = milestones_in(roadmap)[0]["resources"][0]
    return link


def test_schema_accepts_additional_groups(roadmap: Record, schema: Record) -> None:
    groups = ("interview_questions", "tools", "credentials", "challenges", "market")
    larger = roadmap | {group: [{"anything": 1}] for group in groups}
    assert jsonschema.Draft202012Validator(schema).is_valid(larger)


def test_roadmap_has_five_stages_of_three_objectives(roadmap: Record) -> None:
    assert [stage["key"] for stage in roadmap["stages"]] == STAGES
    assert [len(stage["objectives"]) for stage in roadmap["stages"]] == [3] * 5
    assert [s["key"] for s in roadmap["stages"] if not s["required"]] == ["education"]
    assert roadmap["duration_years"] == [7, 10]


def test_roadmap_has_75_to_90_milestones(roadmap: Record) -> None:
    assert 75 <= len(milestones_in(roadmap)) <= 90
    sizes = [len(o["milestones"]) for stage in roadmap["stages"] for o in stage["objectives"]]
    # A heading should not have more milestones than fit on a screen.
    assert all(2 <= size <= 12 for size in sizes), sizes


def test_effort_is_plausible(roadmap: Record) -> None:
    hours = [milestone["hours"] for milestone in milestones_in(roadmap)]
    assert all(isinstance(h, int) and 2 <= h <= 300 for h in hours)
    assert 1800 <= sum(hours) <= 2000


def test_keys_are_unique(roadmap: Record) -> None:
    objectives = [o["key"] for stage in roadmap["stages"] for o in stage["objectives"]]
    milestones = [milestone["key"] for milestone in milestones_in(roadmap)]
    assert repeated(objectives + milestones) == []
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", key) for key in objectives + milestones)


def test_after_names_only_earlier_milestones(roadmap: Record) -> None:
    earlier: dict[str, Record] = {}
    for milestone in milestones_in(roadmap):
        for key in milestone.get("after", []):
            assert key in earlier, f"{milestone['key']} waits for {key}"
            # Required milestones must not depend on optional ones.
            assert earlier[key]["required"] or not milestone["required"], milestone["key"]
        earlier[milestone["key"]] = milestone


def test_required_milestones_do_not_depend_on_education(roadmap: Record) -> None:
    education = {m["key"] for s in roadmap["stages"] if not s["required"] for m in milestones_of(s)}
    for stage in roadmap["stages"]:
        if stage["required"]:
            for milestone in milestones_of(stage):
                waits = education & set(milestone.get("after", []))
                assert not waits or not milestone["required"], milestone["key"]


def test_each_of_the_eight_skills_is_trained(roadmap: Record) -> None:
    found: dict[str, list[str]] = {}
    for skill in roadmap["skills"]:
        found.setdefault(skill["group"], []).append(skill["key"])
    assert found == SKILLS
    known = {key for keys in SKILLS.values() for key in keys}
    trained = Counter(key for m in milestones_in(roadmap) for key in m["skills"])
    assert set(trained) == known
    # The minimum is that of distributed training: four milestones, one of them optional.
    assert min(trained.values()) >= 4
    assert all(1 <= len(milestone["skills"]) <= 3 for milestone in milestones_in(roadmap))


def test_each_evidence_kind_and_requirement_has_milestones(roadmap: Record) -> None:
    required = [milestone for milestone in milestones_in(roadmap) if milestone["required"]]
    assert {k for m in milestones_in(roadmap) for k in m["evidence"]} == EVIDENCE_KINDS
    for requirement in roadmap["readiness"]["evidence"]:
        proving = [m for m in required if set(requirement["kinds"]) & set(m["evidence"])]
        assert len(proving) >= 3, requirement["key"]


def test_leadership_milestones_take_months(roadmap: Record) -> None:
    leadership = next(stage for stage in roadmap["stages"] if stage["key"] == "leadership")
    for milestone in milestones_of(leadership):
        assert milestone.get("months", 0) >= 2, milestone["key"]
        assert set(milestone["evidence"]) & {"mentoring", "design_doc", "case_study", "launch"}


def test_milestones_mention_the_terms_of_the_guide(roadmap: Record) -> None:
    text = " ".join(
        f"{m['title']} {m['done_when']} {m['why']} {' '.join(m['tags'])}"
        for m in milestones_in(roadmap)
    )
    # Match at the start of words, so that "ray" is not found in "tray", but plurals are.
    missing = [
        term
        for term in GUIDE_TERMS
        if not re.search(rf"(?<!\w){re.escape(term)}", text, re.IGNORECASE)
    ]
    assert missing == []


def test_tags_are_a_small_vocabulary(roadmap: Record) -> None:
    tags = {tag for milestone in milestones_in(roadmap) for tag in milestone["tags"]}
    assert tags >= TAGS_EXPECTED
    assert len(tags) <= 45


def test_links_use_https_and_one_title_per_url(roadmap: Record) -> None:
    assert not [text for text in strings_in(roadmap) if "http://" in text]
    names: dict[str, set[tuple[str, str]]] = {}
    for milestone in milestones_in(roadmap):
        for resource in milestone["resources"]:
            names.setdefault(resource["url"], set()).add((resource["title"], resource["by"]))
    assert {url: found for url, found in names.items() if len(found) > 1} == {}


def test_titles_are_imperatives(roadmap: Record) -> None:
    for milestone in milestones_in(roadmap):
        title = milestone["title"]
        assert title.split()[0] in VERBS, title
        assert len(title) <= 80
        assert not title.endswith(".")


def test_texts_are_specific_and_unique(roadmap: Record) -> None:
    milestones = milestones_in(roadmap)
    for field in ("title", "done_when", "why"):
        assert repeated([milestone[field] for milestone in milestones]) == []
    for milestone in milestones:
        # Shorter criteria tend to omit what a reviewer needs.
        assert len(milestone["done_when"]) >= 120, milestone["key"]
        assert 1 <= len(re.findall(r"[.?](?:\s|$)", milestone["why"])) <= 2, milestone["key"]
    texts = list(strings_in(roadmap))
    # YAML inserts a space where a folded line ends with a hyphen.
    assert not [text for text in texts if re.search(r"\w- \w", text)]
    assert not [text for text in texts if "!" in text or "\n" in text]


def test_readiness_policy_sums_are_consistent(roadmap: Record) -> None:
    policy = roadmap["readiness"]
    assert sum(policy["weights"].values()) == 100
    assert sum(policy["stages"].values()) == 100
    assert list(policy["stages"]) == STAGES
    assert sum(r["points"] for r in policy["evidence"]) == policy["weights"]["evidence"]
    background = policy["background"]
    assert background["years_alone"] == policy["weights"]["background"]
    assert background["years_with_degree"] + background["degree"] == background["years_alone"]
    assert repeated([gate["key"] for gate in policy["gates"]]) == []
    assert {gate["stage"] for gate in policy["gates"] if "stage" in gate} <= set(STAGES)


def test_requirements_and_gates_do_not_address_the_person() -> None:
    """Managers read them as well."""
    policies = [
        yaml.safe_load(file.read_text(encoding="utf-8"))["readiness"]
        for file in CONTENT.glob("*.yaml")
    ]
    titles = [each["title"] for policy in policies for each in policy["evidence"] + policy["gates"]]
    assert len(policies) == 3
    assert not [title for title in titles if re.search(r"\byour?\b", title)]


def test_code_and_templates_name_no_roadmap() -> None:
    """They serve all roadmaps. Only the demo may name one."""
    root = CONTENT.parents[2]
    demo = root / "roadmap" / "demo"
    sources = [*root.glob("roadmap/**/*.py"), *root.glob("templates/**/*.html")]
    naming = [
        str(each.relative_to(root))
        for each in sources
        if demo not in each.parents and re.search("senior|staff", each.read_text("utf-8"), re.I)
    ]
    assert naming == []


def test_gates_name_stages_only_in_the_fields_that_are_checked() -> None:
    """`Policy.named_stages` reads `stage` and `stages`, and reports unknown keys."""
    [gates, _discriminator] = get_args(Gate)
    names = {name for gate in get_args(gates) for name in gate.model_fields}
    assert {name for name in names if "stage" in name} == {"stage", "stages"}
