"""Pictures of poses."""

__all__ = ["colours", "plotting"]
