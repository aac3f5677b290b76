"""How things are written and read, in both directions."""
