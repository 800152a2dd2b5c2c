"""The HTTP server around the app: connections with limits, admission control, request log, and body limit."""
