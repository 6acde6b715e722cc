"""The supported profile networks, and the parser of profile addresses. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from roadmap.core.gettext_noop import N_
from roadmap.core.text import is_orcid
from roadmap.portfolio.urls import safe_url

MAX_URL_LENGTH = 500


class InvalidProfile(ValueError):
    """The input is not a profile of the network; the text says what to enter."""


@dataclass(frozen=True, slots=True)
class Network:
    """A network. `example` is the form field's placeholder, `reason` its error message.

    `pattern` matches an address or a bare account name, with the account in the group `name`; a
    website has no pattern. The full URL is `prefix` plus the account.
    """

    key: str
    title: str
    example: str
    reason: str
    prefix: str = ""
    pattern: str = ""


NETWORKS: dict[str, Network] = {
    each.key: each
    for each in (
        Network(
            "github",
            "GitHub",
            "github.com/octocat",
            N_("Enter the address of your account on GitHub, such as github.com/octocat."),
            "https://github.com/",
            # (?a:…), because "ſ" (long s) matches "s" if case is ignored.
            r"(?:(?:www\.)?github\.com/)?@?(?P<name>(?a:[A-Z0-9](?:-?[A-Z0-9]){0,38}))",
        ),
        Network(
            "linkedin",
            "LinkedIn",
            "linkedin.com/in/name",
            N_("Enter the address of your profile on LinkedIn, such as linkedin.com/in/name."),
            "https://www.linkedin.com/in/",
            # The subdomain can be a country code, and a language can follow the name.
            r"(?:(?:(?:(?:www|[a-z]{2})\.)?linkedin\.com/)?in/)?(?P<name>[\w%-]{3,100})(?:/.*)?",
        ),
        Network(
            "orcid",
            "ORCID",
            "0000-0002-1825-0097",
            N_("Enter your ORCID iD, 16 digits such as 0000-0002-1825-0097; check each of them."),
            "https://orcid.org/",
            r"(?:(?:www\.)?orcid\.org/)?(?P<name>[\dX\s-]+)",
        ),
        Network(
            "website",
            N_("Website"),
            "https://example.org",
            N_("Enter a web address, such as https://example.org."),
        ),
    )
}  # fmt: skip
"""All networks by key, in display order."""


def read_profile(network: Network, text: str) -> str:
    """Return the full URL of the profile that was entered, or "" for empty input.

    Raises InvalidProfile.
    """
    typed = text.strip()
    if not typed:
        return ""
    if not network.pattern:
        has_scheme = re.match(r"[a-z]+://", typed, re.IGNORECASE)
        url = safe_url(typed if has_scheme else f"https://{typed}")
        if "." in (urlsplit(url).hostname or "") and len(url) <= MAX_URL_LENGTH:
            return url
        raise InvalidProfile(network.reason)
    # Remove the scheme, the query, the fragment and a default port.
    address = re.sub(r"^https?://|[?#].*$", "", typed, flags=re.IGNORECASE).strip("/")
    address = re.sub(r"^([^/:]+):(?:443|80)(?=/)", r"\1", address)
    host, _slash, _path = address.partition("/")
    found = re.fullmatch(network.pattern, address, re.IGNORECASE)
    if re.match("https?://", typed, re.IGNORECASE) and "." not in host:
        # A scheme must be followed by a host, not by a bare account name.
        found = None
    name = found["name"] if found else ""
    if network.key == "orcid":
        digits = re.sub(r"[\s-]", "", name).upper()
        name = "-".join(digits[place : place + 4] for place in range(0, len(digits), 4))
    if not name or (network.key == "orcid" and not is_orcid(name)):
        raise InvalidProfile(network.reason)
    return network.prefix + name


def account_name(network: str, url: str) -> str:
    """Return the account name of a profile, or the address of a website without its scheme."""
    prefix = NETWORKS[network].prefix
    return url.removeprefix(prefix) if prefix else url.partition("://")[2].removesuffix("/")
