"""The routes, a module a resource. A route parses the request, calls one use case, and renders the response."""
