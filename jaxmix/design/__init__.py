"""`jaxmix design`: the detector of the largest reach that a budget allows, found by gradient."""
