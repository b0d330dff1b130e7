"""The millicharge detector at the LHC: its settings, the detector itself, what `jaxmix point` reports of it, and what a
design of it costs.
"""
