"""Posts on blogs and platforms, whose URLs usually contain the title."""

from __future__ import annotations

from functools import partial

from roadmap.core.gettext_noop import N_
from roadmap.evidence.link_forms.link_form import ANY, LinkForm

post = partial(LinkForm, kinds=("blog_post", "case_study", "other"))
_MEDIUM_ID = r"(?P<number>[0-9a-f]{8,12})"
_DAY = r"(?P<year>(?:19|20)\d\d)/(?P<month>0[1-9]|1[0-2])(?:/(?P<day>0[1-9]|[12]\d|3[01]))?"

FORMS = (
    post(N_("Medium post"),
        "medium.com *.medium.com towardsdatascience.com levelup.gitconnected.com "
        "betterprogramming.pub",
        rf"(?:/@?[\w.-]+)?/(?P<slug>[^/?]+)-{_MEDIUM_ID}", "{slug}", "medium/{number}"),
    post(N_("Medium post"), "medium.com", rf"/p/{_MEDIUM_ID}", "",
        "medium/{number}"),
    post(N_("dev.to post"), "dev.to",
        r"/(?!t/)(?P<owner>\w+)/(?P<slug>[\w-]+?)-(?P<number>[0-9a-z]{3,4})", "{slug}",
        "dev.to/{owner}/{number}/{slug}"),
    post(N_("Substack post"), "*.substack.com", r"/p/(?P<slug>[\w-]+)"),
    post(N_("Substack post"), "open.substack.com", r"/pub/(?P<owner>[\w-]+)/p/(?P<slug>[\w-]+)"),
    post(N_("Hashnode post"), "*.hashnode.dev", r"/(?!(?:tag|series)/)(?P<slug>[\w-]+)"),
    post(N_("LinkedIn article"), "linkedin.com", "/pulse/(?P<slug>[^/?]+?)(?:-[0-9a-z]{5,6})?"),
    LinkForm(N_("LinkedIn post"), "linkedin.com", r"/posts/[^/?]+-(?P<number>\d{15,20})-[^/?]+",
        "", "linkedin/{number}", kinds=("other", "blog_post", "talk")),
    post(N_("HackerNoon post"), "hackernoon.com", r"/(?!u/)(?P<slug>[\w-]{12,})"),
    post(N_("Hugging Face post"), "huggingface.co", r"/blog/(?:[\w-]+/)?(?P<slug>[\w-]+)"),
    LinkForm(N_("Stack Overflow answer"), "stackoverflow.com", r"/a/(?P<number>\d+)",
        "", "stackoverflow/{number}",
        kinds=("mentoring", "other", "blog_post")),
    LinkForm(N_("Stack Overflow question"), "stackoverflow.com",
        r"/questions/(?P<number>\d+)/(?P<slug>[\w-]+)", "{slug}", "stackoverflow/{number}",
        kinds=("mentoring", "other", "blog_post")),
    # Any blog: a date in the path indicates a post.
    post(N_("post with its date in the address"), ANY,
        rf"(?:/[\w.-]+){{0,3}}/{_DAY}/(?P<slug>[^/?]+)(?:\?.*)?$"),
)  # fmt: skip
