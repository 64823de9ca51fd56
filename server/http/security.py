"""Headers that keep browsers safe, the longest body, and where requests may come from."""

from urllib.parse import urlsplit

from flask import Flask, Response, request

from server.config import MapSettings, Settings


def content_security_policy(settings: MapSettings) -> str:
    """No inline code, nothing from elsewhere but the base map's hosts; MapLibre needs a worker from a blob."""
    urls = (settings.style_url, settings.pmtiles_url, settings.raster_url)
    hosts = {f"{parts.scheme}://{parts.netloc}" for url in urls if url and (parts := urlsplit(url)).netloc}
    tiles = " ".join(["", *sorted(hosts | set(settings.hosts))])
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src 'self' data: blob:{tiles}",
            f"font-src 'self'{tiles}",
            f"connect-src 'self'{tiles}",
            "worker-src 'self' blob:",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def register(app: Flask, settings: Settings) -> None:
    """Put the headers on every answer, limit every body."""
    app.config["MAX_CONTENT_LENGTH"] = settings.limits.body_bytes
    headers = {
        "Content-Security-Policy": content_security_policy(settings.map),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    }

    @app.after_request
    def _secure(response: Response) -> Response:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        if request.endpoint not in ("web.asset", "web.page"):
            # Data of people and incidents stays in no cache.
            response.headers.setdefault("Cache-Control", "no-store")
        return response
