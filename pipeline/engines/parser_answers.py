"""Whether what the parser's child says can be: nothing from it is taken on trust."""

from __future__ import annotations

from pipeline.documents import PageCount, Pages
from pipeline.engines.parse_request import Answer, Frame, ParseFailure, ParseRequest


def answer_of(frame: Frame) -> Answer | None:
    """Take the answer out of a frame."""
    if frame.kind == "count":
        return PageCount(count=frame.count)
    return frame.pages if frame.pages is not None else frame.failure


def is_progress_of(request: ParseRequest, frame: Frame) -> bool:
    """Say whether a file of what was asked for may be at such a page: of each that is told of, as
    many may be asked for later.
    """
    return 0 <= frame.page <= frame.count <= request.options.max_pages


def is_answer_to(request: ParseRequest, answer: Answer) -> bool:
    """Say whether an answer is one to what was asked."""
    if isinstance(answer, PageCount):
        return (request.at_once or answer.count) < answer.count <= request.options.max_pages
    if isinstance(answer, ParseFailure):
        return True
    sizes = [member.size for member in answer.members]
    if min(sizes, default=0) < 0 or sum(sizes) > request.options.archive.max_bytes:
        return False
    if wanted := request.pages:
        numbers = [page.number for page in answer.pages]
        return numbers == list(wanted.numbers) and is_sound(answer)
    return is_sound(answer)


def is_sound(pages: Pages) -> bool:
    """Say whether all spans lie in the text, in order."""
    reached = 0
    for page in pages.pages:
        if not reached <= page.start <= page.end <= len(pages.text):
            return False
        words, at = page.words, page.start
        if words is not None:
            if not len(words.starts) == len(words.ends) == len(words.boxes):
                return False
            for start, end in zip(words.starts, words.ends, strict=True):
                if not at <= start < end:
                    return False
                at = end
            if at > page.end:
                return False
        reached = page.end
    return all(0 <= span.start < span.end <= len(pages.text) for span in pages.header_spans)
