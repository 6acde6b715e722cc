"""URLs of profiles on networks."""

from __future__ import annotations

import pytest

from roadmap.core.text import is_orcid
from roadmap.portfolio.profiles import (
    NETWORKS,
    InvalidProfile,
    account_name,
    read_profile,
)


@pytest.mark.parametrize(
    ("network", "typed", "url"),
    [
        ("github", "octocat", "https://github.com/octocat"),
        ("github", "@octocat", "https://github.com/octocat"),
        ("github", " http://www.github.com/octocat/ ", "https://github.com/octocat"),
        ("github", "https://github.com:443/octocat", "https://github.com/octocat"),
        ("linkedin", "linkedin.com/in/alice-b", "https://www.linkedin.com/in/alice-b"),
        ("linkedin", "https://de.linkedin.com/in/alice-b/?x=1", "https://www.linkedin.com/in/alice-b"),
        ("orcid", "0000000218250097", "https://orcid.org/0000-0002-1825-0097"),
        ("orcid", "https://orcid.org/0000-0002-1694-233x", "https://orcid.org/0000-0002-1694-233X"),
        ("website", "example.org/me", "https://example.org/me"),
        ("website", "a.example/of/https://b.example", "https://a.example/of/https://b.example"),
        ("website", "example.org:8443/me", "https://example.org:8443/me"),
        ("website", "http://192.168.0.5:8080", "http://192.168.0.5:8080"),
        ("website", "", ""),
    ],
)  # fmt: skip
def test_profile_input_becomes_full_url(network: str, typed: str, url: str) -> None:
    assert read_profile(NETWORKS[network], typed) == url


@pytest.mark.parametrize(
    ("network", "typed"),
    [
        ("github", "https://github.com.evil.example/octocat"),
        ("github", "https://evil.example/octocat"),
        ("github", "github.com/octocat/repo"),
        ("github", "https://octocat"),
        ("github", "http://octocat/"),
        ("github", "https://github.com:8443/octocat"),
        ("github", "o\N{LATIN SMALL LETTER LONG S}tocat"),
        ("github", "javascript://github.com/%0aalert(1)"),
        ("linkedin", "https://www.linkedin.com/company/example"),
        ("linkedin", "https://linkedin.com@evil.example/in/alice"),
        ("linkedin", "https://in/alice-b"),
        ("orcid", "https://0000-0002-1825-0097"),
        ("orcid", "0000-0002-1825-0098"),
        ("orcid", "0000-0002-1825"),
        ("website", "javascript:alert(1)"),
        ("website", "localhost"),
        ("website", "https://[::1"),
    ],
)
def test_invalid_profile_is_rejected_with_example(network: str, typed: str) -> None:
    with pytest.raises(InvalidProfile) as error:
        read_profile(NETWORKS[network], typed)
    assert "such as" in str(error.value)


def test_orcid_check_digit_is_verified() -> None:
    # Examples from the ORCID documentation.
    assert is_orcid("0000-0002-1825-0097")
    assert is_orcid("0000-0001-5109-3700")
    assert is_orcid("0000-0002-1694-233X")
    assert not is_orcid("0000-0002-1694-2330")


def test_account_name_omits_network() -> None:
    assert account_name("github", "https://github.com/octocat") == "octocat"
    assert account_name("website", "https://example.org/") == "example.org"
