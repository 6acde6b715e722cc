"""The rows of the manifest, one module a room: its PAGES, its CHANGES."""
