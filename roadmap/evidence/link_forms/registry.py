"""The registry of link forms, and functions that recognize and clean links.

To add a form, add it to the module of its family. To add a family, write a module with `FORMS` and
import it below.
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
# The maximum length of a stored link.
MAX_LENGTH = 2_000
# Tracking parameters, which do not affect the page.
TRACKING_PARAMETERS = re.compile(
    r"utm_\w+|mtm_\w+|pk_\w+|_hs\w+|hsctatracking|mc_[ce]id|mkt_tok|vero_id|s_cid|yclid"
    r"|[a-z]*clid|gad_source|igshid|igsh|trackingid|trk\w*",
    re.IGNORECASE,
)
# Tracking parameters of recognized sites; on other sites these names may be significant.
SHARING_PARAMETERS = re.compile(
    r"ab_channel|embeds_\w+|feature|from|ouid|pli|pp|pvs|ref|ref_src|referrer|rtpof|sd|share\w*"
    r"|si|source|triedredirect|usp",
    re.IGNORECASE,
)
# Tabs of a change request, such as its files or commits, which are replaced by the request itself.
_CHANGE_TAB = re.compile(
    r"(/(?:pull|pulls|pull-requests|merge_requests)/\d+)"
    r"/(?:activity|changes|checks|commits|diff|diffs|files|overview|pipelines)/?$",
    re.IGNORECASE,
)
_MOBILE = re.compile(r"^(?:m|mobile|amp)\.(?=[^.]+\.)")
_EQUIVALENT_SUBDOMAIN = re.compile(
    r"^(?:www\d?|m|mobile|amp|[a-z]{2}(?=\.slideshare))\.(?=[^.]+\.)"
)


def recognize(url: str) -> Recognized | None:
    """Recognize a link by its form; return None if the form is unknown."""
    parts = _split(url)
    if parts is None:
        return None
    host, target = _host_of(parts), _target_of(parts, drop=SHARING_PARAMETERS)
    # Reject lookalikes: user info before an "@", and hosts that only start with a known name.
    if "@" in host or any(host.startswith(f"{known}.") for known in KNOWN_HOSTS):
        return None
    for form in _forms_of(host):
        if found := form.match(host, target, parts.fragment):
            return found
    return None


@lru_cache(maxsize=200)
def _forms_of(host: str) -> tuple[LinkForm, ...]:
    return tuple(form for form in FORMS if form.matches_host(host))


def clean_link(url: str) -> str:
    """Remove tracking parameters from a link, and the mobile subdomain of recognized sites."""
    parts = _split(url)
    if parts is None:
        return clean_url(url)
    netloc, path, query = parts.netloc.lower(), parts.path, _query_of(parts)
    fragment = parts.fragment
    if recognize(url) is not None:
        netloc, query = _MOBILE.sub("", netloc), _query_of(parts, drop=SHARING_PARAMETERS)
        path = _CHANGE_TAB.sub(r"\1", path)
        if path != parts.path:
            # Query and diff anchors belong to the removed tab.
            query, fragment = "", re.sub("^diff-.*", "", fragment)
    return urlunsplit((parts.scheme, netloc, path, query, fragment))


def identifier_of(url: str) -> str:
    """Return an identifier shared by all links to the same resource, or "" for an invalid link."""
    if found := recognize(url):
        return found.identifier
    parts = _split(url)
    return f"{_host_of(parts)}{_target_of(parts)}" if parts else ""


def _split(url: str) -> SplitResult | None:
    """Split an http or https URL; return None if it is invalid or too long."""
    if len(url) > MAX_LENGTH:
        return None
    try:
        parts = urlsplit(clean_url(url))
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return None
    return parts if usable else None


def _host_of(parts: SplitResult) -> str:
    """Return the canonical host, with its port if that is not a default one."""
    if "@" in parts.netloc:
        return parts.netloc.lower()
    host = ascii_domain((parts.hostname or "").removesuffix("."))
    host = _EQUIVALENT_SUBDOMAIN.sub("", host)
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
        if not TRACKING_PARAMETERS.fullmatch(name) and not (drop and drop.fullmatch(name))
    ]
    # Re-encode the query only if something was dropped.
    return urlencode(kept) if len(kept) != len(pairs) else parts.query
