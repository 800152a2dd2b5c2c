"""The personas as segments of a market, as textbooks show them."""
