"""Pull requests, issues, commits, releases, repositories and snippets."""

from __future__ import annotations

from roadmap.core.gettext_noop import N_
from roadmap.evidence.link_forms.link_form import ANY_HOST, LinkForm

GITHUB = ("github.com",)
GITLAB = ("gitlab.com",)
BITBUCKET = ("bitbucket.org",)
CODEBERG = ("codeberg.org", "gitea.com")
ANY = (ANY_HOST,)
OPEN_SOURCE = ("open_source", "launch", "case_study", "other")
# One's own change, or another's that one reviewed.
PROPOSED = ("open_source", "review_given", "launch", "case_study", "other")
# What is described rather than changed.
WRITTEN = ("design_doc", "case_study", "other")

# Pages of GitHub itself, which are no repositories.
_NO_OWNER = (
    r"(?!(?:about|apps|collections|customer-stories|enterprise|explore|features|login|logout"
    r"|marketplace|new|notifications|orgs|organizations|pricing|search|security|sessions|settings"
    r"|site|sponsors|stars|topics|trending|users)/)"
)
_REPO = rf"/{_NO_OWNER}(?P<owner>[\w.-]+)/(?P<repo>[\w.-]+?)"
_PROJECT = r"/(?P<repo>[\w.~/-]+?)"
_SHA = r"(?P<short>[0-9a-f]{7})[0-9a-f]{0,57}"
_REST = r"(?:[/?].*)?"

