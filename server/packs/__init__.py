"""Offline packs: the base data of an area in one file that a tablet downloads (docs/base.md, "Offline packs").

`cut` makes one from the base data, `store` keeps the current ones, `parts` says what goes in; `server.http.packs` gives
them out.
"""
