"""Make the documents that only exist as pictures, and remember what is printed on them."""

from . import office, pdf, plain, scans
from .archives import zip_bytes
from .scans import Look, Page
from .texts import load

Files = dict[str, bytes]
# Path of a scan in the corpus → its pages by number, from 1.
Truths = dict[str, dict[int, Page]]


def _scan(*pages: tuple[str, Look], first: int = 1) -> dict[int, Page]:
    return {first + i: scans.scan(load(slug), look) for i, (slug, look) in enumerate(pages)}


def _pdf(title: str, issuer: str, pages: dict[int, Page]) -> bytes:
    """Wrap pages that have no text layer, under a title that somebody typed in, with no date."""
    paper = pdf.Pdf(title, issuer)
    for page in pages.values():
        paper.image(page)
    return paper.finish()


def _mixed() -> tuple[bytes, dict[int, Page]]:
    """Make a file whose first pages are text and whose last ones were scanned."""
    masks, hospital = load("chemical-masks"), load("al-salem-hospital")
    paper = pdf.Pdf("Mosul and air power", masks.issuer, hospital)
    paper.text(masks)
    paper.text(hospital)
    pages = _scan(
        ("507th-incirlik", Look(61, skew=-1.8, blur=1.2, specks=300)),
        ("134th-squadron", Look(62, skew=1.2)),
        first=paper.pages + 1,
    )
    for page in pages.values():
        paper.image(page)
    return paper.finish(), pages


def archive() -> tuple[Files, Truths]:
    """Render what came from the scanner: PDF, PNG, JPEG, a fax as TIFF, a PDF that is half text."""
    dayton = _scan(
        ("dayton", Look(11, skew=1.6, font="DejaVuSansMono", size=26, blur=1.4, noise=12))
    )
    embassy = _scan(
        ("loan-guarantee", Look(21, skew=-1.1)),
        ("ishtar-gate", Look(22, skew=2.0, blur=1.6, ink=112, paper=214, noise=11)),
    )
    lion = _scan(("eager-lion", Look(31, skew=-1.4, noise=4, height=1150)))
    jordan = _scan(("jordan-live-fire", Look(41, skew=1.3, size=28, blur=1.4, noise=10)))
    fax = _scan(
        ("turkey-republic-day", Look(51, skew=0.8, size=31)),
        ("dabiq", Look(52, skew=-1.5, font="DejaVuSans")),
        ("jabla-tartus", Look(53, skew=1.0, size=25, noise=24, specks=500)),
    )
    mixed, mixed_pages = _mixed()
    files = {
        "archive/scan-dayton-thanksgiving-day.pdf": _pdf(
            load("dayton").title, load("dayton").issuer, dayton
        ),
        "archive/scan-iraq-loan-guarantee-and-ishtar-gate.pdf": _pdf(
            "Loan guarantee and Ishtar Gate", load("ishtar-gate").issuer, embassy
        ),
        "archive/exercise-eager-lion-16.png": scans.png(lion[1]),
        "archive/jordan-live-fire-exercise.jpg": scans.jpeg(jordan[1]),
        "archive/fax-turkey-and-syria-statements.tif": scans.tiff(list(fax.values())),
        "archive/mosul-and-air-power-file.pdf": mixed,
    }
    pages = (dayton, embassy, lion, jordan, fax, mixed_pages)
    return files, dict(zip(files, pages, strict=True))


def bundle() -> tuple[Files, Truths]:
    """Render a ZIP with folders in folders and a scan in it."""
    scan = "statements/syria/hasaka/tel-tamer.jpg"
    path = "bundles/statements-on-syria-and-iraq.zip"
    pages = _scan(("tel-tamer", Look(71, skew=-1.2, height=1300)))
    forces = load("mosul-forces")
    book = office.new_document(forces.title, forces.issuer, None)
    office.add_release(book, forces)
    members = {
        "statements/": b"",
        "statements/ypg-patches.txt": plain.plain(load("ypg-patches")),
        "statements/syria/ambassador-ford.html": plain.html_page(load("ambassador-ford")),
        scan: scans.jpeg(pages[1]),
        "statements/iraq/mosul-forces.docx": office.docx_bytes(book),
        "statements/iraq/baghdad-and-najaf.md": plain.markdown(load("baghdad-najaf")),
    }
    return {path: zip_bytes(members)}, {f"{path}!/{scan}": pages}
