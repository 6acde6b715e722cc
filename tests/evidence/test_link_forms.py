"""Recognition of links by their format, without fetching them."""

from __future__ import annotations

import time

import pytest

from roadmap.evidence.kinds import KINDS
from roadmap.evidence.link_forms.registry import FORMS, clean_link, identifier_of, recognize

HEX = "0123456789abcdef0123456789abcdef"
SHA = f"{HEX}01234567"
BADGE = "01234567-89ab-cdef-0123-456789abcdef"

# Link, name of the link form, proposed kind, title and date.
LINKS = [
    ("https://github.com/pandas-dev/pandas/pull/12345",
     "GitHub pull request", "open_source", "pandas-dev/pandas #12345", None),
    ("https://github.com/pandas-dev/pandas/pull/12345/files?diff=split#discussion_r1",
     "GitHub pull request", "open_source", "pandas-dev/pandas #12345", None),
    ("HTTPS://WWW.GitHub.com/Pandas-Dev/Pandas/PULL/12345/",
     "GitHub pull request", "open_source", "Pandas-Dev/Pandas #12345", None),
    ("https://github.com/pandas-dev/pandas/pull/12345#pullrequestreview-678",
     "review on GitHub", "review_given", "pandas-dev/pandas #12345", None),
    ("https://github.com/pandas-dev/pandas/issues/9",
     "GitHub issue", "open_source", "pandas-dev/pandas #9", None),
    ("https://github.com/vercel/next.js/discussions/9",
     "GitHub discussion", "other", "vercel/next.js #9", None),
    (f"https://github.com/pytorch/pytorch/commit/{SHA}",
     "GitHub commit", "open_source", "pytorch/pytorch @0123456", None),
    (f"https://github.com/pytorch/pytorch/pull/7/commits/{SHA}",
     "GitHub pull request", "open_source", "pytorch/pytorch #7", None),
    ("https://github.com/pytorch/pytorch/releases/tag/v2.1.0",
     "GitHub release", "open_source", "pytorch/pytorch v2.1.0", None),
    ("https://github.com/pytorch/pytorch", "GitHub repository", "open_source",
     "pytorch/pytorch", None),
    ("https://github.com/pytorch/pytorch.git", "GitHub repository", "open_source",
     "pytorch/pytorch", None),
    ("https://github.com/pytorch/pytorch/tree/main/torch", "GitHub repository", "open_source",
     "pytorch/pytorch", None),
    ("https://github.com/acme/ranker/blob/main/docs/rfcs/0012-feature-store.md",
     "design document in a GitHub repository", "design_doc", "0012 feature store", None),
    ("https://github.com/acme/ranker/blob/main/README.md",
     "file in a GitHub repository", "open_source", "acme/ranker: README.md", None),
    ("https://github.com/acme/ranker/wiki/On-call-handbook",
     "GitHub wiki page", "design_doc", "On call handbook", None),
    ("https://github.mycorp.com/ranking/ranker/pull/77/files", "GitHub pull request",
     "open_source", "ranking/ranker #77", None),
    ("https://ghe.mycorp.com/ranking/ranker/issues/7", "GitHub issue", "open_source",
     "ranking/ranker #7", None),
    ("https://github.com/pytorch/pytorch/pulls?q=is%3Apr+author%3Aalice", "list on GitHub",
     "open_source", "", None),
    (f"https://www.notion.site/My-page-{HEX}", "Notion page", "design_doc", "My page", None),
    (f"https://gist.github.com/alice/{HEX}", "GitHub gist", "open_source", "", None),
    (f"https://gist.github.com/{HEX}", "GitHub gist", "open_source", "", None),
    ("https://gitlab.com/group/sub/project/-/merge_requests/42/diffs",
     "GitLab merge request", "open_source", "group/sub/project !42", None),
    ("https://gitlab.com/group/project/merge_requests/42",
     "GitLab merge request", "open_source", "group/project !42", None),
    ("https://git.corp.example:8443/ml/ranker/-/merge_requests/7",
     "GitLab merge request", "open_source", "ml/ranker !7", None),
    ("https://git.corp.example/ml/ranker/-/issues/7",
     "GitLab issue", "open_source", "ml/ranker #7", None),
    (f"https://git.corp.example/ml/ranker/-/commit/{SHA}",
     "GitLab commit", "open_source", "ml/ranker @0123456", None),
    ("https://gitlab.com/group/project/-/releases/v1.0",
     "GitLab release", "open_source", "group/project v1.0", None),
    ("https://gitlab.com/-/snippets/123", "GitLab snippet", "open_source", "", None),
    ("https://git.corp.example/ml/ranker/-/wikis/On-call-handbook",
     "GitLab wiki page", "design_doc", "On call handbook", None),
    ("https://git.corp.example/ml/ranker/-/blob/main/rank.py",
     "file in a GitLab repository", "open_source", "ml/ranker: rank.py", None),
    ("https://gitlab.com/group/project", "GitLab repository", "open_source",
     "group/project", None),
    ("https://bitbucket.org/team/repo/pull-requests/5",
     "Bitbucket pull request", "open_source", "team/repo #5", None),
    ("https://bitbucket.corp.example/projects/ML/repos/ranker/pull-requests/5/overview",
     "Bitbucket pull request", "open_source", "ML/ranker #5", None),
    ("https://codeberg.org/forgejo/forgejo/pulls/12",
     "Codeberg pull request", "open_source", "forgejo/forgejo #12", None),
    ("https://review.corp.example/c/ml/ranker/+/4711",
     "Gerrit change", "open_source", "ml/ranker 4711", None),
    ("https://huggingface.co/acme/ranker-7b", "Hugging Face model", "open_source",
     "acme/ranker-7b", None),
    ("https://pypi.org/project/pandas/", "Python package", "open_source", "pandas", None),

    ("https://arxiv.org/abs/2403.01234", "arXiv paper", "publication", "arXiv 2403.01234",
     "2024-03"),
    ("http://www.arxiv.org/PDF/2403.01234v2.pdf", "arXiv paper", "publication",
     "arXiv 2403.01234", "2024-03"),
    ("https://arxiv.org/abs/hep-th/9901001v3", "arXiv paper", "publication",
     "arXiv hep-th/9901001", "1999-01"),
    ("https://arxiv.org/abs/math.GT/0309136", "arXiv paper", "publication",
     "arXiv math.GT/0309136", "2003-09"),
    ("https://doi.org/10.48550/arXiv.2403.01234", "arXiv paper", "publication",
     "arXiv 2403.01234", "2024-03"),
    ("https://doi.org/10.1145/3292500.3330701", "paper with a DOI", "publication",
     "", None),
    ("https://dl.acm.org/doi/abs/10.1145/3292500.3330701", "paper with a DOI", "publication",
     "", None),
    ("https://link.springer.com/article/10.1007/s10994-021-05946-3", "paper with a DOI",
     "publication", "", None),
    ("https://www.nature.com/articles/s41586-021-03819-2", "Nature article", "publication",
     "", None),
    ("https://www.biorxiv.org/content/10.1101/2021.01.15.425001v1.full", "bioRxiv preprint",
     "publication", "", "2021-01-15"),
    ("https://ieeexplore.ieee.org/abstract/document/8953446", "IEEE Xplore paper", "publication",
     "", None),
    ("https://openreview.net/forum?id=AbC_12-x", "OpenReview paper", "publication",
     "", None),
    ("https://openreview.net/pdf?id=AbC_12-x", "OpenReview paper", "publication",
     "", None),
    ("https://aclanthology.org/2023.acl-long.1/", "ACL Anthology paper", "publication",
     "", "2023"),
    ("https://www.aclweb.org/anthology/P19-1001.pdf", "ACL Anthology paper", "publication",
     "", "2019"),
    ("https://proceedings.mlr.press/v139/radford21a.html", "PMLR paper", "publication",
     "", "2021"),
    (f"https://proceedings.neurips.cc/paper_files/paper/2017/hash/{HEX}-Abstract.html",
     "NeurIPS paper", "publication", "", "2017"),
    ("https://papers.nips.cc/paper/7181-attention-is-all-you-need.pdf", "NeurIPS paper",
     "publication", "Attention is all you need", None),
    ("https://jmlr.org/papers/v21/20-074.html", "JMLR paper", "publication", "",
     "2020"),
    ("https://openaccess.thecvf.com/content/CVPR2023/html/Ng_Ranking_Images_CVPR_2023_paper.html",
     "CVF paper", "publication", "Ranking Images", "2023"),
    ("https://zenodo.org/records/1234567", "Zenodo record", "open_source", "", None),

    ("https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=42s&feature=share", "YouTube video", "talk",
     "", None),
    ("https://m.youtube.com/watch?app=desktop&v=dQw4w9WgXcQ", "YouTube video", "talk",
     "", None),
    ("https://youtu.be/dQw4w9WgXcQ?si=Ab12", "YouTube video", "talk", "", None),
    ("https://www.youtube.com/live/dQw4w9WgXcQ", "YouTube video", "talk", "",
     None),
    ("https://vimeo.com/123456789", "Vimeo video", "talk", "", None),
    ("https://player.vimeo.com/video/123456789?h=ab", "Vimeo video", "talk", "",
     None),
    ("https://speakerdeck.com/alice/serving-models-on-a-budget", "Speaker Deck slides", "talk",
     "Serving models on a budget", None),
    ("https://www.slideshare.net/slideshow/serving-models-on-a-budget-251234567/251234567",
     "SlideShare slides", "talk", "Serving models on a budget", None),
    ("https://de.slideshare.net/alice/serving-models-251234567", "SlideShare slides", "talk",
     "Serving models", None),
    ("https://docs.google.com/presentation/d/1aBcD_e/edit#slide=id.p", "Google Slides", "talk",
     "", None),
    ("https://fosdem.org/2024/schedule/event/fosdem-2024-ranking/", "FOSDEM talk", "talk",
     "Fosdem 2024 ranking", "2024"),

    ("https://patents.google.com/patent/US10452978B2/en?oq=US10452978B2",
     "patent on Google Patents", "patent", "US10452978B2", None),
    ("https://patents.google.com/patent/US20210012345A1/en", "patent on Google Patents", "patent",
     "US20210012345A1", "2021"),
    ("https://ppubs.uspto.gov/pubwebapp/external.html?q=(10452978).pn.&db=USPAT",
     "USPTO patent", "patent", "US10452978", None),
    ("https://image-ppubs.uspto.gov/dirsearch-public/print/downloadPdf/10452978",
     "USPTO patent", "patent", "US10452978", None),
    ("https://patentcenter.uspto.gov/applications/16123456", "USPTO application", "patent",
     "US 16123456", None),
    ("https://worldwide.espacenet.com/patent/search?q=pn%3DEP1234567A1", "patent on Espacenet",
     "patent", "EP1234567A1", None),
    ("https://worldwide.espacenet.com/patent/search/family/012345678/publication/US10452978B2",
     "patent on Espacenet", "patent", "US10452978B2", None),
    ("https://worldwide.espacenet.com/publicationDetails/biblio?CC=EP&NR=1234567A1&KC=A1&FT=D",
     "patent on Espacenet", "patent", "EP1234567A1", None),
    ("https://patentscope.wipo.int/search/en/detail.jsf?docId=WO2020123456", "WIPO application",
     "patent", "WO2020123456", "2020"),

    (f"https://www.credly.com/badges/{BADGE}/public_url", "Credly badge", "certification",
     "", None),
    ("https://www.coursera.org/account/accomplishments/certificate/ABCD1234EFGH",
     "Coursera certificate", "certification", "", None),
    (f"https://www.credential.net/{BADGE}", "Accredible certificate", "certification",
     "", None),

    ("https://medium.com/@alice/why-our-feature-store-broke-0123456789ab", "Medium post",
     "blog_post", "Why our feature store broke", None),
    ("https://alice.medium.com/why-our-feature-store-broke-0123456789ab?source=user_profile",
     "Medium post", "blog_post", "Why our feature store broke", None),
    ("https://towardsdatascience.com/why-our-feature-store-broke-0123456789ab", "Medium post",
     "blog_post", "Why our feature store broke", None),
    ("https://dev.to/alice/why-our-feature-store-broke-3k2p", "dev.to post", "blog_post",
     "Why our feature store broke", None),
    ("https://alice.substack.com/p/why-our-feature-store-broke", "Substack post", "blog_post",
     "Why our feature store broke", None),
    ("https://open.substack.com/pub/alice/p/why-it-broke?utm_campaign=post", "Substack post",
     "blog_post", "Why it broke", None),
    ("https://stackoverflow.com/questions/4711/how-to-shard-a-table", "Stack Overflow question",
     "mentoring", "How to shard a table", None),
    ("https://engineering.example.org/2024/03/15/why-our-feature-store-broke/",
     "post with its date in the address", "blog_post", "Why our feature store broke",
     "2024-03-15"),
    ("https://alice.example.org/blog/2024/03/why-it-broke.html",
     "post with its date in the address", "blog_post", "Why it broke", "2024-03"),

    ("https://docs.google.com/document/u/0/d/1aBcD_e/edit?usp=sharing", "Google Docs document",
     "design_doc", "", None),
    (f"https://www.notion.so/acme/Feature-store-design-{HEX}?pvs=4", "Notion page", "design_doc",
     "Feature store design", None),
    (f"https://acme.notion.site/Feature-store-design-{HEX}", "Notion page", "design_doc",
     "Feature store design", None),
    ("https://acme.atlassian.net/wiki/spaces/ENG/pages/123456/Feature+store+design",
     "Confluence page", "design_doc", "Feature store design", None),
    ("https://wiki.corp.example/display/ENG/Feature+store+design", "Confluence page",
     "design_doc", "Feature store design", None),
    ("https://wiki.corp.example/pages/viewpage.action?pageId=123456", "Confluence page",
     "design_doc", "", None),
    ("https://acme.atlassian.net/browse/ML-123", "Jira ticket", "other", "ML-123", None),
]  # fmt: skip


