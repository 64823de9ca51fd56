"""Rooms of a server that take their settings from the test module."""

from tests.http.conftest import app, call, client, house

__all__ = ["app", "call", "client", "house"]
