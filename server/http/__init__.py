"""HTTP routes, one blueprint per topic. Every view says who may call it: `@needs(...)` or `@anybody`
(server/http/guard.py).
"""
