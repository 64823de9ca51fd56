"""I/O around the domain: feeds, journal, desk, synchronisation, HTTP, the command line."""
