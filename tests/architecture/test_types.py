"""What an editor and a type checker know of the package's public names."""

import pytest
from mypy import api

SNIPPET = """
import jaxmix
reveal_type(jaxmix.MixedPhase)
reveal_type(jaxmix.trace_contours)
jaxmix.Nonsense
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> list[str]:
    """The lines that mypy writes about the snippet alone; imported modules are followed, their faults not told."""
    folder = tmp_path_factory.mktemp("mypy")
    (folder / "snippet.py").write_text(SNIPPET)
    options = ["--config-file=", "--follow-imports=silent", "--ignore-missing-imports", "--no-error-summary"]
    lines, errors, _ = api.run([*options, f"--cache-dir={folder / 'cache'}", str(folder / "snippet.py")])
    assert not errors
    return lines.splitlines()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "type_of"), [(3, "jaxmix.models.mixed_phase.MixedPhase"), (4, "jaxmix.engine.contour.box.Contours")]
)
def test_public_names_have_types(report, line, type_of):
    """The class and the function are known as what they are, not as Any."""
    told = [each for each in report if f"snippet.py:{line}: note: Revealed type" in each]
    assert len(told) == 1 and type_of in told[0] and 'is "Any"' not in told[0], report


@pytest.mark.slow
def test_other_names_are_errors(report):
    """A name that the package does not have is told by the checker, before anything runs."""
    assert any("snippet.py:5: error:" in each and '"Nonsense"' in each for each in report), report
