"""Metrics, the protocols that they are taken by, and the paper's tables."""

__all__ = ["metrics", "paper_tables", "protocols", "published", "table_figures", "tables"]
