"""Words that say what a name is, or that it is none. Of English in general, never of a corpus."""

# ruff: noqa: SIM905 - a list of words is easier to read and to keep in order as a text

from __future__ import annotations

from collections.abc import Mapping

from pipeline.documents import MentionType

NAMES = frozenset(
    {
        MentionType.PERSON, MentionType.ORG, MentionType.GPE, MentionType.LOC, MentionType.FAC,
        MentionType.NORP, MentionType.EVENT, MentionType.LAW,
    }
)  # fmt: skip
PLACES = frozenset({MentionType.GPE, MentionType.LOC, MentionType.FAC})
# Types whose names are looked for again where the model did not see them.
SOUGHT = frozenset({MentionType.PERSON, MentionType.ORG, *PLACES})

# Small words that names begin with or hold.
PARTICLES = frozenset(
    "al el de del della der den di da du la le van von bin ibn ter ten dos e y abu".split()
)

# Words that stand alone for nobody in particular: pronouns, forms of address, forms of talk.
NOBODY = frozenset(
    """i you he she it we they me him us them who what which this that these those there here yes
    no ok okay yeah oh uh um hi hello hey thanks thank please dear sincerely regards sir madam
    ma'am mom dad mum mother father god honor honors gentleman gentlemen ladies lady
    guys folks everyone everybody someone somebody nobody anyone page chapter section figure table
    appendix exhibit attachment subject re fw fwd cc bcc from to date sent note notes pm am est
    pst gmt utc http https www com et al ibid id supra infra v vs q a mr mrs ms dr""".split()
)

# The head of a name tells its type: its last word, or the word before "of".
HEADS: Mapping[MentionType, frozenset[str]] = {
    MentionType.EVENT: frozenset(
        """battle ceremony championship championships conference cup election elections expo
        festival forum games olympics revolution summit symposium war uprising""".split()
    ),
    MentionType.ORG: frozenset(
        """academy administration agency airlines alliance army association authority bank
        battalion brigade bureau chamber church club coalition college commission
        committee company congress corporation corps council department directorate division
        embassy federation fleet forces foundation fund government group guard institute
        institution ministry navy network office organisation organization parliament party
        police press regiment school senate service society squadron team tribunal union
        university wing""".split()
    ),
    MentionType.FAC: frozenset(
        """airfield airport avenue base bridge building castle cathedral dam expressway freeway
        gate hall highway hotel palace prison road square stadium station street tower tunnel
        boulevard""".split()
    ),
    MentionType.LOC: frozenset(
        """basin bay beach canyon coast creek desert gulf island islands lake mountain mountains
        ocean peninsula plateau river sea strait valley""".split()
    ),
    MentionType.GPE: frozenset("province governorate county prefecture voivodeship".split()),
    MentionType.LAW: frozenset("agreement treaty convention accords declaration protocol".split()),
}  # fmt: skip
# A head alone names nothing ("the Department"), but for these.
BARE_HEADS = frozenset(word for heads in HEADS.values() for word in heads) - {
    "congress", "parliament", "house", "senate",
}  # fmt: skip
OF_HEADS: Mapping[MentionType, frozenset[str]] = {
    **HEADS,
    MentionType.LOC: frozenset("gulf bay lake sea isle strait coast cape".split()),
    MentionType.GPE: frozenset("republic kingdom state province city emirate".split()),
}
FIRST_WORDS: Mapping[str, MentionType] = {
    "lake": MentionType.LOC, "mount": MentionType.LOC, "cape": MentionType.LOC,
    "fort": MentionType.FAC, "operation": MentionType.EVENT,
}  # fmt: skip
# Heads that are surnames too, so that of two words they tell nothing.
SURNAMES_TOO = frozenset({"church", "hall", "lake", "bridge", "castle", "price", "school",
                                 "press", "guard", "beach", "bay", "creek", "palace", "street",
                                 "battle", "tower", "road", "coast", "rivers"})  # fmt: skip

# Heads of what names many people, none of them by name ("Reserve Airmen").
CROWDS = frozenset(
    """airmen citizens civilians employees guardsmen leaders officers officials sailors
    soldiers troops veterans""".split()
)
# Heads of units that carry a number behind their name ("Mobile Unit Two", "Task Force 50").
NUMBERED = frozenset(
    """area battalion battery brigade company corps district division fleet flight force group
    local number platoon region regiment section sector squad squadron station team troop unit
    ward wing""".split()
)

# Words of the names that desks, lists and machines go by.
DESK = frozenset(
    """account accounts admin administration administrator agency alert alerts all association
    bank board bureau center centre client college committee company council customer daily
    department desk division editor editors enquiries events foundation group help info
    information institute legal list lists mail mailer marketing media members ministry network
    news newsletter no-reply noreply notification notifications office online operations order
    orders post postmaster press project public registrar sales secretariat service services
    society staff support system systems team tech technology times undisclosed university
    update updates user users webmaster weekly workforce""".split()
)
