"""Pictures out of photos, videos and folders."""

__all__ = ["film", "photos", "pictures"]
