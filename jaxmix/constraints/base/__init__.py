"""What experiments share: the interface of every constraint, and the kinds of statistic that several have in common."""
