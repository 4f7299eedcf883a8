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
        """battle ceremony championship championships competition conference contest cup election
        elections expo festival forum games invasion mutiny offensive olympics revolution summit
        symposium tournament trophy uprising war""".split()
    ),
    MentionType.ORG: frozenset(
        """academy administration agency airlines airways alliance army associates association
        authority bancorp bank battalion brewery brigade broadcasting bureau chamber choir church
        clinic club coalition college commission committee communications company congress
        conservatory consulting corporation corps council department directorate division
        electronics embassy enterprises entertainment federation fleet forces foundation fund
        government group guard holdings industries infirmary institute institution laboratories
        logistics ministry motors navy network office orchestra organisation organization
        parliament partners party pharmaceuticals pictures police press quartet railroad railway
        records regiment school securities senate service society software solutions squadron
        studios symphony systems team technologies tribunal union university ventures
        wing""".split()
    ),
    MentionType.FAC: frozenset(
        """abbey airfield airport arena avenue base basilica bridge building canal castle cathedral
        cemetery courthouse dam drive esplanade expressway freeway gate hall highway hotel
        interchange lighthouse mall mansion mausoleum monastery monument mosque motorway palace
        park parkway plaza prison quarry road ruins shrine square stadium station street terminal
        tower tramway tunnel turnpike viaduct boulevard""".split()
    ),
    MentionType.LOC: frozenset(
        """archipelago basin bay beach bight canyon cay coast creek desert falls fjord forest
        glacier gorge gulf harbor harbour hills island islands isles lagoon lake lakes mountain
        mountains ocean peak peaks peninsula plains plateau ranges reef reservoir river rivers sea
        strait valley waterfall waterfalls wilderness""".split()
    ),
    MentionType.GPE: frozenset(
        """borough county duchy empire governorate kingdom municipality prefecture principality
        province region regions township voivodeship""".split()
    ),
    MentionType.LAW: frozenset("agreement treaty convention accords declaration protocol".split()),
}  # fmt: skip
# A head alone names nothing ("the Department"), but for these.
BARE_HEADS = frozenset(word for heads in HEADS.values() for word in heads) - {
    "congress", "parliament", "house", "senate",
}  # fmt: skip
OF_HEADS: Mapping[MentionType, frozenset[str]] = {
    **HEADS,
    MentionType.LOC: frozenset("gulf bay lake sea isle strait coast cape".split()),
    MentionType.GPE: frozenset(
        """archduchy city county duchy emirate kingdom margraviate principality province republic
        state""".split()
    ),
}
FIRST_WORDS: Mapping[str, MentionType] = {
    "lake": MentionType.LOC, "mount": MentionType.LOC, "cape": MentionType.LOC,
    "river": MentionType.LOC, "isle": MentionType.LOC, "mt": MentionType.LOC,
    "fort": MentionType.FAC, "operation": MentionType.EVENT,
}  # fmt: skip
# Heads that are surnames too, so that of two words they tell nothing.
SURNAMES_TOO = frozenset(
    """church hall lake bridge castle price school press guard beach bay creek palace street battle
    tower road coast rivers park forest""".split()
)

# Heads of what names many people, none of them by name ("Reserve Airmen").
CROWDS = frozenset(
    """airmen citizens civilians employees guardsmen leaders officers officials sailors
    soldiers troops veterans""".split()
)
# Heads of what is given for merit, and is no body or person.
MERITS = frozenset("award awards medal medals prize prizes".split())

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

# Bodies whose "of" is part of their name ("Bank of", not "President of" or "Division of").
OF_COMPANIES = frozenset(
    """academy bank bankers brotherhood church college companies company corporation exchange
    federation fellowship first guild hospital house institute investment investors league life
    museum savings school society sons theatre trust union university""".split()
)
# Words with a capital at the head of a sentence or in a heading that end a name before them.
LOOSE_WORDS = frozenset(
    """a about after against all also although among an and any are as at because been based before
    between born both but by can could did do does during each either every for from had has have he
    her here his how however i if in into is it its like may meanwhile might must my near neither
    nor not of on or our out over per re said says shall she should since so sued sues than that
    the their them then there these they this those through thus to today tomorrow under unlike
    unless until upon v versus via vs was we were what when where whereas whether which while who
    whom whose why will with within without would yesterday yet you your
    monday tuesday wednesday thursday friday saturday sunday january february march april june july
    august september october november december""".split()
)
# What a person or a party is called by before a company's name.
PARTIES = frozenset(
    """affiliate appellant appellants appellee appellees attorney attorneys borrower buyer cfo
    chairman chairwoman ceo claimant client co-defendant coo counsel creditor cto customer debtor
    defendant defendants director employer executive founder guarantor insurer intervenor issuer
    landlord lender lessee lessor licensee licensor manager owner parent petitioner petitioners
    plaintiff plaintiffs president purchaser respondent respondents seller spokesman
    spokesperson spokeswoman subsidiary supplier tenant vendor messrs""".split()
)
# What offices begin with or consist of before a person's name ("Former Vice President").
OFFICIAL = frozenset(
    """acting affiant assistant associate chief deponent deputy executive expert financial former
    general late managing officer operating retired senior then vice witness""".split()
)

# Works that bear a title behind the word for them ("the film Quist").
WORKS = frozenset(
    """album anime comedy documentary drama ep episode film franchise game magazine manga mixtape
    movie musical novel opera play poem series show single sitcom song soundtrack strip symphony
    telenovela track""".split()
)

