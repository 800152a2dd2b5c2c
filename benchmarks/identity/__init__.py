"""Whether personas keep their identity over retrains, and what the acceptance checks refuse."""
