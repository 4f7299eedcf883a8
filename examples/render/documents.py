"""Make the documents of each folder of the corpus out of the texts. Paths are relative to it."""

from . import office, pdf, plain, tables
from .texts import load, long_date

Files = dict[str, bytes]


def press_releases() -> Files:
    """Render the releases of U.S. Central Command as text, Markdown and HTML."""
    tanks = plain.plain(load("palmyra-tanks"))
    folder = "press-releases/"
    return {
        f"{folder}2016-12-15-coalition-destroys-isil-tanks.txt": tanks,
        "inbox/Copy of 2016-12-15-coalition-destroys-isil-tanks.txt": tanks,
        f"{folder}2016-11-06-sdf-begin-advance-on-raqqah.txt": plain.plain(
            load("sdf-advance"), width=78
        ),
        f"{folder}votel-statement-on-keating.txt": plain.plain(load("votel-keating")),
        f"{folder}2016-12-10-sdf-next-phase-raqqah.md": plain.markdown(load("sdf-next-phase")),
        f"{folder}2017-01-09-strikes.md": plain.markdown(load("strikes-jan-9")),
        f"{folder}2017-01-08-strikes.html": plain.html_page(load("strikes-jan-8")),
        f"{folder}carter-meets-abadi-in-baghdad.html": plain.html_page(load("carter-abadi")),
        f"{folder}2016-12-27-forbin-joins-task-force-50.html": plain.html_page(
            load("forbin-ctf-50")
        ),
    }


def state_department() -> Files:
    """Render statements of the State Department; one in an old encoding, one with a mark."""
    ministerial = load("counter-isil-ministerial")
    paper = pdf.Pdf(ministerial.title, ministerial.issuer, ministerial)
    paper.text(ministerial)
    paper.text(load("mcgurk-berlin"))
    title = "Statements on terrorist attacks in Iraq"
    book = office.new_document(title, ministerial.issuer, None)
    for slug in ("funeral-tent", "baghdad-diyala", "camp-hurriya"):
        office.add_release(book, load(slug))
    folder = "state-department/"
    return {
        f"{folder}2016-07-21-counter-isil-ministerial.pdf": paper.finish(),
        f"{folder}statements-on-attacks-in-iraq.docx": office.docx_bytes(book),
        f"{folder}riyadh-opposition-gathering.txt": plain.plain(
            load("riyadh-gathering"), encoding="cp1252"
        ),
        f"{folder}taken-question-web-hosting.txt": plain.plain(
            load("web-hosting"), encoding="utf-8-sig"
        ),
        f"{folder}kerry-on-aleppo.md": plain.markdown(load("kerry-aleppo")),
        f"{folder}rewards-for-justice-oil-and-antiquities.html": plain.html_page(
            load("rewards-oil-antiquities")
        ),
    }


def court() -> Files:
    """Render an oral argument: the opening as a PDF with a cover, the questions as Word."""
    text = load("mccombs-v-miller")
    people = [
        ["Name", "Part"],
        ["Amy Sells, Tiffany and Bosco", "for the appellants Chase and Chelsea McCombs"],
        ["David B. Gass", "Judge"],
        ["Brian Y. Furuya", "Judge"],
    ]
    dated = long_date(text.date) if text.date else ""
    opening, questions = text.paragraphs[:7], text.paragraphs[7:]
    paper = pdf.Pdf(text.title, text.issuer, text)
    head = [text.issuer.upper(), "Case No. 22-0634", "McCombs v. Miller"]
    cover = [pdf.gap(150), *(pdf.paragraph(line, pdf.CENTRE) for line in head), pdf.gap(24)]
    cover += [
        pdf.paragraph(line, pdf.BYLINE)
        for line in ["Transcript of Oral Argument (excerpt), part 1", dated]
    ]
    cover += [pdf.paragraph(": ".join(row)) for row in people[1:]]
    paper.flow(cover, text.issuer)
    paper.flow(
        [pdf.paragraph(p, pdf.SPEECH) for p in opening], "McCombs v. Miller, Case No. 22-0634"
    )
    book = office.new_document(f"{text.title}, part 2", text.issuer, text.date)
    office.add_table(book, people)
    for turn in questions:
        book.add_paragraph(turn)
    return {
        "court/mccombs-v-miller-oral-argument-1.pdf": paper.finish(),
        "court/mccombs-v-miller-oral-argument-2.docx": office.docx_bytes(book),
    }


def spreadsheets() -> Files:
    """Render what the releases say as tables, with the sources named."""
    last = load("strikes-jan-10")
    notes: tables.Rows = [
        ["Note"],
        ["Compiled from the daily strike releases of U.S. Central Command named in each row."],
        ["Result: the words of the release. Totals: added up, equal to those in the releases."],
        *[[p] for p in last.paragraphs if p.startswith("A strike, as defined")],
    ]
    sheets: dict[str, office.Rows] = {
        "Strikes": tables.strikes(),
        "Totals": tables.totals(),
        "Nations": tables.nations(),
        "Notes": notes,
    }
    title = "Coalition strikes in Syria and Iraq, January 8 to 10, 2017"
    return {
        "tables/coalition-strikes-january-2017.xlsx": office.xlsx_bytes(
            sheets, title, last.issuer, last.day
        ),
        "tables/officials-named-in-releases.csv": plain.csv_bytes(tables.compiled("officials")),
        "tables/meetings-and-visits.csv": plain.csv_bytes(tables.compiled("meetings")),
    }


def _points(slug: str, starts: list[str]) -> tuple[list[str], str]:
    """Pick paragraphs by their first words, as points and as notes."""
    points = [load(slug).passage(start) for start in starts]
    return points, "\n".join(points)


def briefings() -> Files:
    """Render two Pentagon briefings as slides."""
    deck = office.Deck(
        "Operation Inherent Resolve: Mosul, Raqqa, Idlib",
        "From statements of Navy Capt. Jeff Davis, Pentagon press operations director, "
        "and Pentagon Press Secretary Peter Cook",
        "U.S. Central Command",
    )
    deck.bullets("Mosul", *_points("davis-mosul-raqqa", ["In the past", "ISIL has had", "Also"]))
    notes = load("davis-mosul-raqqa").passage("Davis said the number")
    destroyed = [
        ("vehicle bombs", 967),
        ("tunnels", 111),
        ("vehicles", 274),
        ("bunkers", 280),
        ("anti-aircraft artillery systems", 20),
        ("artillery and mortar systems", 224),
    ]
    if missing := [what for what, number in destroyed if f"{number} {what}" not in notes]:
        raise ValueError(f"the briefing does not count {missing}")
    deck.table("Destroyed by airstrikes", [("Target", "Number"), *destroyed], notes)
    deck.bullets(
        "Raqqa in Next Isolation Phase",
        *_points("davis-mosul-raqqa", ["Elsewhere", "The SDF", "In the past 24 hours, the U.S."]),
    )
    deck.bullets("Idlib province", *_points("cook-idlib", ["A series", "A U.S. strike", "And, a"]))
    deck.bullets("Al-Qaida", *_points("cook-idlib", ["“Al-Qaida's", "He added"]))
    deck.bullets(
        "Iraqi security forces and Syrian democratic forces",
        *_points("cook-idlib", ["In the campaign", "“They have", "In Syria", "“SDF forces"]),
    )
    return {"briefings/operation-inherent-resolve-update.pptx": deck.finish()}
