"""Writes SHA256SUMS over every table of this folder: python -m jaxmix.data.write_checksums, after a wanted change."""

import hashlib
from pathlib import Path

KINDS = (".npz", ".csv", ".toml", ".txt", ".json", ".bib")


def main() -> None:
    """Write one line 'digest  name' for each table, in the format of the program sha256sum."""
    folder = Path(__file__).parent
    files = sorted(path for path in folder.rglob("*") if path.suffix in KINDS)
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}\n" for path in files
    ]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="ascii")


if __name__ == "__main__":
    main()
