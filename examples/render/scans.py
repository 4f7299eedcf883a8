"""Set text on a page image and make it look scanned: skew, blur, noise, low contrast."""

import io
from dataclasses import dataclass

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from .texts import Text

DPI = 200
WIDTH, HEIGHT = 1700, 2200  # US Letter
MARGIN = 190
LEADING = 1.42


@dataclass(frozen=True)
class Look:
    """Say how a page was set and how badly it was scanned. Angles in degrees, the rest in pixels
    and grey levels (0 black, 255 white).
    """

    seed: int
    skew: float = 1.2
    font: str = "DejaVuSerif"
    size: int = 30
    blur: float = 0.9
    noise: float = 7.0
    ink: int = 62
    paper: int = 228
    specks: int = 160
    height: int = HEIGHT


@dataclass(frozen=True)
class Page:
    """Hold a page image and the lines that are printed on it."""

    image: Image.Image
    lines: tuple[str, ...]

    @property
    def truth(self) -> str:
        """Return the printed words, a line of text for each printed line."""
        return "\n".join(self.lines) + "\n"


def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    folder = f"{matplotlib.get_data_path()}/fonts/ttf"
    return ImageFont.truetype(f"{folder}/{name}.ttf", size)


def _wrap(words: str, font: ImageFont.FreeTypeFont) -> list[str]:
    lines, line = [], ""
    for word in words.split():
        longer = f"{line} {word}".strip()
        if line and font.getlength(longer) > WIDTH - 2 * MARGIN:
            lines.append(line)
            line = word
        else:
            line = longer
    return [*lines, line]


def _set(text: Text, look: Look) -> tuple[Image.Image, list[str]]:
    """Set the text in black on white. Fails when it is longer than the page."""
    image = Image.new("L", (WIDTH, look.height), 255)
    draw = ImageDraw.Draw(image)
    printed: list[str] = []
    y = MARGIN * 0.8

    def put(words: str, suffix: str, size: int, after: float) -> None:
        nonlocal y
        font = _font(look.font + suffix, size)
        for line in _wrap(words, font):
            draw.text((MARGIN, y), line, fill=0, font=font)
            printed.append(line)
            y += size * LEADING
        printed.append("")
        y += after

    put(text.issuer, "-Bold", look.size, 6)
    put(text.title, "-Bold", round(look.size * 1.25), look.size * 0.8)
    for paragraph in text.paragraphs:
        put(paragraph, "", look.size, look.size * 0.7)
    if y > look.height - MARGIN / 2:
        raise ValueError(f"{text.slug} does not fit on its page")
    return image, printed[:-1]


def _degrade(image: Image.Image, look: Look) -> Image.Image:
    """Skew, blur, light unevenly, add grain and specks. The same seed gives the same page."""
    rng = np.random.default_rng(look.seed)
    skewed = image.rotate(look.skew, Image.Resampling.BICUBIC, fillcolor=255)
    soft = np.asarray(skewed.filter(ImageFilter.GaussianBlur(look.blur)), dtype=np.float32) / 255
    height, width = soft.shape
    light = look.paper + 12 * np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    grey = look.ink + (light - look.ink) * soft
    grey += rng.normal(0, look.noise, grey.shape).astype(np.float32)
    for _ in range(look.specks):
        y, x = int(rng.integers(0, height - 4)), int(rng.integers(0, width - 4))
        size = int(rng.integers(1, 4))
        grey[y : y + size, x : x + size] -= float(rng.integers(40, 130))
    grey[:, : int(rng.integers(6, 18))] -= 110  # the shadow at the edge of the glass
    return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))


def scan(text: Text, look: Look) -> Page:
    """Render one page of this text as a scanner would have seen it."""
    image, lines = _set(text, look)
    return Page(_degrade(image, look), tuple(lines))


def jpeg(page: Page, quality: int = 42) -> bytes:
    """Compress a page as a grey JPEG that knows its resolution."""
    buffer = io.BytesIO()
    page.image.save(buffer, "JPEG", quality=quality, dpi=(DPI, DPI))
    return buffer.getvalue()


def png(page: Page, levels: int = 8) -> bytes:
    """Write a page as a PNG of few grey levels."""
    step = 256 // levels
    few = page.image.point([min(255, (v // step) * step + step // 2) for v in range(256)])
    buffer = io.BytesIO()
    few.quantize(levels).save(buffer, "PNG", optimize=True, dpi=(DPI, DPI))
    return buffer.getvalue()


def tiff(pages: list[Page], threshold: int = 150) -> bytes:
    """Write pages as one black-and-white TIFF in Group 4, like a fax machine."""
    bilevel = [
        p.image.point([255 * (v > threshold) for v in range(256)]).convert("1") for p in pages
    ]
    buffer = io.BytesIO()
    bilevel[0].save(
        buffer,
        "TIFF",
        save_all=True,
        append_images=bilevel[1:],
        compression="group4",
        dpi=(DPI, DPI),
    )
    return buffer.getvalue()
