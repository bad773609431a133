"""The user's cache folder, for what is fetched or built once."""

import pathlib

import platformdirs


def cache_folder() -> pathlib.Path:
    """The user's cache folder of synpose_tf, by each system's custom."""
    return pathlib.Path(platformdirs.user_cache_dir("synpose_tf", appauthor=False))
