"""The classifier that assigns personas: naive Bayes over fields, trained on the clusters."""
