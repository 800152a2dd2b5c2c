"""What all figures share: style, colours, text that fits, and how they are saved."""
