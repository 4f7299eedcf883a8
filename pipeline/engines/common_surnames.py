"""Surnames that many people have, from a table: such a word is hardly ever another one misspelt.

The commonest of the United States' census, with some of other countries.
"""

# ruff: noqa: SIM905 - a list of words is easier to read and to keep in order as a text

from __future__ import annotations

COMMON_SURNAMES = frozenset(
    """abdullah adams ahmed alexander ali allen alvarez anderson andrews armstrong arnold austin
    bailey baker banks barnes bell bennett berry black boyd bradley brooks brown bryant burke
    burns burton butler campbell carpenter carroll carter castillo castro chan chavez chen clark
    cole coleman collins cook cooper cox crawford cruz cunningham daniels davis dean diaz dixon
    duncan dunn edwards elliott ellis evans ferguson fernandez fields fischer fisher flores ford
    foster fowler fox franklin freeman fuller garcia gardner garrett george gibson gilbert gomez
    gonzales gonzalez gordon graham grant gray green greene griffin gutierrez hall hamilton
    hansen hanson harper harris harrison hart harvey hassan hawkins hayes henderson henry
    hernandez herrera hicks hill hoffman holmes howard howell hudson hughes hunt hunter hussein
    ibrahim ivanov jackson jacobs james jenkins jensen jimenez johnson johnston jones jordan
    kelley kelly kennedy khan kim king knight kumar lane larson lawrence lawson lee lewis li lin
    little liu long lopez lynch marshall martin martinez mason matthews mccoy mcdonald medina
    mendoza meyer miller mills mitchell montgomery moore morales moreno morgan morris morrison
    mueller muller murphy murray myers nelson newman nguyen nichols obrien oliver olson ortiz
    owens palmer park parker patel patterson payne perez perkins perry peters petersen peterson
    phillips pierce porter powell price ramirez ramos ray reed reid reyes reynolds rice richards
    richardson riley rivera roberts robertson robinson rodriguez rogers romero rose ross ruiz
    russell ryan sanchez sanders santos schmidt schneider schultz scott shaw silva simmons
    simpson sims singh smith snyder spencer stanley stephens stevens stewart stone sullivan
    taylor thomas thompson torres tran tucker turner vargas vasquez wagner walker wallace wang
    ward warren washington watkins watson weaver webb weber welch wells west wheeler white
    williams williamson willis wilson wong wood woods wright wu yang young zhang zhao""".split()
)
