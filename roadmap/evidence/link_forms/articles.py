"""Posts on blogs and platforms, whose addresses mostly have the title."""

from __future__ import annotations

from roadmap.core.gettext_noop import N_
from roadmap.evidence.link_forms.link_form import ANY_HOST, LinkForm

POST = ("blog_post", "case_study", "other")
_REST = r"(?:[/?].*)?"
_MEDIUM_ID = r"(?P<number>[0-9a-f]{8,12})"
_DAY = r"(?P<year>(?:19|20)\d\d)/(?P<month>0[1-9]|1[0-2])(?:/(?P<day>0[1-9]|[12]\d|3[01]))?"

FORMS = (
    LinkForm(
        N_("Medium post"), ("medium.com", "*.medium.com", "towardsdatascience.com",
                            "levelup.gitconnected.com", "betterprogramming.pub"),
        rf"(?:/@?[\w.-]+)?/(?P<slug>[^/?]+)-{_MEDIUM_ID}{_REST}", POST, "{slug}",
        "medium/{number}",
    ),
    LinkForm(
        N_("Medium post"), ("medium.com",), rf"/p/{_MEDIUM_ID}{_REST}", POST, "Medium {number}",
        "medium/{number}",
    ),
    LinkForm(
        N_("dev.to post"), ("dev.to",),
        rf"/(?!t/)(?P<owner>\w+)/(?P<slug>[\w-]+?)-(?P<number>[0-9a-z]{{3,4}}){_REST}", POST,
        "{slug}", "dev.to/{owner}/{number}/{slug}",
    ),
    LinkForm(
        N_("Substack post"), ("*.substack.com",), rf"/p/(?P<slug>[\w-]+){_REST}", POST,
    ),
    LinkForm(
        N_("Substack post"), ("open.substack.com",),
        rf"/pub/(?P<owner>[\w-]+)/p/(?P<slug>[\w-]+){_REST}", POST,
    ),
    LinkForm(
        N_("Hashnode post"), ("*.hashnode.dev",), rf"/(?!(?:tag|series)/)(?P<slug>[\w-]+){_REST}",
        POST,
    ),
    LinkForm(
        N_("LinkedIn article"), ("linkedin.com",),
        rf"/pulse/(?P<slug>[^/?]+?)(?:-[0-9a-z]{{5,6}})?{_REST}", POST,
    ),
    LinkForm(
        N_("LinkedIn post"), ("linkedin.com",), r"/posts/[^/?]+-(?P<number>\d{15,20})-[^/?]+"
        rf"{_REST}", ("other", "blog_post", "talk"), "LinkedIn {number}", "linkedin/{number}",
    ),
    LinkForm(
        N_("HackerNoon post"), ("hackernoon.com",), rf"/(?!u/)(?P<slug>[\w-]{{12,}}){_REST}", POST,
    ),
    LinkForm(
        N_("Hugging Face post"), ("huggingface.co",),
        rf"/blog/(?:[\w-]+/)?(?P<slug>[\w-]+){_REST}", POST,
    ),
    LinkForm(
        N_("Stack Overflow answer"), ("stackoverflow.com",), rf"/a/(?P<number>\d+){_REST}",
        ("mentoring", "other", "blog_post"), "Stack Overflow {number}", "stackoverflow/{number}",
    ),
    LinkForm(
        N_("Stack Overflow question"), ("stackoverflow.com",),
        rf"/questions/(?P<number>\d+)/(?P<slug>[\w-]+){_REST}", ("mentoring", "other", "blog_post"),
        "{slug}", "stackoverflow/{number}",
    ),
    # Of any blog: the day in the address says that it is a post.
    LinkForm(
        N_("post with its date in the address"), (ANY_HOST,),
        rf"(?:/[\w.-]+){{0,3}}/{_DAY}/(?P<slug>[^/?]+)(?:\?.*)?", POST,
    ),
)  # fmt: skip
