"""CSV and Excel: each row a sentence that says what its values are (see `sentence_of_row`)."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pipeline.documents import Pages
from pipeline.engines.formats.draft import (
    Draft,
    Job,
    PageText,
    headers_of,
    one_page,
    sentence_of_row,
)
from pipeline.engines.formats.packages import check_package, core_metadata
from pipeline.engines.formats.text import read_decoded
from pipeline.errors import PermanentError
from pipeline.page_ranges import check_length

DELIMITERS = ",;\t|"
SAMPLE_ROWS = 20


def read_csv(job: Job) -> Pages:
    """Read a CSV or TSV file; without names of columns, values stand alone."""
    text = read_decoded(job)
    csv.field_size_limit(max(job.options.max_characters, 131_072))
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=guess_delimiter(text))
    try:
        return one_page(job, "\n".join(_lines(job, rows)))
    except csv.Error as error:
        job.warn(f"the table cannot be taken apart ({error}); its text is kept as it is")
        return one_page(job, text)


def guess_delimiter(text: str) -> str:
    """Choose the delimiter that cuts the first rows into the same number of columns, the most of
    them.
    """
    head = text[:65_536]

    def quality(delimiter: str) -> tuple[float, int]:
        reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
        widths: list[int] = []
        try:
            for row in reader:
                if row:
                    widths.append(len(row))
                if len(widths) == SAMPLE_ROWS:
                    break
        except csv.Error:
            return 0.0, 0
        if not widths or max(widths) < 2:
            return 0.0, 0
        usual = max(set(widths), key=lambda width: (widths.count(width), width))
        return (widths.count(usual) / len(widths) if usual > 1 else 0.0), usual

    return max(DELIMITERS, key=lambda delimiter: (quality(delimiter), -DELIMITERS.index(delimiter)))


def _lines(job: Job, rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the sentences of a table's rows, the first row being its columns' names if it looks
    so. Raises PermanentError("text_too_long") as soon as it is.
    """
    headers: list[str] | None = None
    length = 0
    names_only = ""
    for row in rows:
        if not any(cell.strip() for cell in row):
            continue
        if headers is None:
            headers = headers_of(row)
            if headers:
                names_only = sentence_of_row([], headers)
                continue
        line = sentence_of_row(headers, row)
        length += len(line) + 1
        check_length(length, job.options.max_characters)
        yield line
    if names_only and not length:
        yield names_only


def read_xlsx(job: Job) -> Pages:
    """Read a workbook: each sheet a page, its name the first line."""
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    check_package(job)
    # An open file and not its path: openpyxl refuses a path whose name does not end as it likes.
    with job.path.open("rb") as file:
        try:
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        except (KeyError, ValueError, InvalidFileException) as error:
            raise PermanentError(
                "damaged", f"the Excel file lacks a part ({error}); save it again in Excel"
            ) from error
        draft = Draft(job.options.max_characters)
        try:
            for sheet in book.worksheets:
                lines = [f"{sheet.title}.\n", *_lines(job, _cells(sheet))]
                draft.add(PageText(text="\n".join(lines)))
            return draft.pages(job, core_metadata(job))
        finally:
            book.close()


def _cells(sheet: Any) -> Iterator[list[str]]:
    """Yield a sheet's rows as text; gaps of a million empty rows cost next to nothing."""
    sheet.reset_dimensions()  # what a file says of its own size may be a lie
    for row in sheet.iter_rows(values_only=True):
        if any(value is not None for value in row):
            yield [_shown(value) for value in row]


def _shown(value: object) -> str:
    """Write a cell's value as a person would."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        at_midnight = value.time() == dt.time()
        return value.date().isoformat() if at_midnight else value.isoformat(" ", "minutes")
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
