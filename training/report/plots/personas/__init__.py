"""Figures of the personas."""