FORMS = (
    LinkForm(
        N_("review on GitHub"), GITHUB,
        rf"{_REPO}/pull/(?P<number>\d+)(?:[/?][^#]*)?#pullrequestreview-(?P<review>\d+)",
        ("review_given", "mentoring", "other"), "{owner}/{repo} #{number}",
        "{host}/{owner}/{repo}/{number}/{review}",
    ),
    LinkForm(
        N_("GitHub pull request"), GITHUB, rf"{_REPO}/pull/(?P<number>\d+){_REST}", PROPOSED,
        "{owner}/{repo} #{number}", "{host}/{owner}/{repo}/{number}",
    ),
    LinkForm(
        N_("GitHub issue"), GITHUB, rf"{_REPO}/issues/(?P<number>\d+){_REST}",
        ("open_source", "other"), "{owner}/{repo} #{number}", "{host}/{owner}/{repo}/{number}",
    ),
    LinkForm(
        N_("GitHub discussion"), GITHUB, rf"{_REPO}/discussions/(?P<number>\d+){_REST}",
        ("other", "open_source", "design_doc"), "{owner}/{repo} #{number}",
        "{host}/{owner}/{repo}/{number}",
    ),
    LinkForm(
        N_("GitHub commit"), GITHUB,
        rf"{_REPO}/commits?/{_SHA}{_REST}", OPEN_SOURCE,
        "{owner}/{repo} @{short}", "{host}/{owner}/{repo}@{short}",
    ),
    LinkForm(
        N_("GitHub release"), GITHUB, rf"{_REPO}/releases/tag/(?P<tag>[^/?]+){_REST}",
        OPEN_SOURCE, "{owner}/{repo} {tag}", "{host}/{owner}/{repo}/{tag}",
    ),
    LinkForm(
        N_("design document in a GitHub repository"), GITHUB,
        rf"{_REPO}/blob/[^?]*?\b(?:adrs?|decisions|designs?|proposals|rfcs?)/(?P<slug>[^?]+)"
        r"(?:\?.*)?",
        WRITTEN,
    ),
    LinkForm(
        N_("file in a GitHub repository"), GITHUB, rf"{_REPO}/blob/[^/?]+/(?P<path>[^?]+){_REST}",
        ("open_source", *WRITTEN), "{owner}/{repo}: {path}",
    ),
    LinkForm(
        N_("GitHub wiki page"), GITHUB, rf"{_REPO}/wiki/(?P<slug>[^/?]+){_REST}", WRITTEN,
    ),
    LinkForm(
        N_("GitHub repository"), GITHUB,
        rf"{_REPO}(?:\.git)?(?:/(?:tree/.*|releases|issues|pulls|wiki))?(?:\?.*)?", OPEN_SOURCE,
        "{owner}/{repo}", "{host}/{owner}/{repo}",
    ),
    LinkForm(
        N_("GitHub gist"), ("gist.github.com",),
        rf"/(?:(?P<owner>[\w-]+)/)?(?P<number>[0-9a-f]{{20,40}}){_REST}",
        ("open_source", "blog_post", "other"), "Gist {number:.7}", "gist/{number}",
    ),
    LinkForm(
        N_("GitLab merge request"), ANY,
        rf"{_PROJECT}/-/merge_requests/(?P<number>\d+){_REST}", PROPOSED,
        "{repo} !{number}", "{host}/{repo}!{number}",
    ),
    LinkForm(
        N_("GitLab merge request"), GITLAB, rf"{_PROJECT}/merge_requests/(?P<number>\d+){_REST}",
        PROPOSED, "{repo} !{number}", "{host}/{repo}!{number}",
    ),
    LinkForm(
        N_("GitLab issue"), ANY,
        rf"{_PROJECT}/-/(?:issues|work_items)/(?P<number>\d+){_REST}", ("open_source", "other"),
        "{repo} #{number}", "{host}/{repo}#{number}",
    ),
    LinkForm(
        N_("GitLab issue"), GITLAB, rf"{_PROJECT}/issues/(?P<number>\d+){_REST}",
        ("open_source", "other"), "{repo} #{number}", "{host}/{repo}#{number}",
    ),
    LinkForm(
        N_("GitLab commit"), ANY, rf"{_PROJECT}/-/commit/{_SHA}{_REST}", OPEN_SOURCE,
        "{repo} @{short}", "{host}/{repo}@{short}",
    ),
    LinkForm(
        N_("GitLab release"), ANY, rf"{_PROJECT}/-/releases/(?P<tag>[^/?]+){_REST}",
        OPEN_SOURCE, "{repo} {tag}", "{host}/{repo}/{tag}",
    ),
    LinkForm(
        N_("GitLab snippet"), ANY,
        rf"(?:/(?P<repo>[\w.~/-]+?))?/-/snippets/(?P<number>\d+){_REST}",
        ("open_source", "blog_post", "other"), "Snippet {number}", "{host}/snippets/{number}",
    ),
    LinkForm(
        N_("GitLab wiki page"), ANY, rf"{_PROJECT}/-/wikis/(?P<slug>[^?]+){_REST}", WRITTEN,
    ),
    LinkForm(
        N_("file in a GitLab repository"), ANY,
        rf"{_PROJECT}/-/blob/[^/?]+/(?P<path>[^?]+){_REST}", ("open_source", *WRITTEN),
        "{repo}: {path}",
    ),
    LinkForm(
        N_("GitLab repository"), GITLAB,
        r"/(?!(?:explore|groups|help|users)/)(?P<repo>[\w.-]+(?:/[\w.-]+){1,4}?)(?:\.git)?"
        r"(?:/-/tree/.*)?(?:\?.*)?",
        OPEN_SOURCE, "{repo}", "{host}/{repo}",
    ),
    LinkForm(
        N_("Bitbucket pull request"), BITBUCKET,
        rf"{_REPO}/pull-requests/(?P<number>\d+){_REST}", PROPOSED,
        "{owner}/{repo} #{number}", "{host}/{owner}/{repo}/{number}",
    ),
    LinkForm(
        N_("Bitbucket pull request"), ANY,
        r"(?:/\w+)?/(?:projects|users)/(?P<owner>[\w~.-]+)/repos/(?P<repo>[\w.-]+)/pull-requests/"
        rf"(?P<number>\d+){_REST}",
        PROPOSED, "{owner}/{repo} #{number}", "{host}/{owner}/{repo}/{number}",
    ),
    LinkForm(
        N_("Bitbucket commit"), BITBUCKET, rf"{_REPO}/commits/{_SHA}{_REST}", OPEN_SOURCE,
        "{owner}/{repo} @{short}", "{host}/{owner}/{repo}@{short}",
    ),
    LinkForm(
        N_("Bitbucket repository"), BITBUCKET, rf"{_REPO}(?:/src(?:/.*)?)?(?:\?.*)?", OPEN_SOURCE,
        "{owner}/{repo}", "{host}/{owner}/{repo}",
    ),
    LinkForm(
        N_("Codeberg pull request"), CODEBERG, rf"{_REPO}/pulls/(?P<number>\d+){_REST}",
        PROPOSED, "{owner}/{repo} #{number}", "{host}/{owner}/{repo}/{number}",
    ),
    LinkForm(
        N_("Codeberg issue"), CODEBERG, rf"{_REPO}/issues/(?P<number>\d+){_REST}",
        ("open_source", "other"), "{owner}/{repo} #{number}", "{host}/{owner}/{repo}/{number}",
    ),
    LinkForm(
        N_("Codeberg repository"), CODEBERG, rf"{_REPO}(?:/src/.*)?(?:\?.*)?", OPEN_SOURCE,
        "{owner}/{repo}", "{host}/{owner}/{repo}",
    ),
    LinkForm(
        N_("Gerrit change"), ANY, rf"/c/(?P<repo>[\w./-]+?)/\+/(?P<number>\d+){_REST}",
        PROPOSED, "{repo} {number}", "{host}/{number}",
    ),
    LinkForm(
        N_("Hugging Face dataset"), ("huggingface.co",),
        rf"/datasets/(?P<owner>[\w.-]+)/(?P<repo>[\w.-]+){_REST}", OPEN_SOURCE, "{owner}/{repo}",
    ),
    LinkForm(
        N_("Hugging Face space"), ("huggingface.co",),
        rf"/spaces/(?P<owner>[\w.-]+)/(?P<repo>[\w.-]+){_REST}", OPEN_SOURCE, "{owner}/{repo}",
    ),
    LinkForm(
        N_("arXiv paper"), ("huggingface.co",),
        rf"/papers/(?P<number>(?P<yy>\d\d)(?P<month>\d\d)\.\d{{4,5}}){_REST}", ("publication",),
        "arXiv {number}", "arxiv/{number}",
    ),
    LinkForm(
        N_("Hugging Face model"), ("huggingface.co",),
        r"/(?!(?:blog|docs|learn|models|organizations|settings|tasks)/)(?P<owner>[\w.-]+)"
        rf"/(?P<repo>[\w.-]+){_REST}",
        OPEN_SOURCE, "{owner}/{repo}",
    ),
    LinkForm(
        N_("Python package"), ("pypi.org",), rf"/project/(?P<repo>[\w.-]+){_REST}", OPEN_SOURCE,
        "{repo}", "pypi/{repo}",
    ),
    LinkForm(
        N_("npm package"), ("npmjs.com",), rf"/package/(?P<repo>(?:@[\w.-]+/)?[\w.-]+){_REST}",
        OPEN_SOURCE, "{repo}", "npm/{repo}",
    ),
    LinkForm(
        N_("Kaggle notebook"), ("kaggle.com",),
        rf"/code/(?P<owner>[\w-]+)/(?P<slug>[\w-]+){_REST}", ("open_source", "case_study"),
    ),
)  # fmt: skip
