"""How well planted personas are recovered, as a share of what is possible: our pipeline beside four peers."""
