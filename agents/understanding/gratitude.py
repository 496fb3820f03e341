"""Thanks: for what was given, and beside an answer to a question of ours."""

import re

from agents.understanding.caseless import Caseless

_FOR_MONEY = Caseless(
    r"\b(?:thank\w*|thx|cheers)(?: you)?(?: \w+){0,3} for (?:\w+ ){0,3}(?:refund\w*|reimburs\w*|money|credit\w*|returning|sending)\b"
    r"|\bdank\w*(?: \w+){0,3} (?:fürs?|für (?:die|das|den|eure|ihre)) (?:\w+ ){0,2}(?:\w*erstatt\w*|\w*zahl\w*|geld|gutschrift|\w*überweis\w*)"
    r"|\bmerci(?: \w+){0,2} (?:pour|de m'avoir|de nous avoir) (?:\w+ ){0,3}(?:rembours\w*|rendu\w*|virement|avoir|recrédit\w*)"
    r"|\bgracias(?: \w+)? por (?:\w+ ){0,3}(?:\w*devol\w*|reembols\w*|reintegr\w*|abono|abonar\w*)"
    r"|\bgrazie(?: \w+)? (?:per|del|dell'|di aver(?:mi|ci)) ?(?:\w+ ){0,3}(?:rimbors\w*|restitu\w*|accredit\w*)"
    r"|\bobrigad[oa](?: \w+)? (?:por|pelo|pela) (?:\w+ ){0,3}(?:reembols\w*|devol\w*|estorn\w*)"
    r"|\b(?:bedankt|dank(?: u| je| jullie)?(?: wel)?) voor (?:\w+ ){0,3}(?:\w*betal\w*|\w*boek\w*|teruggave|\w*stort\w*|geld)"
)
_BEFOREHAND = Caseless(
    r"\b(?:in advance|im voraus|d'avance|par avance|de antemano|in anticipo|anticipatamente|bij voorbaat|alvast|desde já)\b"
)
_THANKS = re.compile(
    r"\b(?:(?:many |very |so )?(?:thanks|thank you|thank u|thx|tnx|ty|cheers)(?: (?:so|very) much| a lot| anyway| again| in advance| though)*"
    r"|(?:vielen|besten|herzlichen|tausend|lieben)(?: lieben| herzlichen)? dank(?: im voraus)?|(?:trotzdem )?danke(?: (?:schön|sehr|dir|ihnen|euch|trotzdem|im voraus))*"
    r"|(?:merci|mercis)(?: (?:beaucoup|bien|infiniment|d'avance|par avance|quand même))*"
    r"|(?:muchas |muchísimas |mil )?gracias(?: (?:igualmente|de antemano|de todos modos|por todo))*"
    r"|(?:mille )?grazie(?: (?:mille|tante|lo stesso|in anticipo))*|(?:muito |muitíssimo )?obrigad[oa](?: (?:mesmo assim|desde já))*"
    r"|(?:alvast |hartelijk |heel erg )?(?:bedankt|dank(?: u| je| jullie)?(?: wel)?)(?: (?:alvast|toch|alsnog))*)\b",
    re.IGNORECASE,
)


def thanks_for_money(text: str) -> bool:
    """Whether a text thanks for money that came back, and does not ask for it beforehand."""
    return bool(_FOR_MONEY.search(text)) and not _BEFOREHAND.search(text)


def without_thanks(text: str) -> str:
    """A text without its words of thanks; empty if it says nothing else."""
    return re.sub(r"^[\W_]+|[\W_]+$", "", re.sub(r"\s+", " ", _THANKS.sub(" ", text)))
