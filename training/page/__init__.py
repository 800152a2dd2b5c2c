"""What the page of a report shows: its sections, and the words around its numbers."""
