"""Exports for servers: SavedModels."""

__all__ = ["rest_request", "serving_graph", "warmup", "writer"]
