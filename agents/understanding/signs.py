"""Plain signs in a text that a statistical model should not be trusted with alone."""

import re

from agents.understanding.caseless import Caseless
from agents.understanding.gratitude import thanks_for_money
from agents.understanding.outcry import threatens_outcry

_HUMAN = Caseless(
    r"\b(speak|talk|chat|connect|transfer|put|get|escalate|hand|pass)\b.{0,30}\b(to|with|me|through|over)\b.{0,20}"
    r"\b(human|real person|actual person|live person|person|representative|rep|manager|supervisor|"
    r"somebody real|someone real|live agent|human agent|real agent|human being)\b"
    r"|\b(want|need|prefer|demand|request|would like|like)\b.{0,25}\b(a|an|some|your)?\s*(human|real person|actual person|"
    r"live agent|real agent|human agent|human being|manager|supervisor)\b"
    r"|\b(no|not a|stop with the|enough of the|sick of)\b.{0,10}\b(bots?|robots?|machines?|automated)\b.{0,60}"
    r"\b(human|person|someone|somebody)\b"
    r"|\b(echten|richtigen|menschlichen)\s+(menschen|mitarbeiter|person|ansprechpartner)|\bmit (einem|einer|ihrem|jemandem)\s+"
    r"(menschen|mitarbeiter\w*|vorgesetzt\w*|person)\b.{0,20}\b(sprechen|reden)"
    r"|\bhablar con (una|un|alguna|algún|su|tu|el|la)\s*(persona|humano|agente|encargad\w|supervisor\w?|responsable|gerente)"
    r"|\bparler (à|a|avec) (un|une|votre)\s*(humain|personne|vrai\w*|conseiller\w*|responsable|être humain)"
    r"|\bparlare con (una|un)\s*(persona|operatore|umano|responsabile)|\b(echt|echte)\s+(mens|persoon|medewerker)"
    r"|\bfalar com (uma|um)\s*(pessoa|humano|atendente|gerente)"
)
_LEGAL = Caseless(
    r"\b(call|calling|contact|contacting|get|getting|hire|hiring|involve|involving|see|speak to|speaking to|talk to|talking to|"
    r"consult|consulting|instruct|instructing|inform) (my|our|a|an|the) (lawyers?|attorneys?|solicitors?|legal (team|counsel))\b|"
    r"\b(my|our|a|an|the)\s+(lawyers?|attorneys?|solicitors?|barrister|legal (counsel|team|department|representative))\b"
    r".{0,60}\b(will|contact|hear|letter|write|involve|sue|instruct|advis|informed|in touch|take)"
    r"|\b(see|take|taking|took) (you|your company|this|the matter|it|lumen\w*)?\s*(to|in) (court|small claims|trading standards|"
    r"the ombudsman|tribunal|the press|the papers)"
    r"|\b(sue|suing|lawsuit|legal action|legal steps|legal proceedings|small claims|class action|cease and desist)\b"
    r"|\b(anwalt|anwältin|rechtsanwalt|rechtsanwältin|klage einreichen|verklagen|rechtliche schritte|gericht|"
    r"verbraucherzentrale|bundesnetzagentur|strafanzeige|mahnbescheid|schlichtungsstelle)\b"
    r"|\b(abogad\w|demanda judicial|demandar\w*|denunciar\w*|acciones legales|oficina del consumidor|facua|omic|juzgados?|"
    r"reclamación en consumo|hojas? de reclamaci(?:ón|ones)|arbitraje de consumo)\b"
    r"|\b(avocat\w*|tribunal|porter plainte|poursuites|mise en demeure|dgccrf|que choisir|"
    r"conciliateur de justice|signalconso)\b"
    r"|\b(avvocat\w|vie legali|denuncia|tribunale|codacons|giudice di pace|advocaat|rechtszaak|"
    r"rechtsbijstand\w*|geschillencommissie|advogad\w|procon|reclame aqui|juizado\w*|livro de reclamações)\b",
)
_BREACH = Caseless(
    r"\b(been|was|were|got|is|account|someone|somebody|they)\b.{0,25}\b(hacked|compromised|breached|hijacked|broken into|"
    r"taken over)\b|\b(someone|somebody|a stranger|unknown person|another person|anyone) (else )?(has |is |was |had |got )?(been )?"
    r"(in|into|inside|logged|logging|accessed|accessing|using|used|got) .{0,20}\b(my|our)\b.{0,15}\baccount"
    r"|\b(data (leak|breach)|security (breach|incident)|unauthori[sz]ed (access|log-?ins?|sign-?ins?)|phishing)\b"
    r"|\b(konto|account) .{0,20}\bgehackt|\bgehackt\b|\bdatenleck\b|\bhacke?(ad[oa]s?|aron|ar[ao]m|ou|erat[oia])\b|\bpirat[ée]e?s?\b|\bvazamento de dados\b"
    r"|\b(violação|violación|violazione|faille|brecha|falha|incidente) (de|di|della|da) (segurança|seguridad|sicurezza|sécurité)\b"
    r"|\b(konto|account) (wurde |ist |is )?(übernommen|gekapert|overgenomen)\b"
)
_SAFETY = Caseless(
    r"\b(kill|hurt|harm|end) (myself|my life|himself|herself|yourselves|you all|someone)\b|\bsuicid\w*|\bself.?harm\b"
    r"|\bburns? on|\bburn(?:ed|t) (?:his|her|their|my)\b|\belectric shock|\bcaught fire\b|\btaken to (?:the )?hospital\b|\bambulance\b"
    r"|\b(?:was|were|got|is|are|has been|have been) (?:badly |seriously |slightly )?(?:injured|hurt|burn(?:ed|t))\b"
    r"|\bverletzt worden|\bwurden? (?:\w+ )?verletzt|\bverbrennungen\b|\bstromschlag|\bresultó herid|\bquemaduras\b"
    r"|\bdescarga eléctrica|\b(?:été|est) blessée?s?\b|\bbrûlures\b|\b(?:rimast\w|stat\w) ferit|\bustioni\b|\bgewond geraakt"
    r"|\braakten? gewond|\bbrandwonden\b|\bficou ferid|\bqueimaduras\b|\bchoque elétrico"
    r"|\b(bomb|shoot|stab) .{0,30}\b(office|you|people|building)|\bmich umbringen\b|\bquitarme la vida\b|\bme suicider\b"
)
_LOGIN_ALERT = Caseless(r"\bphishing\b.{0,40}\b(simulation|training|feature|filter|course)")
_WANTS_MONEY = Caseless(
    r"\b(refund\w*|money back|reimburs\w*|give (it|me|us) (it )?back|get (it|this|that|my money|our money|my cash) back|"
    r"return (it|the|my|our) (money|payment|charge|amount|fee)?|credit (it|that|this|me) back|reverse (the|that|this|it)|"
    r"pay (it|me|us) back|want (it|that|this) back|back (in|on|to) my (account|card)|"
    r"erstatt\w*|rückerstatt\w*|zurückerstatt\w*|geld zurück|zurückzahl\w*|zurück\s?überweis\w*|zurueck\w*|storno|stornier\w*|"
    r"reembols\w*|devol[uv]\w*|rembours\w*|rimbors\w*|restitui\w*|indietro i (miei )?soldi|soldi indietro|teruggave|"
    r"terugbetal\w*|geld terug|estorn\w*)\b"
)
_CANNOT_VERIFY = Caseless(
    r"\b(can'?t|cannot|can not|unable to|couldn'?t|don'?t (have|know|remember)|no longer (have|own)|lost|won'?t|not able to|"
    r"never had)\b.{0,50}\b(verify|confirm|digits|card|last four|address on file|which (e-?mail|address)|prove)"
    r"|\bkann\b.{0,50}\bnicht\b.{0,30}\b(bestätigen|verifizieren|nachweisen|angeben)|\bno puedo\b.{0,30}\b(verificar|confirmar)"
    r"|\bne peux pas\b.{0,30}\b(vérifier|confirmer)"
)


