"""From a profile to a persona: encoding, additive scoring of one or many, imputation, and reasons."""
