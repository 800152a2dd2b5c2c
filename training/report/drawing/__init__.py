"""What all figures share: style, colours, labels, heatmaps and saving."""
