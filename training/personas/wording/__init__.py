"""Names and sentences for clusters, made from what distinguishes them."""
