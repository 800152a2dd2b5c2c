"""What the clients can do, by subject: each operation is a generator of effects (`backpocket_segments.calls`)."""
