"""Where a sentence begins behind a legal form's point ("He left Apex Ltd. Ann Lee sued it").

The point of "Ltd." also ends a sentence or it does not. It does where what follows is a subject
with its verb and the words before have theirs, and does not where it is the office of somebody in
the company, or a part of its name ("Apex Ltd. Chairman Bob Lee", "the Acme Corp. Building").
"""

# ruff: noqa: SIM905 - a list of words is easier to read and to keep in order as a text

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.engines.legal_forms import WRITTEN

# What people are in or to a company. A name follows; without one the word begins a sentence.
OFFICES = frozenset(
    """accountant acting adviser advisor agent analyst assistant associate auditor board ceo cfo
    chair chairman chairperson chairwoman chief cio co-ceo co-chairman co-founder co-owner cofounder
    consultant controller coo counsel cto deputy director economist editor employee engineer
    executive founder general head interim lawyer manager managing officer owner partner president
    principal publisher receiver representative salesman secretary senior spokesman spokesperson
    spokeswoman supervisor treasurer trustee vice vice-president""".split()
)
# What a company's name is part of.
THINGS = frozenset(
    """annual arena asia bankruptcy board bond bonds building campus center centre class
    collection common consolidated derivative division employee employees' europe field foundation
    form fund group hall headquarters holdings international litigation museum park pension plan
    plant plaza preferred retirement securities series shareholder stadium stock studio studios
    subsidiary theater theatre tower towers trust uk unit usa worldwide""".split()
)
# Words that a sentence begins with and no name does.
OPENERS = frozenset(
    """a after all also although an another as at because before both but by despite during each
    either even every finally following for from further furthermore hence here his her how however
    if in indeed instead it its later like many meanwhile moreover most neither nevertheless no
    nobody none nor not nothing on once only our over several she he since so some such that the
    their then there therefore these they this those though through thus to today two under
    unless until upon we what when where whereas whether which while who whose why with within
    without yesterday you""".split()
)
# Finite verbs by their form: those that help others, pasts, and what people and companies do.
HELPING = (
    "is|are|was|were|am|has|have|had|does|do|did|will|would|shall|should|can|could|may|might|must"
    "|cannot|isn['’]t|wasn['’]t|didn['’]t|won['’]t"
)
PAST = (
    "became|began|bore|bought|broke|brought|built|came|caught|chose|dealt|drew|drove|fell|felt"
    "|fled|flew|forgot|fought|found|gave|got|grew|held|heard|hid|hit|kept|knew|laid|led|left|lent"
    "|lost|made|meant|met|paid|put|quit|ran|rang|read|rode|rose|said|sat|saw|sent|sold|set|shook"
    "|shot|shut|spent|spoke|stole|stood|struck|swore|took|taught|threw|told|thought|understood"
    "|went|withdrew|woke|won|wore|wrote"
)
PRESENT = (
    "accepts|accuses|acquires|acts|adds|admits|agrees|alleges|appeals|appears|argues|asks|asserts"
    "|asserts|becomes|begins|believes|brings|buys|calls|claims|comes|concedes|concludes"
    "|confirms|contends|continues|controls|denies|describes|employs|explains|files|finds|gets|gives"
    "|goes|governs|holds|includes|insists|intends|joins|keeps|knows|leads|leaves|lives|loses|makes"
    "|manages|means|meets|moves|needs|notes|objects|offers|operates|owes|owns|pays|plans|produces"
    "|provides|reads|receives|refuses|remains|replies|reports|represents|requests|requires|responds"
    "|runs|says|seeks|seems|sells|sends|serves|shows|signs|speaks|stands|starts|states|submits|sues"
    "|supplies|takes|tells|testifies|thinks|uses|wants|wishes|works|writes"
    "|agree|allege|argue|assert|believe|contend|deny|know|own|say|seek|sue"
)
REGULAR = (
    r"(?!(?:bed|breed|embed|exceed|feed|hundred|indeed|need|proceed|red|seed|speed|succeed)\b)"
)
FINITE = rf"(?:{HELPING}|{PAST}|{PRESENT}|{REGULAR}[a-zß-öø-ÿ]{{1,20}}ed)\b"
VERB = re.compile(rf"(?<![\w-]){FINITE}")
ADVERBS = (
    r"(?:(?:[a-z]{2,15}ly|again|all|also|always|both|ever|even|first|however|just|later|never|next"
    r"|now|often|once|soon|still|then|therefore|thus|too),?\s+){0,2}"
)
# The capitalised words that a subject consists of, a "Mr." and a legal form among them.
CAPITAL = r"[^\W\d_a-zß-öø-ÿ](?:[\w&/-]|['’](?=\w)|\.(?=\w))*"
JOINT = (
    r"(?:(?:of|the|and|&|for|de|del|della|di|da|la|le|van|von|der|den|al|bin|ibn|y)\s+){1,2}"
    rf"(?={CAPITAL})"
)
RUN = re.compile(rf"{CAPITAL}(?:\.?,?\s+(?:{JOINT})?{CAPITAL}){{0,9}}\.?")
# What may stand between a subject and its verb: "Lee (the “Buyer”), a lawyer, then sued", "Lee's
# lawyer sued".
BETWEEN_AND_VERB = re.compile(
    rf"(?:(?:(?<=['’]s)|(?<=['’])|['’])\s+(?:[a-z-]+\s+){{1,3}}?|\s*\([^()]{{1,60}}\)|,\s[^,.;:()]{{1,80}},|,\s+who\s)?"
    rf"\s*{ADVERBS}{FINITE}"
)
WORD = re.compile(r"[^\W\d_][\w'’-]*")
POINT = re.compile(r"\.?[”’\"')\]]*\s+(?=[“\"‘(]?[^\W\d_a-zß-öø-ÿ])")
FORM_AT_END = re.compile(r"\w[,.]?\s(?:Inc|Ltd|Corp|Co)\.$")
OFFICE_AND_NAME = re.compile(rf"({CAPITAL})(?:\.?\s+(?:{JOINT})?{CAPITAL})+")
ARTICLE_AHEAD = re.compile(rf"(?:^|\s)(?:the|an?)\s+(?:{CAPITAL}[.,]?\s+){{0,5}}$")
REACH = 260


