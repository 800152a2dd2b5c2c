"""Request and response bodies that are no use case's own values, a module a resource."""
