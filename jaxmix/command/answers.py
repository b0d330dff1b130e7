"""How a command prints its answers: one JSON document, or aligned lines for a reader."""

import json
import math


def null_for_nan(value: object) -> object:
    """Return the document with every number that is not finite turned into None."""
    if isinstance(value, dict):
        return {key: null_for_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [null_for_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def show(documents: list[dict], single: bool, as_json: bool) -> None:
    """Print answers as JSON, or as text for a reader.

    Parameters
    ----------
    documents
        One answer for each point.
    single
        True if every argument had one value: the JSON is then an object, else a list.
    as_json
        True for JSON.
    """
    if as_json:
        print(json.dumps(null_for_nan(documents[0] if single else documents), indent=1, allow_nan=False))
    else:
        print("\n\n".join(as_text(document) for document in documents))


def as_text(document: dict, indent: str = "") -> str:
    """Format a JSON object as aligned lines for a reader, with a dash for absent values."""
    lines = []
    for key, value in document.items():
        if isinstance(value, dict) and value:
            lines += [f"{indent}{key}", as_text(value, indent + "  ")]
        elif isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
            for number, each in enumerate(value, 1):
                lines += [f"{indent}{key} {number}", as_text(each, indent + "  ")]
        else:
            shown = "-" if value is None or value == {} or (isinstance(value, float) and math.isnan(value)) else value
            shown = (
                (", ".join(shown) or "-")
                if isinstance(shown, list) and all(isinstance(word, str) for word in shown)
                else shown
            )
            shown = f"{shown + 0.0:.8g}" if isinstance(shown, float) else shown  # and no -0
            lines.append(f"{indent}{key:<{26 - len(indent)}} {shown}")
    return "\n".join(lines)
