"""What a link holds that lets its reader in: a name and password, or a token. Pure."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

# Any password, and any name before the host of a web address. RFC 3986, 3.2.1, deprecates both.
_USERINFO = re.compile(
    r"(https?://)[^\s/?#<>\"]*@"
    r"|(?<![\w+.-])(\w[\w+.-]*://)[^\s/?#<>\"@:]*:[^\s/?#<>\"]*@",
    re.IGNORECASE,
)
# What sites call the part of an address that lets anyone in who has it.
_SECRET_NAMES = re.compile(
    r"(?:access|api|auth|bearer|id|oauth|private|refresh|secret|session|user)?[_-]?token"
    r"|(?:x[_-])?api[_-]?key|access[_-]?key|secret(?:[_-]?key)?|client[_-]?secret|subscription-key"
    r"|x-(?:amz|goog)-(?:credential|security-token|signature)|sig|signature|hmac|jwt|assertion"
    r"|pass(?:word|wd|code|phrase)?|pwd|credentials?|authkey|session[_-]?id|phpsessid|jsessionid",
    re.IGNORECASE,
)
# Such a name may also be harmless: only where its value is long and random as a secret is, and
# where the address is not made for strangers: the code of a certificate, an old Google Sheet's key.
_PERHAPS = re.compile("auth|authorization|code|hash|key|session|sid|otp", re.IGNORECASE)
_RANDOM = re.compile(r"(?=.*\d)(?=.*[a-z])(?:[\w.~=-]|%2[BF]|%3D){16,}", re.IGNORECASE)
_FOR_STRANGERS = re.compile("certif|credential|verif|badge|spreadsheet", re.IGNORECASE)
_NAME = r"[^\s=&#;?<>()]{1,100}"
# A value ends at a ";" or "?" where another pair begins.
_PAIR = re.compile(
    rf"(?P<before>[?&#;])(?P<name>{_NAME})=(?P<value>(?:(?![;?]{_NAME}=)[^\s&#<>()\"])*)"
)
_LINK = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)


def strip_userinfo(text: str) -> str:
    """Return a link, or a text with links, without names and passwords before a host."""
    if "@" not in text or "://" not in text:
        return text
    return _USERINFO.sub(lambda found: found[1] or found[2], text)


def secret_parameters(url: str) -> list[str]:
    """Return the names of what looks like a token or a password in the query of a link."""
    names = [found["name"] for found in _PAIR.finditer(url) if _is_secret(found)]
    return list(dict.fromkeys(names))


def strip_secrets(text: str) -> str:
    """Return a link, or a text with links, as strangers may read it: nothing lets them in."""
    if "://" not in text:
        return text
    return _LINK.sub(lambda found: _without_parameters(found[0]), strip_userinfo(text))


def _without_parameters(url: str) -> str:
    if not secret_parameters(url):
        return url
    kept = _PAIR.sub(lambda found: found["before"] if _is_secret(found) else found[0], url)
    # What is left of the separators.
    kept = re.sub("([?#&;])[&;]+", r"\1", kept)
    return re.sub(r"(?<![?&;])[?&;]+(?=[#)]|$)|;(?=\?)|#$", "", kept)


def _is_secret(found: re.Match[str]) -> bool:
    name, value = unquote_plus(found["name"]), found["value"]
    if value and _SECRET_NAMES.fullmatch(name):
        return True
    return bool(
        _PERHAPS.fullmatch(name)
        and _RANDOM.fullmatch(value)
        and not _FOR_STRANGERS.search(found.string, 0, found.start())
    )
