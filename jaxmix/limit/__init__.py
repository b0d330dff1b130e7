"""`jaxmix limit`: the limit of one constraint on one parameter, and how it moves with every other."""
