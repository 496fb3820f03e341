"""Threats to tell the press, an authority or an association of consumers, in seven languages."""

from agents.understanding.caseless import Caseless

_LANGUAGES: list[tuple[str, str]] = [
    (
        r"go(?:ing|es)? (?:straight |directly )?(?:to|public)|went to|turn(?:ing)? to|(?:take|taking|bring|bringing|carry)"
        r" (?:this|it|that|the matter|my case|our case)|writ(?:e|ing) to|talk(?:ing)? to|speak(?:ing)? (?:to|with)|tell(?:ing)?|"
        r"inform(?:ing)?|alert(?:ing)?|contact(?:ing)?|complain(?:ing|t)?|report(?:ing)?|hear (?:about|of|from)|know about|"
        r"call(?:ing)? in|notif(?:y|ying)|lodge|lodging|refer(?:ring)?|fil(?:e|ing)",
        r"the press|the papers|(?:local |national |daily |evening )?newspapers?|journalists?|reporters?|the media(?! (?:library|player|"
        r"file|folder))|television|tv (?:station|channel|news|programme)s?|regulators?|watchdogs?|ombuds(?:man|men|person)|"
        r"antitrust|bafin|ftc|cfpb|ico|fca|ofcom|bbb|better business bureau|attorney general|"
        r"consumer (?:protection|rights|affairs)|(?:competition|consumer|supervisory|market|data protection|financial|telecoms?|communications|trading) "
        r"(?:authorit(?:y|ies)|commission|agency|association|organi[sz]ation|board|body|centre|office|standards|champion)",
    ),
    (
        r"wend\w*|meld\w*|informier\w*|kontaktier\w*|schreib\w*|geh(?:e|en|t)|erzähl\w*|bericht\w*|einschalt\w*|schalte\w*|"
        r"beschwer\w*|anzeig\w*|erfährt|erfahren|öffentlich",
        r"presse|journalist\w*|reporter\w*|zeitung(?:en)?|redaktion|fernsehen|medien|kartellamt\w*|aufsichtsbehörde\w*|"
        r"regulierungsbehörde|verbraucher(?:schutz|zentrale|verband|schützer)\w*|wettbewerbs(?:behörde|zentrale|hüter)\w*|"
        r"schlichtungsstelle|ombuds\w+|datenschutz(?:behörde|beauftragte[nr]?)",
    ),
    (
        r"acud\w+|recurr\w+|dirig\w+|contar\w*|contaré|cuento|denunci\w+|reclam\w+|escrib\w+|llam\w+|contact\w+|inform\w+|avis\w+|"
        r"queja|voy|iré|ir|hablar\w*|pondré|sabrá\w*|enterar\w*",
        r"la prensa|periodistas?|peri[oó]dicos?|diario local|medios de comunicaci[oó]n|a los medios|televisi[oó]n|regulador\w*|"
        r"autoridad(?:es)?|defensor del pueblo|defensa de la competencia|comisi[oó]n de (?:la )?competencia|defensa del consumidor|"
        r"(?:oficina|organizaci[oó]n|asociaci[oó]n) de(?:l| los)? consum\w+|ocu|facua|profeco|sernac|agencia (?:española )?de protecci[oó]n",
    ),
    (
        r"saisi\w*|contact\w+|alert\w+|prév(?:enir|iens|enons)|racont\w+|écri[rs]\w*|parler\w*|plainte|signal\w+|m'adress\w+|"
        r"nous adress\w+|vais|irai|aller|inform\w+|dénonc\w+|tourn\w+|saura|entendr\w+",
        r"la presse|journalistes?|journaux|journal local|les médias|télévision|autorité\w*|de la concurrence|"
        r"associations? de consommateurs|répression des fraudes|dgccrf|médiateur|cnil|régulateur|arcep|60 millions|que choisir",
    ),
    (
        r"rivolg\w+|raccont\w+|scriv\w+|segnal\w+|reclamo|esposto|contatt\w+|chiam\w+|vado|andr\w+|denunci\w+|inform\w+|avvis\w+|"
        r"parl\w+|sapr\w+|present\w+",
        r"giornal(?:e|i|isti|ista|iste)|la stampa|alla stampa|televisione|antitrust|autorità|garante|associazion\w+ (?:dei |di )?consumator\w+|"
        r"dei consumatori|agcom|agcm|federconsumatori|altroconsumo|difensore civico|media locali",
    ),
    (
        r"stap\w*|ga|gaan|meld\w*|schrijf\w*|schrijven|contact|klacht|benader\w*|vertel\w*|inschakel\w*|schakel\w*|licht\w*|bel|bellen|"
        r"inlichten|hoort|horen|neem",
        r"de pers|journalist\w*|krant(?:en)?|de media(?! ?(?:bibl|spel|best|map))|televisie|toezichthouder\w*|consumentenbond|consumentenorganisatie|acm|"
        r"autoriteit\w*|geschillencommissie|ombuds\w+|mededinging\w*",
    ),
    (
        r"denunci\w+|recorr\w+|contact\w+|contat\w+|falar|falo|contar|conto|reclam\w+|queixa|escrev\w+|dirig\w+|vou|irei|inform\w+|"
        r"avis\w+|participa\w+|saber",
        r"imprensa|jornalistas?|jorna(?:l|is)|comunicação social|os media|mídia|televisão|deco|anacom|autoridade\w*|da concorrência|"
        r"defesa do consumidor|associação de consumidores|procon|regulador\w*|provedor|ouvidoria",
    ),
]
"""Verbs of telling and of turning to somebody, and who that is; a line for each language."""

