"""The service that answers with a segment model, over HTTP."""
