"""Declared steps over a table: checked first, learnt on the train part alone, and kept for the next table."""
