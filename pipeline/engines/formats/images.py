"""Pictures of pages: PNG, JPEG, TIFF with several pages. Sizes are looked at before decoding."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from pipeline.documents import Box, Metadata, Pages, PageSource, Words
from pipeline.engines.formats.draft import Draft, Job, PageText, told
from pipeline.engines.tesseract import Reading, Tesseract
from pipeline.errors import PermanentError

if TYPE_CHECKING:
    from PIL.Image import Image

# Nothing else is ever tried on the bytes, whatever they look like.
FORMATS = ("PNG", "JPEG", "TIFF")
DEFAULT_DPI = 200.0
LIKELY_DPI = (50.0, 1_200.0)
DAMAGED = (OSError, SyntaxError, ValueError, EOFError)
"""What Pillow raises for a picture that it cannot decode."""
EXIF_DATE = 306
EXIF_ARTIST = 315
EXIF_TITLE = 270


@cache
def reader(language: str) -> Tesseract:
    """Load the OCR engine once a process, and only where a page needs it."""
    return Tesseract(language)


def read_image(job: Job) -> Pages:
    """Read the words on each page of a picture."""
    from PIL import Image, UnidentifiedImageError

    # Our own limit stands before each decoding; the library's would be a warning at half of it.
    Image.MAX_IMAGE_PIXELS = None
    draft = Draft(job.options.max_characters, job.pages.first if job.pages else 1)
    try:
        with Image.open(job.path, formats=FORMATS) as image:
            _check_size(job, image)
            frames = getattr(image, "n_frames", 1) if image.format == "TIFF" else 1
            metadata = _metadata(image)
            for number in job.wanted(frames):
                try:
                    draft.add(_frame(job, image, number - 1))
                except DAMAGED as error:
                    if frames == 1:
                        raise
                    draft.add_unread(job, error)
    except (UnidentifiedImageError, *DAMAGED) as error:
        raise PermanentError(
            "damaged", f"the picture cannot be decoded ({error}); save it again as PNG"
        ) from error
    return draft.part(job, metadata)


def _check_size(job: Job, image: Image) -> None:
    """Refuse a picture before it is decoded. Raises PermanentError("image_too_large")."""
    if image.width * image.height > job.options.max_pixels:
        raise PermanentError(
            "image_too_large",
            f"the picture is {image.width:,} × {image.height:,} pixels, more than ocr.max_pixels = "
            f"{job.options.max_pixels:,}; shrink it, or raise the setting",
        )


def _frame(job: Job, image: Image, frame: int) -> PageText:
    """Read one page; one that is damaged is a warning among several, a failure alone."""
    image.seek(frame)
    _check_size(job, image)
    dpi = _dpi(image)
    grey = _upright_grey(job, image)
    return page_of(reader(job.options.language).read(grey, dpi), grey.size, dpi)


def _upright_grey(job: Job, image: Image) -> Image:
    """Decode to shades of grey, the way up that the camera noted, on white where transparent."""
    from PIL import Image as Pictures
    from PIL import ImageFile, ImageOps

    try:
        image.load()
    except OSError:
        # Cut short: what is there is decoded, the rest stays grey.
        ImageFile.LOAD_TRUNCATED_IMAGES = True
        try:
            image.load()
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = False
        job.warn("the picture is cut short; what is there was read")
    upright = ImageOps.exif_transpose(image)
    if upright.has_transparency_data:
        upright = upright.convert("LA")
        white = Pictures.new("L", upright.size, 255)
        white.paste(upright.getchannel("L"), mask=upright.getchannel("A"))
        return white
    if upright.mode.startswith("I;16") or upright.mode in {"I", "F"}:
        low, high = upright.getextrema()
        scale = 255.0 / max(1.0, float(high) - float(low))  # type: ignore[arg-type]
        return (
            upright.convert("F")
            .point(
                lambda value: (value - float(low)) * scale  # type: ignore[arg-type]
            )
            .convert("L")
        )
    return upright.convert("L")


def _dpi(image: Image) -> float:
    """Read the resolution; a picture that says none, or nonsense, counts as 200 dpi."""
    found = image.info.get("dpi")
    try:
        dpi = float(found[0]) if found else DEFAULT_DPI
    except (TypeError, ValueError, ZeroDivisionError):
        return DEFAULT_DPI
    return dpi if LIKELY_DPI[0] <= dpi <= LIKELY_DPI[1] else DEFAULT_DPI


def _metadata(image: Image) -> Metadata:
    """Read what a scanner or camera notes."""
    exif = image.getexif()
    taken = told(exif.get(EXIF_DATE))
    if taken:  # "2020:01:31 12:00:00"
        date, _, time = taken.partition(" ")
        taken = f"{date.replace(':', '-')}T{time}" if time else date.replace(":", "-")
    return Metadata(
        title=told(exif.get(EXIF_TITLE)), author=told(exif.get(EXIF_ARTIST)), created=taken
    )


def page_of(
    reading: Reading, size: tuple[int, int], dpi: float, points: tuple[float, float] | None = None
) -> PageText:
    """Make a page of what was read on a picture of `size` pixels at `dpi`.

    `points` is the page's own size, where the picture was made of a page that has one.
    """
    width, height = points or (size[0] * 72 / dpi, size[1] * 72 / dpi)
    across, down = width / size[0], height / size[1]
    text, starts, ends = reading.text()
    boxes = tuple(
        within((left * across, top * down, right * across, bottom * down), width, height)
        for left, top, right, bottom in (word.box for word in reading.words)
    )
    return PageText(
        text=text,
        source=PageSource.OCR if text else PageSource.NONE,
        confidence=reading.confidence if text else None,
        width=round(width, 2),
        height=round(height, 2),
        words=Words(starts=starts, ends=ends, boxes=boxes) if text else None,
    )


def within(box: Box, width: float, height: float) -> Box:
    """Keep a box on its page, to hundredths of a point."""
    left, right = (round(min(max(edge, 0.0), width), 2) for edge in (box[0], box[2]))
    top, bottom = (round(min(max(edge, 0.0), height), 2) for edge in (box[1], box[3]))
    return left, top, right, bottom