@pytest.mark.parametrize(("url", "name", "kind", "title", "date"), LINKS)
def test_link_is_recognized(url, name, kind, title, date):
    found = recognize(url)
    assert found is not None
    assert (found.name, found.kinds[0], found.title, found.occurred_on) == (
        name, kind, title, date
    )  # fmt: skip


def test_all_link_forms_propose_existing_kinds():
    assert {kind for form in FORMS for kind in form.kinds} <= KINDS.keys()
    assert all(form.kinds for form in FORMS)


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com.evil.example/acme/ranker/pull/1",
        "https://gitlab.com.evil.example/acme/ranker/-/merge_requests/1",
        "https://evil-github.com/acme/ranker/pull/1",
        "https://github.com@evil.example/acme/ranker/-/merge_requests/1",
        "https://githüb.com/acme/ranker/pull/1",
        "https://arxiv.org.evil.example/abs/2403.01234",
        "https://notmedium.com/@alice/why-it-broke-0123456789ab",
        "https://example.org/watch?v=dQw4w9WgXcQ",
        "https://github.com/settings/tokens",
        "https://github.com/marketplace/actions",
        "https://github.com/alice",
        "https://arxiv.org/list/cs.LG/recent",
        "https://www.youtube.com/@alice",
        "https://example.org/2024/13/45/no-day",
        "ftp://github.com/acme/ranker/pull/1",
        "javascript:alert(1)",
        "https://[::1",
        "https://github.com:99999/acme/ranker/pull/1",
        f"https://github.com/{'a' * 3000}/ranker/pull/1",
    ],
)
def test_lookalike_link_is_not_recognized(url):
    assert recognize(url) is None


