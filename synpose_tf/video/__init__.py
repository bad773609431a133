"""Pictures out of photos, videos and folders."""

__all__ = ["ahead", "film", "photos", "pictures", "webcam"]
