"""What an analyst wants to know about a fit: computed here, kept in report.json, drawn by `training.plots`."""