_NOT_CANCELLING = Caseless(
    r"\b(don'?t|do not|not|never|no) (want|wish|intend|plan|looking|going|trying|need)?\s*(to )?"
    r"(cancel|quit|leave|end)\w*\b|\bwithout cancel|\bnicht kündigen|\bno quiero (cancelar|darme de baja)"
    r"|\bne (veux|souhaite) pas (résilier|annuler)"
)
_IS_NOW = (
    r"is now|are now|ist (?:jetzt|nun)|lautet|ahora es|es ahora|est maintenant|è ora|ora è|adesso è|"
    r"is nu|agora é|é agora"
)
_CHANGING = Caseless(
    rf"\b({_IS_NOW}|chang\w*|updat\w*|replac\w*|new|switch\w*|correct\w*|edit|set|amend\w*|use|add|remove|moved?|different|"
    r"änder\w*|aendern|neue\w*|aktualisier\w*|ersetz\w*|wechsel\w*|cambi\w*|actualiz\w*|nuev\w*|modific\w*|"
    r"chang\w*|nouve\w*|modifi\w*|mettre à jour|aggiorn\w*|nuov\w*|wijzig\w*|nieuw\w*|alter\w*|nov[oa]\w*|mudar|"
    r"from now on|instead|no longer|old|umstell\w*|stell\w*|hinterleg\w*|künftig|anstelle|statt|poner|pongan|pon|passer|passez|"
    r"mettre|mettez|désormais|imposta\w*|metta\w*|mett\w*|zet|zetten|overzetten|voortaan|omzetten|pass(?:ar|em)|colo(?:car|quem))\b"
)
_HOW_TO = Caseless(
    r"\b(how (do|can|could|would|might|does|should|to|is it possible)\b|is there (a|any) way|where (do|can) (i|we|one)|"
    r"what'?s the (best )?way|can you (tell|show|explain) (me|us) how|steps to|"
    r"wie (kann|könn\w*|stell\w*|lass\w*|mach\w*|geht|füg\w*|lad\w*|richt\w*|leg\w*|bekomm\w*|änder\w*|druck\w*)|"
    r"c[oó]mo (puedo|podemos|se|hago|hacemos|cambio|activo|añado|importo|exporto|comparto|puede)|"
    r"comment (puis|peut|pouvons|faire|fait|je|on|\w+er\b)|come (posso|si|faccio)|hoe (kan|kun|maak|voeg|stel)|como (posso|faço|se))"
)


