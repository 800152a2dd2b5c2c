"""The report of a fit: its analysis, its figures, and the page that shows both."""
