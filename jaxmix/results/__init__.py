"""Files that a run leaves on disk: committed chunks, the manifest, the cube (scan.zarr) and the traced contours.

A file appears whole or not at all, and is believed only if its checksum and the run that it names are right. No physics
and no figures here.
"""

from jaxmix.results.certificates import write_certificates
from jaxmix.results.chunks import Record, committed, read_chunk, write_chunk
from jaxmix.results.contours import Certificate, Side, Trace, read_contours, write_contours
from jaxmix.results.cube import Coordinate, Variable, write_arrays, write_cube
from jaxmix.results.exports import write_hepdata, write_texts
from jaxmix.results.folder import ScanFolder, open_folder
from jaxmix.results.provenance import identity
from jaxmix.results.references import write_references

__all__ = [
    "Certificate",
    "Coordinate",
    "Record",
    "ScanFolder",
    "Side",
    "Trace",
    "Variable",
    "committed",
    "identity",
    "open_folder",
    "read_chunk",
    "read_contours",
    "write_arrays",
    "write_certificates",
    "write_chunk",
    "write_contours",
    "write_cube",
    "write_hepdata",
    "write_references",
    "write_texts",
]
