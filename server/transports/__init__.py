"""Ways in besides HTTP: each brings bytes to the intake and, where the format has one, takes the answer back."""
