"""The figures of a report: functions `Report → Figure`, drawn from the report alone.

They use matplotlib's object interface, without pyplot and without lasting settings. `registry.PLOTS` lists them
all.
"""
