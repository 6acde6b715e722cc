"""The registry of evidence kinds, which pages, API and rules use. To add a kind, add an entry."""

from __future__ import annotations

from dataclasses import dataclass

from roadmap.core.gettext_noop import N_


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of evidence. Its texts are translated when they are displayed.

    `label` is used on its own and `name` within a sentence. `hint` describes good evidence.
    `is_issued` means that it has an issuer and may expire, `is_published` that it has a venue, an
    event or an office as publisher. `impacts` are the impact types that such evidence can measure;
    readiness suggests adding an impact only if there are any.
    """

    label: str
    name: str
    hint: str
    is_issued: bool = False
    is_published: bool = False
    impacts: tuple[str, ...] = ()


KINDS: dict[str, Kind] = {
    "design_doc": Kind(
        N_("Design document"),
        N_("design document"),
        N_(
            "The problem, at least two options with their costs, the decision and what would "
            "reverse it: data flow, training and serving paths, failure modes, with the "
            "reviewers' names."
        ),
        impacts=("scale", "business", "team"),
    ),
    "case_study": Kind(
        N_("Case study"),
        N_("case study"),
        N_(
            "One system from problem to result: the metric before and after, what you chose and "
            "what you rejected, and what went wrong on the way."
        ),
        impacts=("scale", "business", "team"),
    ),
    "open_source": Kind(
        N_("Open-source contribution"),
        N_("open-source contribution"),
        N_(
            "A merged pull request or a repository that others run: what was broken or missing, "
            "your change, the tests, and what its maintainers said."
        ),
        impacts=("scale",),
    ),
    "blog_post": Kind(
        N_("Blog post"),
        N_("blog post"),
        N_(
            "Something you built or measured, explained so that a reader can repeat it: code, "
            "figures and the limits of the method."
        ),
        is_published=True,
    ),
    "talk": Kind(
        N_("Talk"),
        N_("talk"),
        N_(
            "Slides or a recording, the audience and its size, and one question from it that "
            "changed what you think."
        ),
        is_published=True,
    ),
    "publication": Kind(
        N_("Publication"),
        N_("publication"),
        N_(
            "A paper with its venue and your share of the work, and code or data to "
            "reproduce the result."
        ),
        is_published=True,
    ),
    "patent": Kind(
        N_("Patent"),
        N_("patent"),
        N_(
            "The application or grant number, the claim in one sentence, and where the method "
            "runs today."
        ),
        is_published=True,
    ),
    "certification": Kind(
        N_("Certification"),
        N_("certification"),
        N_(
            "Issuer, date and expiry with a link that verifies it, and one thing that you built "
            "with what you learned."
        ),
        is_issued=True,
    ),
    "mentoring": Kind(
        N_("Mentoring"),
        N_("mentoring"),
        N_(
            "The people you helped (with their consent, or by role), for how many months, "
            "and what they can do alone now that they could not do before."
        ),
        impacts=("team",),
    ),
    "launch": Kind(
        N_("Launch"),
        N_("launch"),
        N_(
            "A model or platform that serves real traffic: date, scale, your role, the guardrail "
            "metrics, and how it would have been rolled back."
        ),
        impacts=("scale", "business", "team"),
    ),
    "incident": Kind(
        N_("Incident led"),
        N_("incident led"),
        N_(
            "The incident or drill that you led: your role, times to detection and to "
            "recovery from the log, the postmortem, and which of its actions are closed."
        ),
        impacts=("scale", "business", "team"),
    ),
    "review_given": Kind(
        N_("Review given"),
        N_("review given"),
        N_(
            "Reviews of other people's code or designs: which, what you found, what changed "
            "because of it, and what its author says about the review."
        ),
        impacts=("team",),
    ),
    "interviewing": Kind(
        N_("Interviewing"),
        N_("interviewing"),
        N_(
            "The interviews that you held or the loop that you designed: how many, for "
            "which role, with what rubric, and how well your judgements held up. No "
            "names of candidates."
        ),
        impacts=("team",),
    ),
    "other": Kind(
        N_("Other"),
        N_("other"),
        N_(
            "Anything dated that someone else could check: what it is, what your role was, "
            "and which milestone it proves."
        ),
    ),
}
