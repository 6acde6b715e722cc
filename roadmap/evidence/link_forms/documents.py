"""Documents on shared drives and wikis, and tickets."""

from __future__ import annotations

from roadmap.core.gettext_noop import N_
from roadmap.evidence.link_forms.link_form import ANY_HOST, LinkForm

DOCUMENT = ("design_doc", "case_study", "mentoring", "launch", "other")
SHEET = ("case_study", "launch", "design_doc", "other")
TICKET = ("other", "launch", "case_study")
NOTION = ("notion.so", "*.notion.site", "app.notion.com")
ANY = (ANY_HOST,)
_REST = r"(?:[/?].*)?"

FORMS = (
    LinkForm(
        N_("Google Docs document"), ("docs.google.com",),
        rf"/document/(?:u/\d+/)?d/(?P<number>[\w-]+){_REST}", DOCUMENT, "Google Docs",
        "google/{number}", keeps_case=True,
    ),
    LinkForm(
        N_("Google Sheets table"), ("docs.google.com",),
        rf"/spreadsheets/(?:u/\d+/)?d/(?P<number>[\w-]+){_REST}", SHEET, "Google Sheets",
        "google/{number}", keeps_case=True,
    ),
    LinkForm(
        N_("file on Google Drive"), ("drive.google.com",),
        rf"/file/(?:u/\d+/)?d/(?P<number>[\w-]+){_REST}", DOCUMENT, "Google Drive",
        "google/{number}", keeps_case=True,
    ),
    LinkForm(
        N_("Notion page"), NOTION,
        rf"(?:/[\w.-]+)?/(?P<slug>[^/?]+)-(?P<number>[0-9a-f]{{32}}){_REST}", DOCUMENT, "{slug}",
        "notion/{number}",
    ),
    LinkForm(
        N_("Notion page"), NOTION, rf"(?:/[\w.-]+)?/(?P<number>[0-9a-f]{{32}}){_REST}", DOCUMENT,
        "Notion", "notion/{number}",
    ),
    LinkForm(
        N_("Confluence page"), ANY,
        r"(?:/\w+)?/spaces/(?P<space>[\w~]+)/pages/(?P<number>\d+)(?:/(?P<slug>[^/?]+))?"
        rf"{_REST}",
        DOCUMENT, "{slug}", "{host}/pages/{number}",
    ),
    LinkForm(
        N_("Confluence page"), ANY,
        r"(?:/\w+)?/pages/viewpage\.action\?(?:.*&)?pageId=(?P<number>\d+)(?:&.*)?", DOCUMENT,
        "Confluence {number}", "{host}/pages/{number}",
    ),
    LinkForm(
        N_("Confluence page"), ANY,
        r"(?:/\w+)?/display/(?P<space>[A-Z0-9~]+)/(?P<slug>[^/?]+)(?:\?.*)?", DOCUMENT,
    ),
    LinkForm(
        N_("Jira ticket"), ANY, r"(?:/\w+)?/browse/(?P<number>[A-Z][A-Z0-9_]+-\d+)(?:\?.*)?",
        TICKET, "{number}", "{host}/{number}",
    ),
    LinkForm(
        N_("Linear issue"), ("linear.app",),
        rf"/[\w-]+/issue/(?P<number>[A-Z0-9]+-\d+)(?:/(?P<slug>[\w-]+))?{_REST}", TICKET,
        "{number} {slug}", "linear/{number}",
    ),
    LinkForm(
        N_("Dropbox Paper document"), ("paper.dropbox.com", "dropbox.com"),
        r"/(?:scl/.*?/)?doc/(?P<slug>[^/?]+?)(?:--?[\w-]{20,})?(?:\?.*)?", DOCUMENT,
    ),
    LinkForm(
        N_("HackMD note"), ("hackmd.io",), r"/@[\w-]+/(?P<slug>[\w-]+)(?:\?.*)?", DOCUMENT,
    ),
    LinkForm(
        N_("SharePoint document"), ("*.sharepoint.com",), r"/:[wpxob]:/(?P<number>.+)", DOCUMENT,
        "SharePoint", keeps_case=True,
    ),
    LinkForm(
        N_("Figma file"), ("figma.com",),
        rf"/(?:file|design|board|proto|slides)/(?P<number>\w+)/(?P<slug>[^/?]+){_REST}", DOCUMENT,
        "{slug}", "figma/{number}", keeps_case=True,
    ),
    LinkForm(
        N_("Miro board"), ("miro.com",), rf"/app/board/(?P<number>[\w=-]+){_REST}", DOCUMENT,
        "Miro", "miro/{number}", keeps_case=True,
    ),
    LinkForm(
        N_("Coda document"), ("coda.io",), rf"/d/(?P<slug>[^/?]+?)_d[\w-]+{_REST}", DOCUMENT,
    ),
    LinkForm(
        N_("Weights & Biases run"), ("wandb.ai",),
        rf"/(?P<owner>[\w-]+)/(?P<repo>[\w.-]+)/(?:runs|reports)/(?P<slug>[^/?]+){_REST}",
        ("case_study", "open_source", "other"), "{owner}/{repo}: {slug}",
    ),
)  # fmt: skip
