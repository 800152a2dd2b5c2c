"""From clusters to personas: traits, names and sentences, and identity across fits."""
