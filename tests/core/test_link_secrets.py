"""Passwords and tokens in URLs."""

from __future__ import annotations

import time

import pytest

from roadmap.core.fields import UrlField
from roadmap.core.link_secrets import secret_parameters, strip_secrets, strip_userinfo
from roadmap.core.text import clean_line, clean_multiline, complete_url


@pytest.mark.parametrize(
    ("text", "stripped"),
    [
        ("https://user:pass@host.example/a", "https://host.example/a"),
        ("HTTPS://user@host.example", "HTTPS://host.example"),
        ("https://user:p@ss@host.example?a=@b", "https://host.example?a=@b"),
        ("See <http://a:b@x.example/> and https://c@y.example.",
         "See <http://x.example/> and https://y.example."),
        ("postgresql://cairn:secret@db/cairn", "postgresql://db/cairn"),
        ("git clone ssh://git@host.example/a", "git clone ssh://git@host.example/a"),
        ("https://medium.com/@alice/post", "https://medium.com/@alice/post"),
        ("alice@example.org, https://example.org", "alice@example.org, https://example.org"),
        ("<https://example.com>me@x.example", "<https://example.com>me@x.example"),
    ],
)  # fmt: skip
def test_userinfo_is_removed_from_urls(text, stripped):
    assert strip_userinfo(text) == stripped
    # All forms and the API use these.
    for clean in (clean_line, clean_multiline, strip_secrets):
        assert clean(text) == stripped
    if " " not in text and text.lower().startswith("http"):
        assert complete_url(text) == stripped


@pytest.mark.parametrize(
    ("link", "names", "public"),
    [
        ("https://x.org/a?token=abc", ["token"], "https://x.org/a"),
        ("https://x.org/a?b=1&access_token=2&c=3#part", ["access_token"], "https://x.org/a?b=1&c=3#part"),
        ("https://x.org/#id_token=q&state=1", ["id_token"], "https://x.org/#state=1"),
        ("https://b.s3.amazonaws.com/k?X-Amz-Date=1&X-Amz-Credential=c&X-Amz-Signature=d",
         ["X-Amz-Credential", "X-Amz-Signature"], "https://b.s3.amazonaws.com/k?X-Amz-Date=1"),
        ("https://a.blob.core.windows.net/b?sv=1&sig=q%3D", ["sig"],
         "https://a.blob.core.windows.net/b?sv=1"),
        ("https://x.org/a?API-Key=1&Password=2", ["API-Key", "Password"], "https://x.org/a"),
        ("https://x.org/cb?code=0123456789abcdef&state=1", ["code"], "https://x.org/cb?state=1"),
        ("https://x.org/a?key=PROJ-1&code=404", [], "https://x.org/a?key=PROJ-1&code=404"),
        ("https://x.org/tokens?page=2&page_token=5", [], "https://x.org/tokens?page=2&page_token=5"),
        ("https://x.org/a?token=", [], "https://x.org/a?token="),
        ("https://x.org/?p=a;token=abc", ["token"], "https://x.org/?p=a"),
        ("https://x.org/a;jsessionid=0123?id=5", ["jsessionid"], "https://x.org/a?id=5"),
        ("[x](https://x.org/a?token=abc)", ["token"], "[x](https://x.org/a)"),
    ],
)  # fmt: skip
def test_token_parameter_is_reported_and_not_published(link, names, public):
    assert secret_parameters(link) == names
    assert strip_secrets(f"See {link} there") == f"See {public} there"
    # Users who may read the text see the complete link.
    assert clean_line(link) == link


@pytest.mark.parametrize(
    "link",
    [
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ&si=AbCdEf0123456789xyz",
        "https://docs.google.com/document/d/1AbC/edit?usp=sharing&ouid=1234567890123456789",
        "https://docs.google.com/spreadsheet/ccc?key=0AuXyZ1234567890abcdefGH",
        "https://openreview.net/forum?id=0123456789abcdefXYZ",
        "https://academy.example/verify?code=0123-4567-89AB-CDEF",
        "https://x.org/certificates?key=550e8400-e29b-41d4-a716-446655440000",
        "https://x.org/blog?key=how-we-built-our-second-cache",
        "https://play.example/#code=print(%22hello+world+of+all%22)",
    ],
)
def test_identifiers_of_public_links_are_not_secrets(link):
    assert secret_parameters(link) == []
    assert strip_secrets(link) == link


@pytest.mark.parametrize("text", ["a" * 300_000 + " http://x@y", "a://" + ":" * 300_000 + " @"])
def test_strip_secrets_takes_linear_time(text):
    """The sign-in form cleans anonymous input, and 20,000 letters once took over a second."""
    begun = time.process_time()
    strip_secrets(text)
    assert time.process_time() - begun < 2


def test_url_field_strips_userinfo_and_reports_changes():
    from werkzeug.datastructures import MultiDict
    from wtforms import Form

    class Links(Form):
        url = UrlField()

    field = Links(MultiDict({"url": "https://me:pass@example.org"})).url
    assert (field.is_stripped, field.is_completed, field._value()) == (
        True, False, "https://example.org"
    )  # fmt: skip
    assert Links(MultiDict({"url": "example.org"})).url.is_completed
    assert not Links(data={"url": "https://example.org"}).url.is_stripped
