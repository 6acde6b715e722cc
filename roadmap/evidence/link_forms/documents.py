"""Documents on shared drives and wikis, and tickets."""

from __future__ import annotations

from functools import partial

from roadmap.core.gettext_noop import N_
from roadmap.evidence.link_forms.link_form import ANY, LinkForm

document = partial(LinkForm, kinds=("design_doc", "case_study", "mentoring", "launch", "other"))
SHEET = ("case_study", "launch", "design_doc", "other")
TICKET = ("other", "launch", "case_study")
NOTION = "notion.so notion.site *.notion.site app.notion.com"

FORMS = (
    document(N_("Google Docs document"), "docs.google.com",
        r"/document/(?:u/\d+/)?d/(?P<number>[\w-]+)", "", "google/{number}",
        keeps_case=True),
    LinkForm(N_("Google Sheets table"), "docs.google.com",
        r"/spreadsheets/(?:u/\d+/)?d/(?P<number>[\w-]+)", "", "google/{number}",
        kinds=SHEET, keeps_case=True),
    document(N_("file on Google Drive"), "drive.google.com",
        r"/file/(?:u/\d+/)?d/(?P<number>[\w-]+)", "", "google/{number}",
        keeps_case=True),
    document(N_("Notion page"), NOTION, r"(?:/[\w.-]+)?/(?P<slug>[^/?]+)-(?P<number>[0-9a-f]{32})",
        "{slug}", "notion/{number}"),
    document(N_("Notion page"), NOTION, r"(?:/[\w.-]+)?/(?P<number>[0-9a-f]{32})", "",
        "notion/{number}"),
    document(N_("Confluence page"), ANY,
        r"(?:/\w+)?/spaces/(?P<space>[\w~]+)/pages/(?P<number>\d+)(?:/(?P<slug>[^/?]+))?", "{slug}",
        "{host}/pages/{number}"),
    document(N_("Confluence page"), ANY,
        r"(?:/\w+)?/pages/viewpage\.action\?(?:.*&)?pageId=(?P<number>\d+)(?:&.*)?$",
        "", "{host}/pages/{number}"),
    document(N_("Confluence page"), ANY,
        r"(?:/\w+)?/display/(?P<space>[A-Z0-9~]+)/(?P<slug>[^/?]+)(?:\?.*)?$"),
    LinkForm(N_("Jira ticket"), ANY,
        r"(?:/\w+)?/browse/(?P<number>[A-Z][A-Z0-9_]+-\d+)(?:\?.*)?$", "{number}",
        "{host}/{number}", kinds=TICKET),
    LinkForm(N_("Linear issue"), "linear.app",
        r"/[\w-]+/issue/(?P<number>[A-Z0-9]+-\d+)(?:/(?P<slug>[\w-]+))?", "{number} {slug}",
        "linear/{number}", kinds=TICKET),
    document(N_("Dropbox Paper document"), "paper.dropbox.com dropbox.com",
        r"/(?:scl/.*?/)?doc/(?P<slug>[^/?]+?)(?:--?[\w-]{20,})?(?:\?.*)?$"),
    document(N_("HackMD note"), "hackmd.io", r"/@[\w-]+/(?P<slug>[\w-]+)(?:\?.*)?$"),
    document(N_("SharePoint document"), "*.sharepoint.com", "/:[wpxob]:/(?P<number>.+)$",
        "", keeps_case=True),
    document(N_("Figma file"), "figma.com",
        r"/(?:file|design|board|proto|slides)/(?P<number>\w+)/(?P<slug>[^/?]+)", "{slug}",
        "figma/{number}", keeps_case=True),
    document(N_("Miro board"), "miro.com", r"/app/board/(?P<number>[\w=-]+)", "",
        "miro/{number}", keeps_case=True),
    document(N_("Coda document"), "coda.io", r"/d/(?P<slug>[^/?]+?)_d[\w-]+"),
    LinkForm(N_("Weights & Biases run"), "wandb.ai",
        r"/(?P<owner>[\w-]+)/(?P<repo>[\w.-]+)/(?:runs|reports)/(?P<slug>[^/?]+)",
        "{owner}/{repo}: {slug}", kinds=("case_study", "open_source", "other")),
)  # fmt: skip
