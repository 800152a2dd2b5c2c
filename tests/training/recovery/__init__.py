"""Tests of training/recovery."""
