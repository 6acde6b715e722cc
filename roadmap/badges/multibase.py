"""Base58btc with the prefix of multibase, as proofs and keys are written. Pure."""

from __future__ import annotations

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
# Before the 32 bytes of a public Ed25519 key.
ED25519_PREFIX = b"\xed\x01"


def encode_base58(data: bytes) -> str:
    """Return bytes as multibase base58btc: `z`, then the digits."""
    number, digits = int.from_bytes(data), ""
    while number:
        number, rest = divmod(number, 58)
        digits = ALPHABET[rest] + digits
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "z" + "1" * zeros + digits


def decode_base58(text: str, length: int) -> bytes:
    """Return the bytes of multibase base58btc. Raises ValueError unless they are `length`."""
    if not text.startswith("z") or len(text) > 2 * length + 1:
        raise ValueError("no base58btc of this length")
    number = 0
    for digit in text[1:]:
        number = number * 58 + ALPHABET.index(digit)
    try:
        data = number.to_bytes(length)
    except OverflowError:
        raise ValueError("no base58btc of this length") from None
    if encode_base58(data) != text:
        raise ValueError("no base58btc of this length")
    return data
