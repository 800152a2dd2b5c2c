"""Who may do what: keys, their scopes and rate limits, and the check that every guarded request passes."""
