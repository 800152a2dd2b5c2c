"""The analysis of a fit: computed here, stored in report.json, drawn by `training.report.plots`."""
