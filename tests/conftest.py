"""Every test runs in float64, with rank promotion an error and, through pyproject.toml, warnings as errors."""

import hypothesis
import jax

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_rank_promotion", "raise")

hypothesis.settings.register_profile("jaxmix", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("jaxmix")
