"""Papers: preprint servers, DOIs, proceedings and digital libraries."""

from __future__ import annotations

from functools import partial

from roadmap.core.gettext_noop import N_
from roadmap.evidence.link_forms.link_form import LinkForm

paper = partial(LinkForm, kinds=("publication", "case_study", "other"))
_SHARED = ("open_source", *paper.keywords["kinds"])
_VERSION = r"(?:v\d+)?"
_DOI = r"(?P<number>10\.\d{4,9}/[^?]+?)"
_ARXIV = "arxiv.org export.arxiv.org browse.arxiv.org ar5iv.org ar5iv.labs.arxiv.org"
_DOI_HOSTS = "doi.org dx.doi.org"
_YYMM = r"(?P<yy>\d\d)(?P<month>0[1-9]|1[0-2])"

FORMS = (
    paper(N_("arXiv paper"), f"{_ARXIV} alphaxiv.org",
        rf"/(?:abs|pdf|html|format|overview)/(?P<number>{_YYMM}\.\d{{4,5}}){_VERSION}(?:\.pdf)?",
        "arXiv {number}", "arxiv/{number}"),
    paper(N_("arXiv paper"), _ARXIV,
        rf"/(?:abs|pdf)/(?P<number>[a-z-]+(?:\.[A-Z]{{2}})?/{_YYMM}\d{{3}}){_VERSION}(?:\.pdf)?",
        "arXiv {number}", "arxiv/{number}"),
    paper(N_("arXiv paper"), _DOI_HOSTS,
        rf"/10\.48550/arXiv\.(?P<number>{_YYMM}\.\d{{4,5}}){_VERSION}", "arXiv {number}",
        "arxiv/{number}"),
    LinkForm(N_("Zenodo record"), _DOI_HOSTS, r"/10\.5281/zenodo\.(?P<number>\d+)",
        "", "zenodo/{number}", kinds=_SHARED),
    LinkForm(N_("Zenodo record"), "zenodo.org", r"/records?/(?P<number>\d+)", "",
        "zenodo/{number}", kinds=_SHARED),
    paper(N_("paper with a DOI"), _DOI_HOSTS, rf"/{_DOI}(?:\?.*)?$", "",
        "doi/{number}"),
    paper(N_("bioRxiv preprint"), "biorxiv.org medrxiv.org",
        r"/content/(?P<number>10\.\d+/(?P<year>\d{4})\.(?P<month>\d\d)\.(?P<day>\d\d)\.\d+)"
        rf"{_VERSION}(?:\.[\w.-]+)?", "", "doi/{number}"),
    paper(N_("paper with a DOI"),
        "dl.acm.org onlinelibrary.wiley.com tandfonline.com science.org pubs.acs.org pnas.org "
        "journals.sagepub.com royalsocietypublishing.org epubs.siam.org",
        rf"/doi/(?:(?:abs|full|pdf|epdf|pdfdirect|book|proceedings|html|fullHtml)/)?{_DOI}"
        r"(?:\?.*)?$", "", "doi/{number}"),
    paper(N_("paper with a DOI"), "link.springer.com",
        rf"/(?:article|chapter|book|content/pdf)/{_DOI}(?:\.pdf)?(?:\?.*)?$", "",
        "doi/{number}"),
    paper(N_("Nature article"), "nature.com", r"/articles/(?P<number>[\w-]+)(?:\.pdf)?",
        "", "doi/10.1038/{number}"),
    paper(N_("IEEE Xplore paper"), "ieeexplore.ieee.org",
        r"/(?:abstract/)?document/(?P<number>\d+)", "", "ieee/{number}"),
    paper(N_("OpenReview paper"), "openreview.net",
        r"/(?:forum|pdf|attachment)\?(?:.*&)?id=(?P<number>[\w-]+)(?:&.*)?$", "",
        "openreview/{number}", keeps_case=True),
    paper(N_("ACL Anthology paper"), "aclanthology.org",
        r"/(?P<number>(?P<year>20\d\d)\.[\w-]+\.\d+)(?:v\d+)?(?:\.pdf)?", "",
        "acl/{number}"),
    paper(N_("ACL Anthology paper"), "aclanthology.org aclweb.org",
        r"(?:/anthology)?(?:/papers/\w+/\w+)?/(?P<number>[A-Z](?P<yy>\d\d)-\d{4})(?:v\d+)?"
        r"(?:\.pdf)?", "", "acl/{number}"),
    paper(N_("PMLR paper"), "proceedings.mlr.press",
        r"/(?P<volume>v\d+)/(?P<number>[a-z-]+(?P<yy>\d\d)[a-z]*)(?:\.html|/[\w-]+\.pdf)$",
        "", "pmlr/{volume}/{number}"),
    paper(N_("NeurIPS paper"), "proceedings.neurips.cc papers.nips.cc papers.neurips.cc",
        r"/(?:paper_files/)?paper/(?P<year>\d{4})/\w+/(?P<number>[0-9a-f]{32})-.*$",
        "", "neurips/{number}"),
    paper(N_("NeurIPS paper"), "papers.nips.cc papers.neurips.cc",
        r"/paper/(?P<number>\d+)-(?P<slug>[\w-]+?)(?:\.pdf)?$", "{slug}", "nips/{number}"),
    paper(N_("NeurIPS poster"), "neurips.cc nips.cc icml.cc iclr.cc",
        r"/virtual/(?P<year>\d{4})/(?:poster|oral|spotlight)/(?P<number>\d+)$",
        ""),
    paper(N_("JMLR paper"), "jmlr.org",
        r"/papers/(?:volume\d+|v\d+)/(?P<number>(?P<yy>\d\d)-\d+[a-z]?)(?:\.html|/.*\.pdf)$",
        "", "jmlr/{number}"),
    paper(N_("CVF paper"), "openaccess.thecvf.com",
        r"/content(?:_|/)\w+/(?:html|papers)/[^_/]+_(?P<slug>[^/]+?)_(?:CVPR|ICCV|WACV|ECCV)\w*?_"
        r"(?P<year>\d{4})_paper\.(?:html|pdf)$"),
    paper(N_("Semantic Scholar paper"), "semanticscholar.org",
        "/paper/(?P<slug>[^/?]+)/(?P<number>[0-9a-f]{40})", "{slug}", "semantic-scholar/{number}"),
    paper(N_("SSRN paper"), "papers.ssrn.com ssrn.com",
        r"/(?:sol3/papers\.cfm\?(?:.*&)?abstract_id=|abstract=)(?P<number>\d+)(?:&.*)?$",
        "", "ssrn/{number}"),
    paper(N_("PubMed article"), "pubmed.ncbi.nlm.nih.gov", r"/(?P<number>\d+)", "",
        "pubmed/{number}"),
)  # fmt: skip
