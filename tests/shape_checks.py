"""The checker of annotations in the tests: as PEP 484 has it, an int is taken where a float is asked for."""

import beartype

checked = beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))
