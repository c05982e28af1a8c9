"""Which columns a column was made from, and how two versions of a table differ."""
