"""`jaxmix scan`: a study evaluated on its grid, its contours traced, everything written with its provenance,
and drawn.
"""
