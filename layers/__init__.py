"""The domain: observations, the picture and its layers. Pure: no I/O, no clock, no thread, no log."""
