"""Evidence: what run records and the papers' own figures say, as numbers and tables."""
