"""Who may do what: keys, their scopes and rates, and the one question that every guarded request is asked.

Plain functions over ASGI headers and values; no web framework, so that whatever answers a request can ask them.
"""
