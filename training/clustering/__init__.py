"""From coded profiles to clusters: encoding, PCA, K-Means, the choice of k, and the compiled scorer."""
