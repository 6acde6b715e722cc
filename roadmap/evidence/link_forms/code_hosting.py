"""Pull requests, issues, commits, releases, repositories and snippets."""

from __future__ import annotations

from functools import partial

from roadmap.core.gettext_noop import N_
from roadmap.evidence.link_forms.link_form import ANY, LinkForm

GITHUB = "github.com github.* ghe.*"
GITLAB = "gitlab.com"
BITBUCKET = "bitbucket.org"
CODEBERG = "codeberg.org gitea.com"
project = partial(LinkForm, kinds=("open_source", "launch", "case_study", "other"))
# A change that the author made or reviewed.
change = partial(LinkForm, kinds=("open_source", "review_given", "launch", "case_study", "other"))
# Written descriptions rather than changes.
DOC_KINDS = ("design_doc", "case_study", "other")

# GitHub's own pages, which are not repositories.
_NOT_RESERVED = (
    r"(?!(?:about|apps|collections|customer-stories|enterprise|explore|features|login|logout"
    r"|marketplace|new|notifications|orgs|organizations|pricing|search|security|sessions|settings"
    r"|site|sponsors|stars|topics|trending|users)/)"
)
_REPO = rf"/{_NOT_RESERVED}(?P<owner>[\w.-]+)/(?P<repo>[\w.-]+?)"
_PROJECT = r"/(?P<repo>[\w.~/-]+?)"
_SHA = r"(?P<short>[0-9a-f]{7})[0-9a-f]{0,57}"

