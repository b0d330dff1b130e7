"""Published and projected limit curves: one table of `jaxmix/data/limits` each, read by two kinds of search, for a Z'
and for mCPs.
"""
