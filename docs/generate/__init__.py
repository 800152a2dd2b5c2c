"""Documents that are made from the code: `python -m docs.generate` writes them, `--check` compares them."""
