"""Inside the simulator: the people at large, the planted personas, and how answers are drawn from them."""
