"""Partial profiles: evidence per field, calibration, and how reliable their assignments are."""
