"""The entity types of the INSPIRE.hub data model, one table each, reading like their specification."""

from server.feeds.ngsi.table import EntityType
from server.feeds.ngsi.types import buildings, crowd, dispatch, drones, reports

TYPES: dict[str, EntityType] = {
    name: table
    for module in (dispatch, crowd, drones, buildings, reports)
    for table in module.TABLES
    for name in table.names
}
"""Every known type by each of its names."""
