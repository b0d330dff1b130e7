"""One spelling of a document of JSON types, and its SHA-256: equal documents, equal digests."""

import hashlib
import json
from typing import Any


def text(document: Any) -> str:
    """Canonical JSON: sorted keys, no blanks, the shortest digits that give back each number; nan and inf are refused."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(document: Any) -> str:
    """SHA-256 of the canonical JSON, in hexadecimal."""
    return hashlib.sha256(text(document).encode()).hexdigest()
