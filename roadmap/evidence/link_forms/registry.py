"""The registry of link forms: what a link says is found here.

To add a form, add it to its family; to add a family, write a module with `FORMS` and name it below.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

from roadmap.core.text import ascii_domain, clean_url
from roadmap.evidence.link_forms import (
    articles,
    badges,
    code_hosting,
    documents,
    papers,
    patents,
    talks,
)
from roadmap.evidence.link_forms.link_form import ANY, LinkForm, Recognized

FORMS: tuple[LinkForm, ...] = tuple(
    form
    for family in (code_hosting, papers, talks, patents, badges, documents, articles)
    for form in family.FORMS
)
KNOWN_HOSTS = frozenset(
    name.removeprefix("*.") for form in FORMS for name in form.hosts.split() if name != ANY
)
# No longer link is saved.
MAX_LENGTH = 2_000
# What says by which way somebody came to a page, and nothing about the page.
TRACKING = re.compile(
    r"utm_\w+|mtm_\w+|pk_\w+|_hs\w+|hsctatracking|mc_[ce]id|mkt_tok|vero_id|s_cid|yclid"
    r"|[a-z]*clid|gad_source|igshid|igsh|trackingid|trk\w*",
    re.IGNORECASE,
)
# The same where the site is recognized; elsewhere such a name may be part of the address.
SHARING = re.compile(
    r"ab_channel|embeds_\w+|feature|from|ouid|pli|pp|pvs|ref|ref_src|referrer|rtpof|sd|share\w*"
    r"|si|source|triedredirect|usp",
    re.IGNORECASE,
)
# A view of a change: its files or its commits, not one of them. A link leads to the change itself.
_VIEW = re.compile(
    r"(/(?:pull|pulls|pull-requests|merge_requests)/\d+)"
    r"/(?:activity|changes|checks|commits|diff|diffs|files|overview|pipelines)/?$",
    re.IGNORECASE,
)
_MOBILE = re.compile(r"^(?:m|mobile|amp)\.(?=[^.]+\.)")
_OTHER_NAMES = re.compile(r"^(?:www\d?|m|mobile|amp|[a-z]{2}(?=\.slideshare))\.(?=[^.]+\.)")


def recognize(url: str) -> Recognized | None:
    """Return what a link says by its form, None where it has none that is known."""
    parts = _split(url)
    if parts is None:
        return None
    host, target = _host_of(parts), _target_of(parts, drop=SHARING)
    # What is written before an "@", and a name that only begins like a known one, leads elsewhere.
    if "@" in host or any(host.startswith(f"{known}.") for known in KNOWN_HOSTS):
        return None
    for form in _forms_of(host):
        if found := form.match(host, target, parts.fragment):
            return found
    return None


@lru_cache(maxsize=200)
def _forms_of(host: str) -> tuple[LinkForm, ...]:
    return tuple(form for form in FORMS if form.is_of(host))


def clean_link(url: str) -> str:
    """Return a link without what tracks its reader; a mobile page where the site is known."""
    parts = _split(url)
    if parts is None:
        return clean_url(url)
    netloc, path, query = parts.netloc.lower(), parts.path, _query_of(parts)
    fragment = parts.fragment
    if recognize(url) is not None:
        netloc, query = _MOBILE.sub("", netloc), _query_of(parts, drop=SHARING)
        path = _VIEW.sub(r"\1", path)
        if path != parts.path:
            # How the view is shown, and a place in it, which the change itself does not have.
            query, fragment = "", re.sub("^diff-.*", "", fragment)
    return urlunsplit((parts.scheme, netloc, path, query, fragment))


def identifier_of(url: str) -> str:
    """Return what is the same for all links to one thing; "" for what is no link."""
    if found := recognize(url):
        return found.identifier
    parts = _split(url)
    return f"{_host_of(parts)}{_target_of(parts)}" if parts else ""


def _split(url: str) -> SplitResult | None:
    """Split a web address that is worth reading, else return None."""
    if len(url) > MAX_LENGTH:
        return None
    try:
        parts = urlsplit(clean_url(url))
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return None
    return parts if usable else None


def _host_of(parts: SplitResult) -> str:
    """Return the host as it is known, with a port that is not the usual one."""
    if "@" in parts.netloc:
        return parts.netloc.lower()
    host = ascii_domain((parts.hostname or "").removesuffix("."))
    host = _OTHER_NAMES.sub("", host)
    return host if parts.port in (None, 80, 443) else f"{host}:{parts.port}"


def _target_of(parts: SplitResult, drop: re.Pattern[str] | None = None) -> str:
    path = re.sub("/{2,}", "/", parts.path).rstrip("/")
    query = _query_of(parts, drop)
    return f"{path}?{query}" if query else path


def _query_of(parts: SplitResult, drop: re.Pattern[str] | None = None) -> str:
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    kept = [
        (name, value)
        for name, value in pairs
        if not TRACKING.fullmatch(name) and not (drop and drop.fullmatch(name))
    ]
    # What has nothing to drop stays as it was written.
    return urlencode(kept) if len(kept) != len(pairs) else parts.query
