"""A picture of a page made ready to be read: not too large, evenly lit, its lines level; and places
on it led back to the picture it was.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pipeline.documents import Box

if TYPE_CHECKING:
    from PIL.Image import Image

# Past this, detail is noise and minutes.
MOST_PIXELS = 30_000_000
# The spread of the paper's shade, of 255, that no threshold minds.
EVEN_PAPER = 3.0
LEAST_INK = 30


def bounded(picture: Image) -> tuple[Image, float]:
    """Shrink a picture of too many pixels; also say by how much."""
    pixels = picture.width * picture.height
    if pixels <= MOST_PIXELS:
        return picture, 1.0
    factor = math.sqrt(MOST_PIXELS / pixels)
    size = max(1, int(picture.width * factor)), max(1, int(picture.height * factor))
    return picture.resize(size, reducing_gap=2.0), factor


def has_ink(picture: Image) -> bool:
    """Say whether a page has more dark dots than a letter has."""
    import numpy as np

    grey = np.asarray(picture)
    dark = np.count_nonzero(grey < max(int(grey.max()) * 5 // 8, 1))
    return bool(LEAST_INK <= dark < grey.size)


def turned_back(box: Box, angle: float, turned: tuple[int, int], original: tuple[int, int]) -> Box:
    """Give a box's place in the picture from before it was turned by `angle` degrees
    counter-clockwise around its middle: the upright box around the turned-back one.
    """
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    left, top, right, bottom = box
    xs, ys = [], []
    for x, y in ((left, top), (right, top), (left, bottom), (right, bottom)):
        dx, dy = x - turned[0] / 2, y - turned[1] / 2
        xs.append(dx * cos - dy * sin + original[0] / 2)
        ys.append(dx * sin + dy * cos + original[1] / 2)
    return min(xs), min(ys), max(xs), max(ys)


def flattened(picture: Image) -> Image:
    """Make the paper evenly white: shadows of folds, gutters and lamps go, ink stays.

    The paper's own shade is the lightest around each place; a page whose paper is even already
    is left as it is.
    """
    import numpy as np
    from PIL import Image as Pictures
    from PIL import ImageFilter

    step = 8
    size = max(1, picture.width // step), max(1, picture.height // step)
    paper = picture.resize(size, Pictures.Resampling.BOX)
    paper = paper.filter(ImageFilter.MaxFilter(5)).filter(ImageFilter.GaussianBlur(4))
    if float(np.asarray(paper, dtype=np.float32).std()) < EVEN_PAPER:
        return picture
    shade = np.asarray(paper.resize(picture.size, Pictures.Resampling.BILINEAR), dtype=np.float32)
    grey = np.asarray(picture, dtype=np.float32) / np.maximum(shade, 1.0) * 255.0
    return Pictures.fromarray(np.clip(grey, 0, 255).astype(np.uint8))


def skew_of(picture: Image) -> float:
    """Estimate by how many degrees (at most 10) to turn a page counter-clockwise so that its lines
    lie level; 0 where there is nothing to gain.

    Lines of text make a sharp profile when ink is summed along them: the angle with the sharpest
    one is taken, in steps of half a degree, then of a twentieth.
    """
    import numpy as np

    small = picture.copy()
    small.thumbnail((1_000, 1_000))
    grey = np.asarray(small, dtype=np.float32)
    ink = grey < min(grey.mean() - grey.std(), 200.0)
    ys, xs = np.nonzero(ink)
    if len(xs) < 200:
        return 0.0
    centred = xs - grey.shape[1] / 2

    def sharpness(degrees: float) -> float:
        # The line through a word at x, y of a page that leans by `degrees` meets the middle here.
        rows = np.rint(ys + centred * math.tan(math.radians(degrees))).astype(np.int64)
        profile = np.bincount(rows - rows.min()).astype(np.float64)
        return float((np.diff(profile) ** 2).sum())

    level = sharpness(0.0)
    coarse = max((step / 2 for step in range(-20, 21)), key=sharpness)
    fine = max((coarse + step / 20 for step in range(-9, 10)), key=sharpness)
    if abs(fine) < 0.2 or sharpness(fine) < level * 1.05:
        return 0.0
    # A positive lean pushes the right side up in the sum, so it hangs down in the picture.
    return -fine