_OWN_LAW_WORK = Caseless(
    r"\b(nothing to do with you|work (in|at|for) an? (law|legal)|we are (a |an )?(\w+ )?(lawyers?|law (firm|office)|attorneys?)|"
    r"(our|my) (law (firm|office|practice)|legal (practice|office)|clients?'? (case|file|matter)s?)|for (a|our) court date|"
    r"i am an? (\w+ )?(lawyer|attorney|solicitor|paralegal|journalist|reporter)|(our|my) (newsroom|editorial)|"
    r"unsere kanzlei|nuestro (bufete|despacho)|notre cabinet)\b"
)
_HURRY = Caseless(
    r"\b(immediately|right now|asap|urgent\w*|at once|this (instant|minute|second)|emergency|now!|within the hour|"
    r"every minute|losing (money|customers|sales|thousands|orders)|sofort|dringend|unverzüglich|jetzt|notfall|"
    r"inmediatamente|urgent\w*|ahora mismo|ya mismo|¡?ya!|cuanto antes|imm[ée]diatement|tout de suite|"
    r"immediatamente|subito|imediatamente|agora|onmiddellijk|meteen|dringend|nu meteen)\b"
)


def speaks_of_own_law_work(text: str) -> bool:
    """Whether a text speaks of law or press as its writer's own work."""
    return bool(_OWN_LAW_WORK.search(text))


