"""Tables out: every format that an export can take, and what is written beside it."""
