"""Language models taught by preferences and rewards."""