# Whom letters address without naming anybody.
ADDRESSED = frozenset(
    """all applicant applicants board candidate candidates citizen class client clients colleague
    colleagues committee counsel counselor customer customers diary director editor editors
    employee employees everybody everyone folks friend friends guest guests homeowner honorable
    honourable hiring investor investors judge jury justice legal management manager managers
    member members mom neighbor neighbors owner owners parent parents participant participants
    partner partners patient patients people president professor reader readers recipient
    representative resident residents santa senator shareholder shareholders stockholder
    stockholders sirs student students subscriber subscribers supporter taxpayer teacher teachers
    team there tenant tenants user users valued vendor world""".split()
)

# Words that many names of companies begin with, so that alone they tell none of them.
ORDINARY = frozenset(
    """advanced affiliated air all allied alpha american applied associated atlantic best better big
    black blue british business canadian central century china chinese citizens city classic
    clear coast coastal commercial commonwealth community consolidated consumer continental country
    creative crown direct dutch dynamic eagle early east eastern elite empire english european
    excel express family farmers federal fine first fresh french future general german global
    golden grand great greater green green high home indian independent industrial integrated
    interstate island italian japanese joint korean leading liberty light local main major master
    merchants metro metropolitan mid middle midland modern mountain mutual national native natural
    new north northeast northern northwest old open pacific peoples pioneer plain premier premium
    prime private professional public quality quick rapid real red regional reliable royal russian
    safe select silver small smart social southeast south southern southwest special standard star
    sterling strategic strong summit sun super superior supreme swiss the third total trans true
    union unique united universal urban valley vital west western white wide wild world
    young""".split()
)

# Given names in wide use, but for those that are as often a place's, a company's or a word.
GIVEN = frozenset(
    """aaron abdul abdullah abraham adam adolf adrian agnes ahmad ahmed aidan alain alan albert
    alberto alejandro aleksandr alessandro alex alexander alexandre alexei alfred alfredo ali
    alice allan allen alyson amanda amy ana anastasia anders andrea andreas andrei andrew andrey
    angela anita ann anna anne annette annie anthony antoine anton antonio ariel arnold arun
    ashley astrid audrey august barbara beatrice ben benjamin bernard bernd bertrand beth betty
    bjorn björn bob bobby boris brad bradley brandon brenda brian bruce bruno bryan carl carla
    carlo carlos carmen carol caroline catherine cecil cesar chad charlie chris christian
    christina christine christoph christopher claire clara claude claudia claudio colin craig
    cristina cynthia daniel daniela danielle danny dave david dean deborah denis dennis derek
    diana diane diego dieter dmitri dmitry dominic dominique don donald donna doris dorothy doug
    douglas duncan dylan eddie edgar edith edmund eduard eduardo edward edwin eileen elaine
    eleanor elena elizabeth ellen elsa emanuel emil emily emma enrique eric erica erich erik
    ernest esther eugene eva evelyn fabio fatima federico felix ferdinand fernando fiona frances
    francesca francesco francis francisco frank franz françois fred frederick friedrich fritz
    gabriel gareth gary gavin geoffrey georg george georges gerald gerard gerhard gilbert
    giorgio giovanni giulia giuseppe gloria gordon graham greg gregory guillaume gustav guy
    günter hannah hans harold harriet harry hassan heather hector heinrich helen helena helmut
    henri henrik henry herbert herman hermann hiroshi howard hugh hugo hussein ian ibrahim igor
    ingrid irene iris isaac isabel isabella ivan jack jacob jacqueline jacques jake james jamie
    jan jane janet janice jason javier jean jeff jeffrey jennifer jenny jeremy jerome jerry
    jesse jessica jesus jim jimmy joachim joan joanna joao joe joel johan johann johannes john
    johnny jonas jonathan jorge jose josef joseph joshua josé joyce juan judith judy julia
    julian julie justin jürgen karen karin karl katarina kate katherine kathleen kathryn katie
    keith ken kenneth kevin khalid kim kirsten klaus konstantin kurt kyle lars laura lauren
    laurence laurent lawrence leo leon leona leonard leonardo leopold leslie lewis liam linda
    lisa lorenzo louis louise luca lucas lucia lucy ludwig luigi luis luke magnus manuel marc
    marcel marco marcus margaret maria marianne marie marina mario marion mark markus martha
    martin martina mary mathias matteo matthew matthias maurice max maximilian megan melissa
    michael michel michelle miguel mikael mike mikhail miriam mohamed mohammad mohammed monica
    muhammad mustafa nancy natalie natasha nathan neil nicholas nick nicolas nicole nigel
    nikolai nils nina noah noel nora norman ole oleg olga oliver olivia olivier omar oscar oskar
    otto pablo pamela paolo pascal patricia patrick paul paula pauline pavel pedro per peter
    philip philippe phillip phyllis pierre pietro rachel rafael rainer raj rajesh ralf ramon
    randy ravi ray raymond rebecca regina reinhard renate rené ricardo richard rick rita robert
    roberto robin rodrigo roger roland rolf ron ronald rosa rosemary ross roy rudolf
    rudolph russell ruth ryan sally salvador sam samantha samuel sandra sanjay sarah scott sean
    sebastian sergei sergey sergio shane sharon sheila shirley sigmund silvia simon sofia sonia
    sophia sophie stanislav stefan stefano stella stephanie stephen steve steven stuart sunil
    susan susanne suzanne sven sylvia tamara tanya ted teresa terry theodor theodore theresa
    thomas tim timothy tobias todd tom tommy toni tony trevor ulrich ursula valerie vanessa
    vasily vera vernon veronica vicente viktor vincent vivian vladimir walter wayne werner
    wilfrid wilhelm william willy wolfgang yuri yves yvonne zoe""".split()
)
