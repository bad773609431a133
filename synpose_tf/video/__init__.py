"""Pictures out of photos, videos and folders."""

__all__ = ["ahead", "film", "h264", "photos", "pictures", "webcam"]
