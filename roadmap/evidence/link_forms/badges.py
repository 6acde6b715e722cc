"""Certificates and badges with a verification page."""

from __future__ import annotations

from functools import partial

from roadmap.core.gettext_noop import N_
from roadmap.evidence.link_forms.link_form import LinkForm

badge = partial(LinkForm, kinds=("certification",))
_UUID = r"(?P<number>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"

FORMS = (
    badge(N_("Credly badge"), "credly.com youracclaim.com",
        rf"/(?:badges|earner/earned/badge|go/badge)/{_UUID}", "", "credly/{number}"),
    badge(N_("Coursera certificate"), "coursera.org",
        r"/(?:account/accomplishments/(?:[\w-]+/)?|verify/(?:[\w-]+/)?)"
        "(?P<number>[A-Z0-9]{8,20})", "", "coursera/{number}"),
    badge(N_("edX certificate"), "courses.edx.org credentials.edx.org",
        "/(?:certificates|credentials)/(?P<number>[0-9a-f]{32})", "",
        "edx/{number}"),
    badge(N_("Udacity certificate"), "udacity.com graduation.udacity.com confirm.udacity.com",
        r"/(?:certificate|confirm)/(?:e/)?(?P<number>[\w-]{8,40})", "",
        "udacity/{number}"),
    badge(N_("Accredible certificate"), "credential.net accredible.com", rf"/{_UUID}",
        "", "accredible/{number}"),
    badge(N_("AWS certificate"), "cp.certmetrics.com",
        r"/amazon/\w+/public/verify/credential/(?P<number>\w+)", "", "aws/{number}",
        keeps_case=True),
    badge(N_("Microsoft Learn credential"), "learn.microsoft.com",
        r"(?:/[\w-]+)?/users/[\w-]+/credentials/(?:certification/)?(?P<slug>[\w-]+)(?:\?.*)?$"),
    badge(N_("LinkedIn Learning certificate"), "linkedin.com",
        r"/learning/certificates/(?P<number>\w+)", ""),
    badge(N_("Open Badge"), "badgr.com badgr.io api.badgr.io api.eu.badgr.io",
        r"/public/assertions/(?P<number>[\w-]+)", "", "badgr/{number}", keeps_case=True),
)  # fmt: skip
