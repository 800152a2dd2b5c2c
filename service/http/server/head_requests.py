"""HEAD: answered as GET without the body, on every route (RFC 9110, section 9.3.2), in plain ASGI."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadRequests:
    """Lets the app answer GET in place of HEAD, and sends the head of its response alone."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        has_ended = False

        async def receive_until_end() -> Message:
            # Ends a stream, whose head is all that was wanted.
            return {"type": "http.disconnect"} if has_ended else await receive()

        async def send_head(message: Message) -> None:
            nonlocal has_ended
            if message["type"] == "http.response.start":
                await send(message)
            elif not has_ended:
                has_ended = True
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        as_get: Scope = {**scope, "method": "GET"}
        try:
            await self._app(as_get, receive_until_end, send_head)
        finally:
            # For the access log, which lies around this layer.
            if "route" in as_get:
                scope["route"] = as_get["route"]