FORMS = (
    LinkForm(N_("review on GitHub"), GITHUB,
        rf"{_REPO}/pull/(?P<number>\d+)(?:[/?][^#]*)?#pullrequestreview-(?P<review>\d+)$",
        "{owner}/{repo} #{number}", "{host}/{owner}/{repo}/{number}/{review}",
        kinds=("review_given", "mentoring", "other")),
    change(N_("GitHub pull request"), GITHUB, rf"{_REPO}/pull/(?P<number>\d+)",
        "{owner}/{repo} #{number}", "{host}/{owner}/{repo}/{number}"),
    LinkForm(N_("GitHub issue"), GITHUB, rf"{_REPO}/issues/(?P<number>\d+)",
        "{owner}/{repo} #{number}", "{host}/{owner}/{repo}/{number}",
        kinds=("open_source", "other")),
    LinkForm(N_("GitHub discussion"), GITHUB, rf"{_REPO}/discussions/(?P<number>\d+)",
        "{owner}/{repo} #{number}", "{host}/{owner}/{repo}/{number}",
        kinds=("other", "open_source", "design_doc")),
    project(N_("GitHub commit"), GITHUB, rf"{_REPO}/commits?/{_SHA}", "{owner}/{repo} @{short}",
        "{host}/{owner}/{repo}@{short}"),
    project(N_("GitHub release"), GITHUB, rf"{_REPO}/releases/tag/(?P<tag>[^/?]+)",
        "{owner}/{repo} {tag}", "{host}/{owner}/{repo}/{tag}"),
    LinkForm(N_("design document in a GitHub repository"), GITHUB,
        rf"{_REPO}/blob/[^?]*?\b(?:adrs?|decisions|designs?|proposals|rfcs?)/(?P<slug>[^?]+)"
        r"(?:\?.*)?$", kinds=DOC_KINDS),
    LinkForm(N_("file in a GitHub repository"), GITHUB, rf"{_REPO}/blob/[^/?]+/(?P<path>[^?]+)",
        "{owner}/{repo}: {path}", kinds=("open_source", *DOC_KINDS)),
    LinkForm(N_("GitHub wiki page"), GITHUB, rf"{_REPO}/wiki/(?P<slug>[^/?]+)", kinds=DOC_KINDS),
    change(N_("list on GitHub"), GITHUB, rf"{_REPO}/(?:pulls|issues)\?.*$", ""),
    project(N_("GitHub repository"), GITHUB,
        rf"{_REPO}(?:\.git)?(?:/(?:tree/.*|releases|issues|pulls|wiki))?(?:\?.*)?$",
        "{owner}/{repo}", "{host}/{owner}/{repo}"),
    LinkForm(N_("GitHub gist"), "gist.github.com",
        r"/(?:(?P<owner>[\w-]+)/)?(?P<number>[0-9a-f]{20,40})", "", "gist/{number}",
        kinds=("open_source", "blog_post", "other")),
    change(N_("GitLab merge request"), ANY, rf"{_PROJECT}/-/merge_requests/(?P<number>\d+)",
        "{repo} !{number}", "{host}/{repo}!{number}"),
    change(N_("GitLab merge request"), GITLAB, rf"{_PROJECT}/merge_requests/(?P<number>\d+)",
        "{repo} !{number}", "{host}/{repo}!{number}"),
    LinkForm(N_("GitLab issue"), ANY, rf"{_PROJECT}/-/(?:issues|work_items)/(?P<number>\d+)",
        "{repo} #{number}", "{host}/{repo}#{number}", kinds=("open_source", "other")),
    LinkForm(N_("GitLab issue"), GITLAB, rf"{_PROJECT}/issues/(?P<number>\d+)", "{repo} #{number}",
        "{host}/{repo}#{number}", kinds=("open_source", "other")),
    project(N_("GitLab commit"), ANY, rf"{_PROJECT}/-/commit/{_SHA}", "{repo} @{short}",
        "{host}/{repo}@{short}"),
    project(N_("GitLab release"), ANY, rf"{_PROJECT}/-/releases/(?P<tag>[^/?]+)", "{repo} {tag}",
        "{host}/{repo}/{tag}"),
    LinkForm(N_("GitLab snippet"), ANY, r"(?:/(?P<repo>[\w.~/-]+?))?/-/snippets/(?P<number>\d+)",
        "", "{host}/snippets/{number}",
        kinds=("open_source", "blog_post", "other")),
    LinkForm(N_("GitLab wiki page"), ANY, rf"{_PROJECT}/-/wikis/(?P<slug>[^?]+)", kinds=DOC_KINDS),
    LinkForm(N_("file in a GitLab repository"), ANY, rf"{_PROJECT}/-/blob/[^/?]+/(?P<path>[^?]+)",
        "{repo}: {path}", kinds=("open_source", *DOC_KINDS)),
    project(N_("GitLab repository"), GITLAB,
        r"/(?!(?:explore|groups|help|users)/)(?P<repo>[\w.-]+(?:/[\w.-]+){1,4}?)(?:\.git)?"
        r"(?:/-/tree/.*)?(?:\?.*)?$", "{repo}", "{host}/{repo}"),
    change(N_("Bitbucket pull request"), BITBUCKET, rf"{_REPO}/pull-requests/(?P<number>\d+)",
        "{owner}/{repo} #{number}", "{host}/{owner}/{repo}/{number}"),
    change(N_("Bitbucket pull request"), ANY,
        r"(?:/\w+)?/(?:projects|users)/(?P<owner>[\w~.-]+)/repos/(?P<repo>[\w.-]+)/pull-requests/"
        r"(?P<number>\d+)", "{owner}/{repo} #{number}", "{host}/{owner}/{repo}/{number}"),
    project(N_("Bitbucket commit"), BITBUCKET, rf"{_REPO}/commits/{_SHA}",
        "{owner}/{repo} @{short}", "{host}/{owner}/{repo}@{short}"),
    project(N_("Bitbucket repository"), BITBUCKET, rf"{_REPO}(?:/src(?:/.*)?)?(?:\?.*)?$",
        "{owner}/{repo}", "{host}/{owner}/{repo}"),
    change(N_("Codeberg pull request"), CODEBERG, rf"{_REPO}/pulls/(?P<number>\d+)",
        "{owner}/{repo} #{number}", "{host}/{owner}/{repo}/{number}"),
    LinkForm(N_("Codeberg issue"), CODEBERG, rf"{_REPO}/issues/(?P<number>\d+)",
        "{owner}/{repo} #{number}", "{host}/{owner}/{repo}/{number}",
        kinds=("open_source", "other")),
    project(N_("Codeberg repository"), CODEBERG, rf"{_REPO}(?:/src/.*)?(?:\?.*)?$",
        "{owner}/{repo}", "{host}/{owner}/{repo}"),
    change(N_("Gerrit change"), ANY, r"/c/(?P<repo>[\w./-]+?)/\+/(?P<number>\d+)",
        "{repo} {number}", "{host}/{number}"),
    project(N_("Hugging Face dataset"), "huggingface.co",
        r"/datasets/(?P<owner>[\w.-]+)/(?P<repo>[\w.-]+)", "{owner}/{repo}"),
    project(N_("Hugging Face space"), "huggingface.co",
        r"/spaces/(?P<owner>[\w.-]+)/(?P<repo>[\w.-]+)", "{owner}/{repo}"),
    LinkForm(N_("arXiv paper"), "huggingface.co",
        r"/papers/(?P<number>(?P<yy>\d\d)(?P<month>\d\d)\.\d{4,5})", "arXiv {number}",
        "arxiv/{number}", kinds=("publication",)),
    project(N_("Hugging Face model"), "huggingface.co",
        r"/(?!(?:blog|docs|learn|models|organizations|settings|tasks)/)(?P<owner>[\w.-]+)"
        r"/(?P<repo>[\w.-]+)", "{owner}/{repo}"),
    project(N_("Python package"), "pypi.org", r"/project/(?P<repo>[\w.-]+)", "{repo}",
        "pypi/{repo}"),
    project(N_("npm package"), "npmjs.com", r"/package/(?P<repo>(?:@[\w.-]+/)?[\w.-]+)", "{repo}",
        "npm/{repo}"),
    LinkForm(N_("Kaggle notebook"), "kaggle.com", r"/code/(?P<owner>[\w-]+)/(?P<slug>[\w-]+)",
        kinds=("open_source", "case_study")),
)  # fmt: skip
