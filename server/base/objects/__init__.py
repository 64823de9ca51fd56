"""An operator's own objects: hydrants of the waterworks, key safes, plans, closures (docs/base.md, "Own objects").

`settings` says what there is, `remote` fetches, `read*` parse, `rows` check and map columns, `plans` keep the files,
`store` is one SQLite file for each layer, `library` is what the server asks.
"""
