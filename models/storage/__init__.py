"""Models on disk: artifacts, their manifest and signature, the registry of versions, and comparisons."""
