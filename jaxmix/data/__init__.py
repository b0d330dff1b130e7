"""The package's tables, each with its source, units and confidence level in its header, and the scripts that make them.

Opened through `jaxmix.data.tables` only, which holds every file against SHA256SUMS. No parton distribution grid is kept
here: parton_luminosity.npz is this package's own integral over one, made by generate_parton_tables, as is
parton_densities.npz.
"""