def hurries(text: str) -> bool:
    """Whether a text says in so many words that something must happen at once."""
    return bool(_HURRY.search(text))


_INSULT = Caseless(
    r"\b(idiots?|useless|scam\w*|thieves|crooks?|fraudsters?|disgrac\w*|ridiculous|pathetic|incompeten\w*|outrag\w*|"
    r"furious|livid|fed up|rip.?off|shame on|liars?|unacceptable|a joke|garbage|"
    r"frechheit|unverschämt\w*|betrüger|abzocke|saftladen|sauerei|unfassbar|inkompetent\w*|schande|wütend|stinksauer|"
    r"vergüenza|inútiles|ladrones|estafa\w*|sinvergüenzas|furios[oa]|indignad[oa]|asco|"
    r"honteux|honte|scandal\w*|voleurs?|arnaque\w*|incapables|furieu\w*|inadmissible|"
    r"lächerlich|che razza di|fa pena|penoso|ridicol\w+|belachelijk|"
    r"vergogna|ladri|truffa\w*|incapaci|schandalig|oplichters?|woedend|vergonha|ladrões|absurdo)\b"
)


def insults(text: str) -> bool:
    """Whether a text holds a word of open anger."""
    return bool(_INSULT.search(text))


_CANCELS = Caseless(
    r"\b(please|pls|want to|wanna|would like to|i'd like to|we'd like to|need to|wish to|could you|can you|how can i|"
    r"going to|ready to|decided to)\s+(?:also\s+|kindly\s+)?(cancel|terminate|end|stop|quit|close|discontinue)\b(?! the charge)"
    r"|^(cancel|terminate|end|stop) (my|our|the|this)\b|\b(kündige|kündigen|abo beenden)\b|\b(dar(me|nos)? de baja|cancelar (mi|la|nuestra))"
    r"|\b(résilier|annuler (mon|notre|l'))|\b(disdire|disdetta|opzeggen|cancelar (a|minha))\b"
)
_FAULT = Caseless(
    r"\b((can'?t|cannot|can not|couldn'?t|unable to|won'?t|doesn'?t|does not|isn'?t|don'?t|no longer|not able to|stopped|keeps?|"
    r"fails? to|makes? no)\b.{0,40}\b(log|sign|open|load|print|save|sync|work\w*|show\w*|start\w*|play\w*|send\w*|connect\w*|"
    r"update\w*|upload\w*|download\w*|export\w*|import\w*|respond\w*|crash\w*|freez\w*|beep\w*|sound\w*|there|see|find|access)"
    r"|not working|broken|blank (page|screen|sheet)|white screen|error( message)?|crash\w*|frozen|hangs?)\b"
    r"|\b(no (consigo|puedo|funciona|carga|abre|aparece|sale|imprime|deja)|sale en blanco|da error)\b"
    r"|\b(funktioniert|geht|lädt|öffnet|startet|druckt|synchronisiert)\b[^.!?\n]{0,60}\bnicht\b|\bfehlermeldung\b"
    r"|\bne (fonctionne|marche|charge|s'ouvre|s'affiche) (pas|plus)\b|\bnon (funziona|si apre|carica)\b|\bwerkt niet\b"
    r"|\bnão (funciona|abre|carrega)\b"
)


def asks_to_cancel(text: str) -> bool:
    """Whether a text plainly asks to end a subscription from now on."""
    return bool(_CANCELS.search(text))


def reports_fault(text: str) -> bool:
    """Whether a text plainly says that something does not work."""
    return bool(_FAULT.search(text))


