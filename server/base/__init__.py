"""Base data: what an OpenStreetMap extract says about a place, built once, used offline by browser, app and commands.

`extract` reads, `build` hands every element to the parts that want it, each part owns its tables or its file, `base`
opens what was built. A part is one module (`places`, `buildings`, `tiles` ...) listed in `build.PARTS`.
"""
