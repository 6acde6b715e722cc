"""Certificates and badges with a page that verifies them."""

from __future__ import annotations

from roadmap.core.gettext_noop import N_
from roadmap.evidence.link_forms.link_form import LinkForm

BADGE = ("certification",)
_REST = r"(?:[/?].*)?"
_UUID = r"(?P<number>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"

FORMS = (
    LinkForm(
        N_("Credly badge"), ("credly.com", "youracclaim.com"),
        rf"/(?:badges|earner/earned/badge|go/badge)/{_UUID}{_REST}", BADGE, "Credly badge",
        "credly/{number}",
    ),
    LinkForm(
        N_("Coursera certificate"), ("coursera.org",),
        r"/(?:account/accomplishments/(?:[\w-]+/)?|verify/(?:[\w-]+/)?)"
        rf"(?P<number>[A-Z0-9]{{8,20}}){_REST}",
        BADGE, "Coursera {number}", "coursera/{number}",
    ),
    LinkForm(
        N_("edX certificate"), ("courses.edx.org", "credentials.edx.org"),
        rf"/(?:certificates|credentials)/(?P<number>[0-9a-f]{{32}}){_REST}", BADGE,
        "edX {number:.7}", "edx/{number}",
    ),
    LinkForm(
        N_("Udacity certificate"), ("udacity.com", "graduation.udacity.com", "confirm.udacity.com"),
        rf"/(?:certificate|confirm)/(?:e/)?(?P<number>[\w-]{{8,40}}){_REST}", BADGE,
        "Udacity {number:.8}", "udacity/{number}",
    ),
    LinkForm(
        N_("Accredible certificate"), ("credential.net", "accredible.com"),
        rf"/{_UUID}{_REST}", BADGE,
        "Certificate {number:.8}", "accredible/{number}",
    ),
    LinkForm(
        N_("AWS certificate"), ("cp.certmetrics.com",),
        rf"/amazon/\w+/public/verify/credential/(?P<number>\w+){_REST}", BADGE, "AWS {number}",
        "aws/{number}", keeps_case=True,
    ),
    LinkForm(
        N_("Microsoft Learn credential"), ("learn.microsoft.com",),
        r"(?:/[\w-]+)?/users/[\w-]+/credentials/(?:certification/)?(?P<slug>[\w-]+)(?:\?.*)?",
        BADGE,
    ),
    LinkForm(
        N_("LinkedIn Learning certificate"), ("linkedin.com",),
        rf"/learning/certificates/(?P<number>\w+){_REST}", BADGE, "LinkedIn Learning",
    ),
    LinkForm(
        N_("Open Badge"), ("badgr.com", "badgr.io", "api.badgr.io", "api.eu.badgr.io"),
        rf"/public/assertions/(?P<number>[\w-]+){_REST}", BADGE, "Open Badge", "badgr/{number}",
        keeps_case=True,
    ),
)  # fmt: skip
