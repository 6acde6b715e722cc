"""Find and remove credentials in URLs: user names, passwords and tokens."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

# Userinfo of web URLs, and passwords in URLs of any scheme. RFC 3986, 3.2.1, deprecates them.
_USERINFO = re.compile(
    r"(https?://)[^\s/?#<>\"]*@"
    r"|(?<![\w+.-])(\w[\w+.-]*://)[^\s/?#<>\"@:]*:[^\s/?#<>\"]*@",
    re.IGNORECASE,
)
# Names of query parameters that carry credentials.
_SECRET_NAMES = re.compile(
    r"(?:access|api|auth|bearer|id|oauth|private|refresh|secret|session|user)?[_-]?token"
    r"|(?:x[_-])?api[_-]?key|access[_-]?key|secret(?:[_-]?key)?|client[_-]?secret|subscription-key"
    r"|x-(?:amz|goog)-(?:credential|security-token|signature)|sig|signature|hmac|jwt|assertion"
    r"|pass(?:word|wd|code|phrase)?|pwd|credentials?|authkey|session[_-]?id|phpsessid|jsessionid",
    re.IGNORECASE,
)
# Names that are often harmless. They count as credentials only if the value is long and random,
# and the URL is not meant for the public, such as a certificate's code or an old Google Sheet key.
_AMBIGUOUS_NAMES = re.compile("auth|authorization|code|hash|key|session|sid|otp", re.IGNORECASE)
_RANDOM = re.compile(r"(?=.*\d)(?=.*[a-z])(?:[\w.~=-]|%2[BF]|%3D){16,}", re.IGNORECASE)
_PUBLIC_URL = re.compile("certif|credential|verif|badge|spreadsheet", re.IGNORECASE)
_NAME = r"[^\s=&#;?<>()]{1,100}"
# A value also ends at a ";" or "?" that starts another pair.
_PAIR = re.compile(
    rf"(?P<before>[?&#;])(?P<name>{_NAME})=(?P<value>(?:(?![;?]{_NAME}=)[^\s&#<>()\"])*)"
)
_LINK = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)


def strip_userinfo(text: str) -> str:
    """Remove user names and passwords from the URLs in a text."""
    if "@" not in text or "://" not in text:
        return text
    return _USERINFO.sub(lambda found: found[1] or found[2], text)


def secret_parameters(url: str) -> list[str]:
    """Return the names of parameters that look like credentials."""
    names = [found["name"] for found in _PAIR.finditer(url) if _is_secret(found)]
    return list(dict.fromkeys(names))


def strip_secrets(text: str) -> str:
    """Remove all credentials from the URLs in a text, for publication."""
    if "://" not in text:
        return text
    return _LINK.sub(lambda found: _without_parameters(found[0]), strip_userinfo(text))


def _without_parameters(url: str) -> str:
    if not secret_parameters(url):
        return url
    kept = _PAIR.sub(lambda found: found["before"] if _is_secret(found) else found[0], url)
    # Clean up the remaining separators.
    kept = re.sub("([?#&;])[&;]+", r"\1", kept)
    return re.sub(r"(?<![?&;])[?&;]+(?=[#)]|$)|;(?=\?)|#$", "", kept)


def _is_secret(found: re.Match[str]) -> bool:
    name, value = unquote_plus(found["name"]), found["value"]
    if value and _SECRET_NAMES.fullmatch(name):
        return True
    return bool(
        _AMBIGUOUS_NAMES.fullmatch(name)
        and _RANDOM.fullmatch(value)
        and not _PUBLIC_URL.search(found.string, 0, found.start())
    )
