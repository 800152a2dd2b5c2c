"""The figures of a report: each a function `Report → Figure`, drawn from the report alone.

Matplotlib's object interface only: no pyplot, and no setting outlives a figure. `registry.PLOTS` lists them all.
"""
