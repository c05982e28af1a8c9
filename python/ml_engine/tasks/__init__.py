"""The tasks beside classification and regression: what each learns, how it is scored and what it answers."""
