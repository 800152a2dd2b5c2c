"""How well partial profiles are assigned, and how calibrated that is: our rule beside simpler and learned ones."""
