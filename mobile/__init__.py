"""The crew app: Kivy on a tablet, its own store, one connection with a cursor and an outbox."""
