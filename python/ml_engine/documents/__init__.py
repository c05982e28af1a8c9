"""Files of many kinds as text, with what stands where."""
