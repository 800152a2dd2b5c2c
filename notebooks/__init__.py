"""The analysis as a story (`market_segmentation.ipynb`), and what executes and shows it."""
