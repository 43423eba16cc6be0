"""Explorers: figures with sliders, each with its script and style beside it."""
