"""An op whose library is not installed."""

import no_such_library  # pyright: ignore[reportMissingImports]

broken = no_such_library