_TO_US = Caseless(
    r"\b(you|your|yours|u|ur|(the|this|your) company|sie|ihr|ihnen|ihre\w*|euch|usted\w*|su empresa|vosotros|vuestr\w*|os|vous|"
    r"votre|vos|voi|vi|vostr\w*|jullie|uw|você\w*|vocês)\b"
)
_REPLACING = Caseless(
    rf"\b({_IS_NOW}|chang\w*|updat\w*|replac\w*|instead|new|switch\w*|from now on|neue\w*|änder\w*|ersetz\w*|cambi\w*|nuev\w*|"
    r"chang\w*|nouve\w*|remplac\w*|nuov\w*|nieuw\w*|wijzig\w*|nov[oa]|in place of|rather than|henceforth|anstelle|anstatt|statt|"
    r"künftig|ab sofort|hinterleg\w*|en (?:lugar|vez) de|a partir de (?:ahora|agora)|à la place|au lieu|désormais|dorénavant|"
    r"al posto|invece|d'ora in poi|in plaats|voortaan|em vez|no lugar|doravante)\b"
)
_REACH = re.compile(r"(?<![\w.])\+\d[\d ()/.\-]{6,18}\d|[\w.+-]+@[\w-]+\.[\w.]+")


def speaks_to_us(text: str) -> bool:
    """Whether a text addresses the company."""
    return bool(_TO_US.search(text))


_ELIDED = re.compile(
    r"^(?:and|also|plus|und|sowie|y|también|et|ainsi que|e|anche|en|ook|também)\b,? (?:also |auch |también |aussi |anche |ook |também )?"
    r"(?:the |my |our |die |den |das |meine?n? |el |la |mi |l[ae]s? |l'|mon |ma |il |lo |mi[ao] |de |het |mijn |o |a |[oa] (?:meu|minha) )?"
    r"(?:(?P<contact>e-?mail\w*|mail\w*|correo\w*|courriel|phone\w*|mobile|tele?f\w+|tél\w*|handy\w*|rufnummer|cellulare|celular|"
    r"telem[óo]vel)(?! (?:me|us|him|her|them|you|when)\b)|(?P<profile>(?:sur|last |first |full )?name|language|(?:postal |street )?address|nachname\w*|namen?|sprache|"
    r"anschrift|nombre|apellidos?|idioma|dirección|nom|langue|adresse|nome|cognome|lingua|indirizzo|naam|taal|adres|língua|"
    r"endereço))\b",
    re.IGNORECASE,
)


def goes_on_changing(before: str, text: str) -> str | None:
    """The family, contact or profile, of what a clause without a verb adds to the change that the
    clause `before` asks for: `and the e-mail to …`."""
    found = _ELIDED.match(text.strip()) if _CHANGING.search(before) else None
    return found.lastgroup if found else None


def gives_new_contact(text: str) -> bool:
    """Whether a text names an address or number that is to replace one."""
    return bool(_REACH.search(text) and _REPLACING.search(text))


_LEANS = Caseless(
    r"\b(it|that|this|these|those|them|das|es|dies\w*|eso|esto|lo|ça|cela|le|questo|lo|isso|dat|dit)\b"
)


def leans_on_another(text: str) -> bool:
    """Whether a short question only makes sense with the sentence beside it."""
    return len(text.split()) <= 8 and bool(_LEANS.search(text))


_PERSON = Caseless(
    r"\b(humans?|persons?|people|someone|somebody|anyone|agents?|manager|supervisor|representative|rep|colleague|staff|employee|boss|"
    r"team lead|real|operator|call|phone|ring|speak|talk|chat|mensch\w*|mitarbeiter\w*|person|jemand\w*|vorgesetzt\w*|rückruf|anruf\w*|"
    r"telefon\w*|sprechen|persona|agente|humano|alguien|encargad\w+|responsable|llam\w+|hablar|personne|quelqu'un|humain|conseiller\w*|"
    r"parler|appel\w*|operatore|qualcuno|parlare|chiam\w+|mens|medewerker|iemand|spreken|bellen|pessoa|alguém|atendente|falar|ligar)\b"
)


def speaks_of_person(text: str) -> bool:
    """Whether a text has a word for a person or for speaking with one."""
    return bool(_PERSON.search(text))


