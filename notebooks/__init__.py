"""The analysis as a notebook (`market_segmentation.ipynb`), and the code that executes and displays it."""
