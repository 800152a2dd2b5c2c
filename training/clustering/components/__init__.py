"""The components that carry structure: dependence of fields, parallel analysis, moments."""
