"""From files of many forms to one typed table, with an account of what could not be read."""
