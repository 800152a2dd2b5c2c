"""What is said beside an assignment: the reasons for it, and the next question."""
