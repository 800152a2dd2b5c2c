"""The HTTP server around the app: connections with limits, admission control, and the request log."""