def starts_behind_forms(text: str, begin: int, end: int) -> Iterator[int]:
    """Yield where sentences begin behind a legal form, in a text that is held to be one sentence
    from `begin` to `end`.
    """
    for form in WRITTEN.finditer(text, begin, end):
        gap = POINT.match(text, form.end(), end)
        if gap is None or "." not in (text[form.end() - 1], text[form.end()]):
            continue
        border = gap.end()
        if _begins(text, border, end, text[begin : form.start()]):
            yield border
            begin = border


def is_office_of_company(text: str, border: int) -> bool:
    """Say whether a company's name ends at a border and somebody's office in it and name follow."""
    before = text[max(0, border - 24) : border].rstrip()
    if FORM_AT_END.search(before) is None:
        return False
    office = OFFICE_AND_NAME.match(text, border)
    return office is not None and office[1].lower() in OFFICES


def _begins(text: str, border: int, end: int, before: str) -> bool:
    """Say whether a sentence begins at a border, given the words before the legal form."""
    start = border + (text[border] in '“"‘(')
    opener = WORD.match(text, start, end - 1)
    stop = min(end, start + REACH)
    if opener and opener[0].lower() in OPENERS and text[opener.end()] != ".":
        return VERB.search(text, opener.end(), stop) is not None
    run = RUN.match(text, start, end)
    if run is None:
        return False
    words = [word.lower().rstrip(".,") for word in run[0].split()]
    if words[0] in THINGS or words[-1] in THINGS or OFFICES.intersection(words[:-1]):
        return False
    if BETWEEN_AND_VERB.match(text, run.end(), stop) is None:
        return False
    # Behind a company another one with a verb is no part of the first, whatever stood before.
    company = WRITTEN.search(run[0])
    if company and company.end() >= len(run[0].rstrip(".")):
        return True
    return VERB.search(before) is not None and ARTICLE_AHEAD.search(before + " ") is None
