"""Canonicalize JSON-LD documents (RDFC-1.0) with bundled contexts.

Contexts are never fetched. PyLD is imported on first use because it takes 27 MB of memory.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

CREDENTIALS = "https://www.w3.org/ns/credentials/v2"
OPEN_BADGES = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
_FILES = {CREDENTIALS: "credentials-v2.json", OPEN_BADGES: "open-badges-3.0.3.json"}


class NotCanonical(ValueError):
    """Raised for an unknown context or term, or a document that is too expensive to process."""


def canonicalize(document: dict[str, Any]) -> bytes:
    """Return the canonical N-Quads of a document. Raises NotCanonical.

    Terms and types that the contexts do not define are refused, because JSON-LD would drop them
    and the signature would not cover them.
    """
    from pyld.jsonld import JsonLdError, JsonLdProcessor

    processor = JsonLdProcessor(on_property_dropped=_refuse_term)
    options: Any = {"documentLoader": _load_context, "base": "", "produceGeneralizedRdf": False}
    try:
        expanded = processor.expand(document, options)
        _check_iris(expanded)
        dataset = processor.to_rdf(expanded, options)
        quads: str = _algorithm()().main(dataset, {"format": "application/n-quads"})
    except NotCanonical:
        raise
    # PyLD raises various built-in exceptions for unexpected values.
    except (JsonLdError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        raise NotCanonical("it is no JSON-LD of these contexts") from None
    except RecursionError:
        raise NotCanonical("it is nested too deeply") from None
    return quads.encode()


@cache
def _algorithm() -> type[Any]:
    """Return the canonicalization algorithm without the step for indistinguishable blank nodes.

    That step takes exponential time for malicious documents, and no badge needs it.
    """
    from pyld.canon import URDNA2015

    class BoundedAlgorithm(URDNA2015):
        def hash_n_degree_quads(self, *_arguments: Any) -> Any:
            raise NotCanonical("two of its nodes are alike")

    return BoundedAlgorithm


def _refuse_term(term: str | None) -> None:
    raise NotCanonical(f"no context defines {str(term)[:100]!r}")


def _check_iris(expanded: Any) -> None:
    """Raise NotCanonical for types and ids of an expanded document that are not absolute IRIs."""
    if isinstance(expanded, list):
        for each in expanded:
            _check_iris(each)
    elif isinstance(expanded, dict):
        types = expanded.get("@type", [])
        for name in [expanded.get("@id"), *(types if isinstance(types, list) else [types])]:
            if name is not None and ":" not in name:
                raise NotCanonical(f"no context defines {name[:100]!r}")
        for key, value in expanded.items():
            if key != "@type":
                _check_iris(value)


def _load_context(url: str, _options: Any = None) -> dict[str, Any]:
    if url not in _FILES:
        raise NotCanonical(f"unknown context {url[:100]!r}")
    return {
        "contentType": "application/ld+json",
        "contextUrl": None,
        "documentUrl": url,
        "document": _read_context(url),
    }


@cache
def _read_context(url: str) -> dict[str, Any]:
    text = (Path(__file__).parent / "contexts" / _FILES[url]).read_text("utf-8")
    context: dict[str, Any] = json.loads(text)
    return context
