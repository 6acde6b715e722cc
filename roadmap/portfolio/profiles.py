"""The networks where a person can have a profile, and which addresses are of one. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from roadmap.core.gettext_noop import N_
from roadmap.portfolio.urls import safe_url

MAX_URL_LENGTH = 500


class InvalidProfile(ValueError):
    """What was entered is no profile of the network; `reason` says what would be one."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Network:
    """A network. `example` is an address as people write it, `reason` why another is refused.

    `read` returns the name of the account in a path or in what was typed alone, '' where there is
    none.
    """

    key: str
    title: str
    example: str
    reason: str
    hosts: tuple[str, ...] = ()
    prefix: str = ""
    read: Callable[[str], str] = lambda _text: ""


def is_orcid(number: str) -> bool:
    """Return whether a number has the form of an ORCID iD and its check digit.

    ISO 7064 11,2, as https://support.orcid.org/hc/en-us/articles/360006897674 describes it.
    """
    if not re.fullmatch(r"(?:\d{4}-){3}\d{3}[\dX]", number, re.ASCII):
        return False
    total = 0
    for digit in number.replace("-", "")[:-1]:
        total = (total + int(digit)) * 2
    check = (12 - total % 11) % 11
    return number[-1] == ("X" if check == 10 else str(check))


def _github(text: str) -> str:
    name = text.removeprefix("@").strip("/")
    return name if re.fullmatch(r"[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}", name) else ""


def _linkedin(text: str) -> str:
    name = text.strip("/").removeprefix("in/").split("/")[0]
    return name if re.fullmatch(r"[\w%-]{3,100}", name) else ""


def _orcid(text: str) -> str:
    digits = re.sub(r"[\s-]", "", text.strip("/")).upper()
    number = "-".join(digits[place : place + 4] for place in range(0, len(digits), 4))
    return number if is_orcid(number) else ""


NETWORKS: dict[str, Network] = {
    each.key: each
    for each in (
        Network(
            "github",
            "GitHub",
            "github.com/octocat",
            N_("Enter the address of your account on GitHub, such as github.com/octocat."),
            ("github.com", "www.github.com"),
            "https://github.com/",
            _github,
        ),
        Network(
            "linkedin",
            "LinkedIn",
            "linkedin.com/in/name",
            N_("Enter the address of your profile on LinkedIn, such as linkedin.com/in/name."),
            ("linkedin.com", "www.linkedin.com"),
            "https://www.linkedin.com/in/",
            _linkedin,
        ),
        Network(
            "orcid",
            "ORCID",
            "0000-0002-1825-0097",
            N_("Enter your ORCID iD, 16 digits such as 0000-0002-1825-0097; check each of them."),
            ("orcid.org", "www.orcid.org"),
            "https://orcid.org/",
            _orcid,
        ),
        Network(
            "website",
            N_("Website"),
            "https://example.org",
            N_("Enter a web address, such as https://example.org."),
        ),
    )
}  # fmt: skip
"""Every network by its key, in the order in which pages and files show them."""


def read_profile(network: Network, text: str) -> str:
    """Return the full address of the profile that somebody typed, '' where they typed nothing.

    Raises InvalidProfile.
    """
    typed = text.strip()
    if not typed:
        return ""
    address = typed if re.match(r"[a-z]+://", typed, re.IGNORECASE) else f"https://{typed}"
    if not network.hosts:
        url = safe_url(address)
        if not url or "." not in (urlsplit(url).hostname or "") or len(url) > MAX_URL_LENGTH:
            raise InvalidProfile(network.reason)
        return url
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").lower()
    except ValueError:
        raise InvalidProfile(network.reason) from None
    # A subdomain of LinkedIn is a country's.
    known = host in network.hosts or (
        network.key == "linkedin" and re.fullmatch(r"[a-z]{2}\.linkedin\.com", host)
    )
    if known and network.key == "linkedin" and not parts.path.startswith("/in/"):
        raise InvalidProfile(network.reason)
    name = network.read(parts.path.strip("/") if known else typed)
    if not name:
        raise InvalidProfile(network.reason)
    return network.prefix + name


def account_name(network: str, url: str) -> str:
    """Return the account of a profile within its network, of a website the address."""
    prefix = NETWORKS[network].prefix
    return url.removeprefix(prefix) if prefix else url.partition("://")[2].removesuffix("/")
