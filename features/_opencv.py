"""OpenCV, or one sentence on why it will not load."""

try:
    import cv2
except ImportError as exc:
    raise ImportError(
        f"OpenCV could not load ({exc}). Either install the missing system library "
        "(on Debian and Ubuntu: apt-get install libgl1), or use the build that needs none: "
        "pip uninstall opencv-python && pip install opencv-python-headless."
    ) from exc

__all__ = ["cv2"]
