"""How well partial profiles are assigned: our completion beside fillings and learned classifiers."""
