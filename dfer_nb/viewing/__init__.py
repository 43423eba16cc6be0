"""Figures, tables and explorers: pure functions of run records."""
