"""TAK clients and servers beside the web: who they are, what of the picture they get, and what they say."""
