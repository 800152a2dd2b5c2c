"""How often the members of each persona give each value: counts in the artifact, and estimates from them."""
