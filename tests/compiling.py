"""Compiler options for programs that a test runs a few times: they compile in less than half the time, with the same
numbers to rounding.
"""

from jaxmix import engine

QUICK = engine.fast_compile_options()
