"""What measurements of a signal would tell of its parameters: likelihood, Fisher information and samples from the
posterior.
"""