@pytest.mark.parametrize(
    ("url", "cleaned"),
    [
        ("https://example.org/x?utm_source=a&id=4&fbclid=b", "https://example.org/x?id=4"),
        ("https://example.org/x?q=a%20b", "https://example.org/x?q=a%20b"),
        ("https://Example.org/Feed?ref=main", "https://example.org/Feed?ref=main"),
        ("https://youtu.be/dQw4w9WgXcQ?si=Ab12&t=42", "https://youtu.be/dQw4w9WgXcQ?t=42"),
        ("https://m.youtube.com/watch?v=dQw4w9WgXcQ", "https://youtube.com/watch?v=dQw4w9WgXcQ"),
        ("https://docs.google.com/document/d/1aB/edit?usp=sharing#heading=h.1",
         "https://docs.google.com/document/d/1aB/edit#heading=h.1"),
        ("https://me:secret@example.org/x?gclid=1", "https://me:secret@example.org/x"),
        ("not a link", "not a link"),
    ],
)  # fmt: skip
def test_tracking_parameters_are_removed(url, cleaned):
    assert clean_link(url) == cleaned


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://github.com/acme/ranker/pull/1", "http://www.github.com/Acme/ranker/pull/1/files"),
        ("https://arxiv.org/abs/2403.01234v1", "https://doi.org/10.48550/arXiv.2403.01234"),
        ("https://youtu.be/dQw4w9WgXcQ", "https://m.youtube.com/watch?v=dQw4w9WgXcQ&t=1"),
        ("https://dl.acm.org/doi/10.1145/1.2", "https://doi.org/10.1145/1.2"),
        ("https://example.org/x/?utm_medium=mail", "http://www.example.org/x"),
    ],
)
def test_equivalent_links_have_same_identifier(one, other):
    assert identifier_of(one) == identifier_of(other)


def test_different_links_have_different_identifiers():
    urls = ["https://youtu.be/dQw4w9WgXcQ", "https://youtu.be/dqw4w9wgxcq", "https://example.org/X",
            "https://example.org/x", "https://example.org/x?id=1", "https://example.org:8443/x",
            "https://github.com/acme/ranker/pull/1", "https://github.com/acme/ranker"]  # fmt: skip
    assert len({identifier_of(url) for url in urls}) == len(urls)


def test_hostile_link_is_checked_in_bounded_time():
    """No pattern backtracks excessively."""
    started = time.perf_counter()
    for part in ("/-/", "/a", "-a", "&q=", "/2024/03", "(", "%28", "/pages"):
        recognize(f"https://example.org/{part * (1_900 // len(part))}")
        recognize(f"https://github.com/a/b/blob/{part * (1_900 // len(part))}")
        recognize(f"https://patft.uspto.gov/netacgi/nph-Parser?{part * (1_800 // len(part))}")
    assert time.perf_counter() - started < 2
