"""The number of clusters: the gap statistic, votes of halves, prediction of held-out answers."""
