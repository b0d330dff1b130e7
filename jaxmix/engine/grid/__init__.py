"""Grids and samples of points: cut into tiles and chunks, evaluated on all devices, reduced to summaries and maps, and
refined where an output crosses one.
"""
