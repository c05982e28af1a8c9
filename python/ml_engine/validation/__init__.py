"""Rules about tables under Great Expectations' own names, run as Polars expressions in one pass."""
