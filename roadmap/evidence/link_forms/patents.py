"""Patents and their applications."""

from __future__ import annotations

from functools import partial

from roadmap.core.gettext_noop import N_
from roadmap.evidence.link_forms.link_form import LinkForm

patent = partial(LinkForm, kinds=("patent",))
# Numbers of published applications contain the year: US20210012345A1, WO2020123456.
_NUMBER = r"(?P<number>(?:(?:US|WO)(?P<year>20\d\d)\d{6,7}|[A-Z]{2}[A-Z]?\d{4,12})(?:[A-Z]\d?)?)"
_USPTO = "ppubs.uspto.gov image-ppubs.uspto.gov pdfpiw.uspto.gov patentcenter.uspto.gov"

FORMS = (
    patent(N_("patent on Google Patents"), "patents.google.com", rf"/patent/{_NUMBER}", "{number}",
        "patent/{number}"),
    patent(N_("patent on Google Patents"), "google.com", rf"/patents/{_NUMBER}", "{number}",
        "patent/{number}"),
    patent(N_("USPTO patent"), _USPTO,
        r"/(?:pubwebapp/external\.html\?(?:.*&)?q=(?:\(|%28)?(?:US-)?"
        r"|dirsearch-public/print/downloadPdf/)(?P<number>\d{7,11})\b.*$", "US{number}",
        "patent/us{number}"),
    patent(N_("USPTO application"), _USPTO, r"/applications/(?P<number>\d{8})", "US {number}",
        "patent/application/us{number}"),
    patent(N_("USPTO patent"), "patft.uspto.gov patft1.uspto.gov",
        r"/netacgi/nph-Parser\?(?:.*[&=/])?(?:PN/|patentnumber=)(?P<number>\d{7,8})\b.*$",
        "US{number}", "patent/us{number}"),
    patent(N_("patent on Espacenet"), "worldwide.espacenet.com",
        r"/(?:\w+/)?publicationDetails/\w+\?(?:.*&)?CC=(?P<country>[A-Z]{2})&NR=(?P<number>\w+)"
        "(?:&.*)?$", "{country}{number}", "patent/{country}{number}"),
    patent(N_("patent on Espacenet"), "worldwide.espacenet.com espacenet.com",
        rf"/patent/search/family/\d+/publication/{_NUMBER}", "{number}", "patent/{number}"),
    patent(N_("patent on Espacenet"), "worldwide.espacenet.com",
        rf"/patent/search\?(?:.*&)?q=(?:pn(?:%3D|=))?(?:%22)?{_NUMBER}\b.*$", "{number}",
        "patent/{number}"),
    patent(N_("application at the European Patent Office"), "register.epo.org",
        r"/application\?(?:.*&)?number=(?P<number>EP\d{8})(?:&.*)?$", "{number}",
        "patent/application/{number}"),
    patent(N_("WIPO application"), "patentscope.wipo.int",
        r"/search/\w+/detail\.jsf\?(?:.*&)?docId=(?P<number>WO(?P<year>\d{4})\d{6})(?:&.*)?$",
        "{number}", "patent/{number}"),
    patent(N_("patent on Justia"), "patents.justia.com", r"/patent/(?P<number>\d{7,8})",
        "US{number}", "patent/us{number}"),
)  # fmt: skip
