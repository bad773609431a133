"""Exports for servers: SavedModels."""
