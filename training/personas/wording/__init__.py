"""How clusters are told to people: what sets them apart, and names and sentences made from it."""
