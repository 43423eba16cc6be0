"""The one training loop of the book, what a paper may change in it, and the record it leaves."""