_STEMS = (
    "press", "papers", "paper", "journal", "report", "media", "télé", "televis", "tv ", "regul", "règul", "régul",
    "watchdog", "ombuds", "antitrust", "authorit", "commission", "agency", "associa", "organi", "standards", "champion",
    "board", "body", "centre", "office", "bafin", "ftc", "cfpb", "ico", "fca", "ofcom", "bbb", "bureau", "attorney",
    "consumer", "zeitung", "redaktion", "fernsehen", "medien", "kartell", "aufsicht", "verbraucher", "wettbewerb",
    "schlicht", "datenschutz", "prensa", "period", "diario", "medios", "autoridad", "defensor", "competenc", "consum",
    "ocu", "facua", "profeco", "sernac", "agencia", "journaux", "médias", "autorité", "concurrence", "fraude", "dgccrf",
    "médiateur", "cnil", "arcep", "millions", "choisir", "giornal", "stampa", "autorità", "garante", "agcom", "agcm",
    "difensore", "pers", "krant", "toezicht", "acm", "autoriteit", "geschillen", "mededing", "imprensa", "jornal",
    "jornai", "comunica", "mídia", "deco", "anacom", "concorr", "procon", "provedor", "ouvidoria",
)  # fmt: skip
"""One of these stands in whatever is named above; most clauses hold none."""

_BETWEEN = r"\b[^.!?\n]{0,60}?\b"
_SIGNS = [
    Caseless(rf"\b(?:{tells}){_BETWEEN}(?:{whom})\b|\b(?:{whom}){_BETWEEN}(?:{tells})\b")
    for tells, whom in _LANGUAGES
]
_OWN_MATTER = Caseless(
    r"\b(?:read|heard|saw|learn(?:ed|t)) (?:\w+ ){0,3}?(?:about|of|in|on)\b|\bgelesen\b|\bvon (?:ihnen|euch) gehört\b|\ble[íi]d?o?\b"
    r"|\bhe oído\b|\bai lu\b|\blu dans\b|\bentendu parler\b|\bho letto\b|\bgelezen\b|\bli (?:no|na|sobre)\b|\bouvi falar\b"
    r"|\b(?:our|my|unsere?r?|nuestr[oa]|notre|nostr[oa]|onze|noss[oa]) (?:\w+ )?(?:press|newspaper|newsroom|association|zeitung|"
    r"redaktion|presse\w*|verein|prensa|periódico|asociación|journal|association|giornale|stampa|associazione|krant|vereniging|"
    r"jornal|imprensa|associação|media|medien)\b|\?"
)


def threatens_outcry(text: str) -> bool:
    """Whether a clause says that its writer tells the press, an authority or consumers' advocates;
    not where they are its writer's own work, or how the writer came to know of us."""
    lower = text.lower()
    if not any(stem in lower for stem in _STEMS):
        return False
    return any(sign.search(text) for sign in _SIGNS) and not _OWN_MATTER.search(text)
