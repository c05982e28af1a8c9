"""Numbers, alerts and pictures that describe a table."""
