"""The routes, a module a resource. A route parses, calls one use case, and answers."""
