"""Messages that ask for nothing: automatic answers, bounces, advertising, plain thanks."""

import re

import numpy as np
from numpy.typing import NDArray

from agents.understanding.kinds import NOISE
from agents.understanding.model import TriageModel
from agents.understanding.reading import Found
from agents.understanding.segments import Segment

_SHORTEST_SPAM = 7
"""Words of a message without a link from which on it can be told to be spam."""

_GRATEFUL = re.compile(
    r"\b(?:thank\w*|all good|all set|thx|tnx|ty|cheers|ta|appreciat\w*|grateful|kudos|bless|well done|good job|great|brilliant|perfect\w*|awesome|"
    r"excellent|wonderful|amazing|superb|fantastic|happy|pleased|glad|danke?\w*|merci|vielen dank|super|klasse|"
    r"prima|toll|gracias|agradec\w*|genial|estupendo|perfecto|excelente|remerci\w*|parfait|génial|bravo|grazie|ringrazi\w*|"
    r"ottim\w*|perfetto|fantastico|bedankt|dank\w*|geweldig|fijn|obrigad\w*|agradeç\w*|valeu|ótimo|óptimo|perfeito|"
    r"maravilh\w*)\b|[👍🙏🎉💯😊😀🙂❤💚💛💙]",
    re.IGNORECASE,
)
_WORKS = re.compile(
    r"\b(?:works|working|solved|fixed|sorted|resolved|funktioniert|geht|gelöst|erledigt|funciona|resuelto|solucionado|marche|"
    r"fonctionne|résolu|funziona|risolto|werkt|opgelost|resolvid[oa]|solucionad[oa])\b",
    re.IGNORECASE,
)
_NOT = re.compile(r"\b(?:not|no|nicht|kein\w*|ne|pas|non|niet|geen|não)\b|n't\b", re.IGNORECASE)
_OWN_WISH = re.compile(
    r"\b(?:my|mine|why (?:is|are|was|were|did|do|does|has|have|can|wo|would)\w*|(?:can|could|may|should|do|did|must) (?:i|we)|"
    r"i (?:need|want|wish|would|have to|lost|cannot|can'?t|paid|bought|ordered|got|am trying|was|did)|i'?d like|"
    r"i'?m (?:trying|unable|still|having)|(?:if|when|whenever|as soon as) i|i (?:get|keep|receive)|wenn ich|(?:ich|bekomme ich) zurück|"
    r"ich bekomme|cuando (?:envío|mando|intento)|quand (?:je|j')|quando (?:invio|mando|provo|envio|tento)|als ik|(?:need|get|have) help|help me|mein\w*|warum|wieso|kann ich|"
    r"ich (?:möchte|will|brauche|kann|habe)|mis?|por qué|puedo|podemos|necesito|quiero|mon|ma|mes|pourquoi|puis-je|"
    r"je (?:veux|voudrais|souhaite|n'arrive)|j'ai|mio|mia|miei|mie|perché|posso|vorrei|ho (?:bisogno|perso)|mijn|waarom|kan ik|"
    r"ik (?:wil|heb|kan)|meus?|minhas?|por que|preciso|quero|não consigo)\b",
    re.IGNORECASE,
)
_POSTSCRIPT = re.compile(r"\bp\.? ?s\.?[ :,]", re.IGNORECASE)
_POST = re.compile(
    r"mail|deliver|inbox|\bposta?\b|\bpost|daemon|\b5\d\d\b|\b[45]\.\d\.\d|smtp|dns|domain|domín|domein|dominio|bounc|return|@|"
    r"adress|address|direcci|indirizzo|adres|endereço|zustell|zugestellt|entreg|consegn|bezorg|afgelever|aflever|livr|distribu|"
    r"corr?eo|courrier|buz[óo]n|casella|boîte|remit|remet|remise|empfäng|absender|ontvanger|afzender|server|serveur|servidor|relay|"
    r"quota|recapit|onbestel|auslieferung|weiterleit|rfc822",
    re.IGNORECASE,
)


def noise_in(
    model: TriageModel,
    segments: list[Segment],
    issues: list[Found],
    triggers: dict[str, str],
    whole: NDArray[np.floating],
    instruction: bool,
    own: str,
) -> str | None:
    """The kind of noise a whole message is; never where something is asked for."""
    if instruction or triggers:
        return None
    index = model.index
    sums = {kind: float(whole[index[kind]]) for kind in NOISE}
    for segment in segments:
        for kind in NOISE:
            sums[kind] = max(sums[kind], float(segment.probabilities[index[kind]]) * 0.95)
    sums["thanks"] = max(sums["thanks"], float(whole[index["solved"]]) * 0.9)
    best = max(sums, key=lambda k: sums[k])
    asked = max((i.confidence for i in issues), default=0.0)
    if best == "thanks":
        if not _says_thanks(own):
            return None
        plain = sums[best] >= 0.5 and asked < 0.5 and len(own) < 400 and "?" not in own
        return best if plain else None
    if best == "auto_reply" and "?" in own and _POSTSCRIPT.search(own):
        return None
    if best in ("spam", "bounce") and _OWN_WISH.search(own):
        return None
    if best == "bounce" and not _POST.search(own):
        return None
    if best == "spam" and len(own.split()) < _SHORTEST_SPAM and "http" not in own:
        return None
    entire = float(whole[index[best]]) >= 0.5
    return best if sums[best] >= 0.5 and (asked < 0.42 or (entire and asked < 0.9)) else None


def _says_thanks(text: str) -> bool:
    """Whether a text has a word of thanks or praise, or says that all works."""
    return bool(_GRATEFUL.search(text) or (_WORKS.search(text) and not _NOT.search(text)))
