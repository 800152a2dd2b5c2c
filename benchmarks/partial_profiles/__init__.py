"""How well partial profiles are assigned: our imputation beside simpler ones and learned classifiers."""
