"""DFER notebooks: models, training and figures behind the book."""

__version__ = "0.1.0"
