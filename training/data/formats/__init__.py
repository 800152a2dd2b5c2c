"""How a column writes its numbers and lists, as a mapping declares it or as its cells show."""
