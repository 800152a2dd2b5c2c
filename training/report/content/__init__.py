"""The values of a report by subject, as `training.report.document` puts them together."""
