"""Experiments, one file each: what each would have seen of a parameter point, and how it judges that. Models live in
`models`; the two meet in `study` alone. The names that the commands know are in `constraints.shelf`."""
