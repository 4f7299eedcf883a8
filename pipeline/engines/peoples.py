"""Words for what is of a country: "Russian", "Swiss"."""

from __future__ import annotations

PEOPLES = {
    "afghan": "afghanistan", "albanian": "albania", "algerian": "algeria",
    "argentine": "argentina", "argentinian": "argentina", "australian": "australia",
    "austrian": "austria", "belgian": "belgium", "bolivian": "bolivia", "brazilian": "brazil",
    "british": "united kingdom", "bulgarian": "bulgaria", "canadian": "canada", "chilean": "chile",
    "chinese": "china", "colombian": "colombia", "croatian": "croatia", "cuban": "cuba",
    "czech": "czechia", "danish": "denmark", "dutch": "netherlands", "egyptian": "egypt",
    "estonian": "estonia", "finnish": "finland", "french": "france", "german": "germany",
    "greek": "greece", "hungarian": "hungary", "indian": "india", "indonesian": "indonesia",
    "iranian": "iran", "iraqi": "iraq", "irish": "ireland", "israeli": "israel",
    "italian": "italy", "japanese": "japan", "jordanian": "jordan", "kenyan": "kenya",
    "korean": "korea", "kuwaiti": "kuwait", "latvian": "latvia", "lebanese": "lebanon",
    "libyan": "libya", "lithuanian": "lithuania", "malaysian": "malaysia", "mexican": "mexico",
    "moroccan": "morocco", "nigerian": "nigeria", "norwegian": "norway", "pakistani": "pakistan",
    "palestinian": "palestine", "peruvian": "peru", "philippine": "philippines",
    "polish": "poland", "portuguese": "portugal", "qatari": "qatar", "romanian": "romania",
    "russian": "russia", "saudi": "saudi arabia", "scottish": "scotland", "serbian": "serbia",
    "slovak": "slovakia", "slovenian": "slovenia", "spanish": "spain", "sudanese": "sudan",
    "swedish": "sweden", "swiss": "switzerland", "syrian": "syria", "thai": "thailand",
    "tunisian": "tunisia", "turkish": "turkey", "ukrainian": "ukraine", "welsh": "wales",
    "yemeni": "yemen", "vietnamese": "vietnam", "venezuelan": "venezuela",
}  # fmt: skip
