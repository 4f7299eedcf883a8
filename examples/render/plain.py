"""Render plain text, Markdown, HTML and CSV."""

import csv
import html
import io
import textwrap

from .texts import Text


def plain(text: Text, *, encoding: str = "utf-8", width: int = 0) -> bytes:
    """Render the title and issuer, then the words as they are.

    With a width, lines are wrapped as in the releases that were sent by mail.
    """
    head = [text.title, text.issuer]
    body = [textwrap.fill(p, width) if width else p for p in text.paragraphs]
    return ("\n".join(head) + "\n\n" + "\n\n".join(body) + "\n").encode(encoding)


def _is_heading(paragraph: str) -> bool:
    return len(paragraph) < 60 and paragraph[-1] not in '.?!:"”'


def markdown(text: Text) -> bytes:
    """Render as Markdown: headings, bullets, paragraphs."""
    lines = [f"# {text.title}", "", f"*{text.issuer}*", ""]
    for paragraph in text.paragraphs:
        lines.append(f"## {paragraph}" if _is_heading(paragraph) else paragraph)
        lines.append("")
    return "\n".join(lines).rstrip("\n").encode() + b"\n"


def html_body(text: Text) -> str:
    """Render the paragraphs as HTML elements: h2, ul, p."""
    parts: list[str] = []
    for paragraph in text.paragraphs:
        words = html.escape(paragraph, quote=False)
        if paragraph.startswith("- "):
            item = f"<li>{words[2:]}</li>"
            if parts and parts[-1].endswith("</ul>"):
                parts[-1] = parts[-1].removesuffix("</ul>") + item + "\n</ul>"
            else:
                parts.append(f"<ul>\n{item}\n</ul>")
        elif _is_heading(paragraph):
            parts.append(f"<h2>{words}</h2>")
        else:
            parts.append(f"<p>{words}</p>")
    return "\n".join(parts)


def html_page(text: Text) -> bytes:
    """Render a whole page with its metadata, a menu and a footer, as press offices publish it."""
    date = f'<meta name="dcterms.created" content="{text.date}">\n' if text.date else ""
    issuer, title = html.escape(text.issuer), html.escape(text.title)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<meta name="author" content="{issuer}">
{date}<style>body {{ font-family: serif; max-width: 40em }}</style>
</head>
<body>
<nav><a href="/">Home</a> <a href="/press">Press Releases</a> <a href="/contact">Contact</a></nav>
<main>
<h1>{title}</h1>
<p class="byline">{issuer}</p>
{html_body(text)}
</main>
<footer><p>{issuer}</p></footer>
</body>
</html>
""".encode()


def csv_bytes(rows: list[list[str]]) -> bytes:
    """Render rows as CSV with Windows line ends, as spreadsheets save it."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue().encode()
