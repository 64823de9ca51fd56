"""OGC API - Features: the layers of a situation and the base data as collections of features that any GIS reads.

`query` understands what is asked, `columns` makes flat tables of features, `live` and `ground` give pages of the
collections, `papers` the documents around them; the routes are in `server.http.ogc`. No module here knows Flask.
"""
