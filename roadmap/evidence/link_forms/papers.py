"""Papers: archives, DOIs, proceedings and libraries."""

from __future__ import annotations

from roadmap.core.gettext_noop import N_
from roadmap.evidence.link_forms.link_form import LinkForm

PAPER = ("publication", "case_study", "other")
_REST = r"(?:[/?].*)?"
_VERSION = r"(?:v\d+)?"
_DOI = r"(?P<number>10\.\d{4,9}/[^?]+?)"
_ARXIV = ("arxiv.org", "export.arxiv.org", "browse.arxiv.org", "ar5iv.org", "ar5iv.labs.arxiv.org")
_DOI_HOSTS = ("doi.org", "dx.doi.org")
_YYMM = r"(?P<yy>\d\d)(?P<month>0[1-9]|1[0-2])"

FORMS = (
    LinkForm(
        N_("arXiv paper"), (*_ARXIV, "alphaxiv.org"),
        rf"/(?:abs|pdf|html|format|overview)/(?P<number>{_YYMM}\.\d{{4,5}}){_VERSION}(?:\.pdf)?"
        rf"{_REST}",
        PAPER, "arXiv {number}", "arxiv/{number}",
    ),
    LinkForm(
        N_("arXiv paper"), _ARXIV,
        rf"/(?:abs|pdf)/(?P<number>[a-z-]+(?:\.[A-Z]{{2}})?/{_YYMM}\d{{3}}){_VERSION}(?:\.pdf)?"
        rf"{_REST}",
        PAPER, "arXiv {number}", "arxiv/{number}",
    ),
    LinkForm(
        N_("arXiv paper"), _DOI_HOSTS,
        rf"/10\.48550/arXiv\.(?P<number>{_YYMM}\.\d{{4,5}}){_VERSION}{_REST}", PAPER,
        "arXiv {number}", "arxiv/{number}",
    ),
    LinkForm(
        N_("Zenodo record"), _DOI_HOSTS, rf"/10\.5281/zenodo\.(?P<number>\d+){_REST}",
        ("open_source", *PAPER), "Zenodo {number}", "zenodo/{number}",
    ),
    LinkForm(
        N_("Zenodo record"), ("zenodo.org",), rf"/records?/(?P<number>\d+){_REST}",
        ("open_source", *PAPER), "Zenodo {number}", "zenodo/{number}",
    ),
    LinkForm(
        N_("paper with a DOI"), _DOI_HOSTS, rf"/{_DOI}(?:\?.*)?", PAPER, "DOI {number}",
        "doi/{number}",
    ),
    LinkForm(
        N_("bioRxiv preprint"), ("biorxiv.org", "medrxiv.org"),
        r"/content/(?P<number>10\.\d+/(?P<year>\d{4})\.(?P<month>\d\d)\.(?P<day>\d\d)\.\d+)"
        rf"{_VERSION}(?:\.[\w.-]+)?{_REST}",
        PAPER, "DOI {number}", "doi/{number}",
    ),
    LinkForm(
        N_("paper with a DOI"),
        ("dl.acm.org", "onlinelibrary.wiley.com", "tandfonline.com", "science.org", "pubs.acs.org",
         "journals.sagepub.com", "pnas.org", "royalsocietypublishing.org", "epubs.siam.org"),
        rf"/doi/(?:(?:abs|full|pdf|epdf|pdfdirect|book|proceedings|html|fullHtml)/)?{_DOI}"
        r"(?:\?.*)?",
        PAPER, "DOI {number}", "doi/{number}",
    ),
    LinkForm(
        N_("paper with a DOI"), ("link.springer.com",),
        rf"/(?:article|chapter|book|content/pdf)/{_DOI}(?:\.pdf)?(?:\?.*)?", PAPER, "DOI {number}",
        "doi/{number}",
    ),
    LinkForm(
        N_("Nature article"), ("nature.com",), rf"/articles/(?P<number>[\w-]+)(?:\.pdf)?{_REST}",
        PAPER, "DOI 10.1038/{number}", "doi/10.1038/{number}",
    ),
    LinkForm(
        N_("IEEE Xplore paper"), ("ieeexplore.ieee.org",),
        rf"/(?:abstract/)?document/(?P<number>\d+){_REST}", PAPER, "IEEE Xplore {number}",
        "ieee/{number}",
    ),
    LinkForm(
        N_("OpenReview paper"), ("openreview.net",),
        r"/(?:forum|pdf|attachment)\?(?:.*&)?id=(?P<number>[\w-]+)(?:&.*)?", PAPER,
        "OpenReview {number}", "openreview/{number}", keeps_case=True,
    ),
    LinkForm(
        N_("ACL Anthology paper"), ("aclanthology.org",),
        rf"/(?P<number>(?P<year>20\d\d)\.[\w-]+\.\d+)(?:v\d+)?(?:\.pdf)?{_REST}", PAPER,
        "ACL Anthology {number}", "acl/{number}",
    ),
    LinkForm(
        N_("ACL Anthology paper"), ("aclanthology.org", "aclweb.org"),
        r"(?:/anthology)?(?:/papers/\w+/\w+)?/(?P<number>[A-Z](?P<yy>\d\d)-\d{4})(?:v\d+)?"
        rf"(?:\.pdf)?{_REST}",
        PAPER, "ACL Anthology {number}", "acl/{number}",
    ),
    LinkForm(
        N_("PMLR paper"), ("proceedings.mlr.press",),
        r"/(?P<volume>v\d+)/(?P<number>[a-z-]+(?P<yy>\d\d)[a-z]*)(?:\.html|/[\w-]+\.pdf)", PAPER,
        "PMLR {volume} {number}", "pmlr/{volume}/{number}",
    ),
    LinkForm(
        N_("NeurIPS paper"),
        ("proceedings.neurips.cc", "papers.nips.cc", "papers.neurips.cc"),
        r"/(?:paper_files/)?paper/(?P<year>\d{4})/\w+/(?P<number>[0-9a-f]{32})-.*", PAPER,
        "NeurIPS {year} {number:.7}", "neurips/{number}",
    ),
    LinkForm(
        N_("NeurIPS paper"), ("papers.nips.cc", "papers.neurips.cc"),
        r"/paper/(?P<number>\d+)-(?P<slug>[\w-]+?)(?:\.pdf)?", PAPER, "{slug}", "nips/{number}",
    ),
    LinkForm(
        N_("NeurIPS poster"), ("neurips.cc", "nips.cc", "icml.cc", "iclr.cc"),
        r"/virtual/(?P<year>\d{4})/(?:poster|oral|spotlight)/(?P<number>\d+)", PAPER,
        "{host} {year} {number}",
    ),
    LinkForm(
        N_("JMLR paper"), ("jmlr.org",),
        r"/papers/(?:volume\d+|v\d+)/(?P<number>(?P<yy>\d\d)-\d+[a-z]?)(?:\.html|/.*\.pdf)", PAPER,
        "JMLR {number}", "jmlr/{number}",
    ),
    LinkForm(
        N_("CVF paper"), ("openaccess.thecvf.com",),
        r"/content(?:_|/)\w+/(?:html|papers)/[^_/]+_(?P<slug>[^/]+?)_(?:CVPR|ICCV|WACV|ECCV)\w*?_"
        r"(?P<year>\d{4})_paper\.(?:html|pdf)",
        PAPER,
    ),
    LinkForm(
        N_("Semantic Scholar paper"), ("semanticscholar.org",),
        rf"/paper/(?P<slug>[^/?]+)/(?P<number>[0-9a-f]{{40}}){_REST}", PAPER, "{slug}",
        "semantic-scholar/{number}",
    ),
    LinkForm(
        N_("SSRN paper"), ("papers.ssrn.com", "ssrn.com"),
        r"/(?:sol3/papers\.cfm\?(?:.*&)?abstract_id=|abstract=)(?P<number>\d+)(?:&.*)?", PAPER,
        "SSRN {number}", "ssrn/{number}",
    ),
    LinkForm(
        N_("PubMed article"), ("pubmed.ncbi.nlm.nih.gov",), rf"/(?P<number>\d+){_REST}", PAPER,
        "PubMed {number}", "pubmed/{number}",
    ),
)  # fmt: skip