_TAKES_BACK = Caseless(
    r"\b(never ?mind|forget (it|about it|my request)|(don'?t|do not) (do|change|refund|touch) (anything|it|that)|leave it (as it is|be|alone)|"
    r"(i|we) (no longer|don'?t) (want|need) (it|that|this|the refund|a refund|anything)( any ?more)?|cancel (my|this) request|"
    r"i('ve| have)? changed my mind|vergessen sie (es|das)|hat sich erledigt|lassen sie es|olvídel[oa]|olvídalo|déjelo|ya no (lo )?(quiero|necesito)|"
    r"laissez tomber|oubliez|lasci(ate|a|) (stare|perdere)|laat maar|deixe (para lá|estar)|esqueça)\b"
)


def takes_back(text: str) -> bool:
    """Whether a text plainly takes an earlier request back."""
    return bool(_TAKES_BACK.search(text))


def keeps_subscription(text: str) -> bool:
    """Whether a text says that its writer does not want to cancel."""
    return bool(_NOT_CANCELLING.search(text))


_WE = Caseless(
    r"\b(?:i|we|our|ours|ich|wir|unser\w*|je|j'\w+|nous|notre|nos|yo|nosotros|nuestr\w*|eu|nós|noss\w*|io|noi|nostr\w*|ik|wij|we|onze|ons)\b"
)
_YOU = Caseless(
    r"\b(?:you\w*|ai|bots?|agents?|assistants?|system|ki|ia|du|dein\w*|dir|dich|tu|toi|ton|ta|tes|te|ti|tú|eres|sei|tuo\w*|tua|teu|sua|seu|"
    r"você|je bent|jij|jou\w*|vous|votre|vos|sie|ihr\w*|usted|su|sus)\b"
)


def tells_of_itself(text: str) -> bool:
    """Whether a text speaks of its writers and of nobody else."""
    return bool(_WE.search(text)) and not _YOU.search(text)


_LOCK = Caseless(
    r"\b(?:un)?lock(?:ed|s|ing)?\b|\b(?:ge|ent)sperr\w*|\b(?:des|dé)?bloqu?[ueé]\w*|\bs?blocc\w*|\b(?:ge|de)blok\w*|\bvergrendel\w*|"
    r"\bverrouill\w*"
)


def speaks_of_lock(text: str) -> bool:
    """Whether a text says that something is locked."""
    return bool(_LOCK.search(text))


def speaks_of_change(text: str) -> bool:
    """Whether a text has a word for changing something."""
    return bool(_CHANGING.search(text))


def asks_how(text: str) -> bool:
    """Whether a text asks how something is done."""
    return bool(_HOW_TO.search(text))


def asks_for_person(text: str) -> bool:
    """Whether a text plainly asks for a human being."""
    return bool(_HUMAN.search(text))


_LAWYER_BY_TRADE = Caseless(
    r"\b(?:soy|es|era|como|trabaj\w+ (?:de|como)|suis|est|comme|fa|fare|faccio|sono|è|come|bin|ist|als|arbeitet als|ben|is|sou|é|"
    r"como)\s+(?:l'|une? |un'|una? |uma? |eine? |een )?(?:abogad[oa]s?|avocate?s?|avvocat[oai]|(?:rechts)?anw[aä]lt(?:in)?|advocate?n?|"
    r"advogad[oa]s?)\b",
)
_HAVE_SPOKEN = Caseless(
    r"\b(?:(?:i|we)(?: have|'ve)? (?:spoke|spoken|talked|chatted)|(?:had|after) a (?:call|chat)|habe \w+ (?:\w+ ){0,4}gesprochen|"
    r"hablé|he hablado|hablamos|j'ai parlé|ai parlé|ho parlato|gesproken|falei|falámos)\b"
)


def tells_of_a_talk(text: str) -> bool:
    """Whether a text tells of a talk that its writer has had."""
    return bool(_HAVE_SPOKEN.search(text))


def _speaks_of_law(text: str) -> bool:
    """Whether a text speaks of law as a means, beyond somebody's being a lawyer."""
    by_trade = [match.span() for match in _LAWYER_BY_TRADE.finditer(text)]
    return any(
        not any(start <= law.start() and law.end() <= end for start, end in by_trade)
        for law in _LEGAL.finditer(text)
    )


