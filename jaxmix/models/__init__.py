"""Models of the dark sector, one file each: a frozen point of parameters that says what it predicts for nature
as `NeutralCurrents`. Experiments live in `constraints`; the two never meet."""
