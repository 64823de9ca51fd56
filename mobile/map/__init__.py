"""The map of the app: own vector base map, drawn from what the tablet keeps; no tile server is ever asked."""
