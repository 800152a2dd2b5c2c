"""The simulator: the population, the planted personas, and the drawing of answers."""