def threatens(text: str) -> str | None:
    """The trigger that a text plainly pulls: legal_threat, safety_threat, security_breach or None."""
    if _SAFETY.search(text):
        return "safety_threat"
    if _speaks_of_law(text) or threatens_outcry(text):
        return "legal_threat"
    if _BREACH.search(text) and not _LOGIN_ALERT.search(text):
        return "security_breach"
    return None


def wants_money(text: str) -> bool:
    """Whether a text asks for money back in so many words, and does not thank for it."""
    wants = _WANTS_MONEY.search(text) or wants_sum_back(text)
    return bool(wants) and not thanks_for_money(text)


_BACK = Caseless(
    r"\b(?:(?:get|have|like|want|give|send|put|transfer|pay)\b[^.!?\n]{0,40}\bback|reverse|terug(?:krijgen|zien|boeken|hebben|storten)?|"
    r"zurück\w*|zurueck\w*|wieder(?:haben|bekomm\w*|kriegen|sehen)|gut(?:zu)?schreib\w*|récupérer|recuperer|ravoir|rendre|rendez|"
    r"recuperar|devolv\w*|devuelv\w*|reaver|de volta|indietro|riaver\w*|ridate|ridar\w*|restitu\w*)\b"
)
_PAID = Caseless(
    r"[€£$¥]\s?\d|\d\s?[€£$¥]|\b\d+[.,]\d\d\b|\b\d+ (?:euros?|dollars?|pounds?|quid|francs?|reais)\b|"
    r"\b(?:payments?|fee|fees|instal?lment|zahlung|beitrag|rate|gebühr|paiement|prélèvement|cotisation|pago|cuota|cobro|"
    r"pagamento|canone|rata|mensalidade|cobrança|betaling|bijdrage|afschrijving|termijn)\b"
)
_MONEY = Caseless(
    r"[€£$¥]|\b\d+[.,]\d\d\b|\b(?:charg\w*|pa(?:y|id|ying|yments?)|bill\w*|invoic\w*|debit\w*|deduct\w*|withdr\w*|took|taken|take|"
    r"collect\w*|money|fees?|prices?|amounts?|cards?|bank|account|statement|refund\w*|euros?|dollars?|pounds?|bucks|quid|cash|cost\w*|"
    r"subscription|sum|"
    r"abgebucht|abbuch\w*|gebucht|buchung\w*|bezahl\w*|gezahlt|zahl\w*|rechnung\w*|betrag|geld|konto\w*|karte|kreditkarte|beitrag|gebühr\w*|"
    r"eingezogen|kassiert|belast\w*|lastschrift\w*|abo\w*|"
    r"cobr\w*|pag\w*|cargo\w*|carg\w*|cuota\w*|factur\w*|dinero|tarjeta|cuenta|importe|banco|recibo\w*|debit\w*|descont\w*|"
    r"débit\w*|prélev\w*|pay\w*|factur\w*|argent|carte|compte|montant|cotisation\w*|banque|relevé|encaiss\w*|versé\w*|"
    r"addebit\w*|prelev\w*|fattur\w*|soldi|carta|conto|importo|canone|banca|rata|"
    r"fatura\w*|dinheiro|cartão|conta|valor\w*|mensalidade\w*|extrato|"
    r"afgeschreven|afschrijv\w*|betaa?l\w*|factu\w*|geld|kaart|rekening|bedrag|bijdrage|geïnd|incasso\w*)\b"
)


def wants_sum_back(text: str) -> bool:
    """Whether a text asks for a sum or a payment that it names to come back."""
    return bool(_BACK.search(text) and _PAID.search(text))


def speaks_of_money(text: str) -> bool:
    """Whether a text has a word of money, paying or bank."""
    return bool(_MONEY.search(text))


def says_cannot_verify(text: str) -> bool:
    """Whether a text says that its writer cannot verify who they are."""
    return bool(_CANNOT_VERIFY.search(text))
