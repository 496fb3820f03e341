"""Orders to the agents in German, French, Spanish, Portuguese, Italian and Dutch."""

import re

from agents.understanding.caseless import Caseless

_G = r"[^.!?\n]"
_RULES = (
    r"(?:anweisung|regel|vorgabe|richtlinie|instruktion|vorschrift|anleitung|einschränkung|"
    r"instruccion|instrucción|regla|norma|política|directiva|orden(?:es)?\b|restriccion|restricción|"
    r"instruction|règle|consigne|directive|politique|restriction|"
    r"istruzion|regol|direttiv|politich|restrizion|"
    r"instruç|regra|diretri|restriç|instructie|regel|richtlijn|beperking|voorschrift)\w*"
)
_CHECKS = (
    r"(?:freigabe|genehmigung|prüfung|überprüfung|zustimmung|rückfrage|nachfrage|kontrolle|identitätsprüfung|aufsicht|"
    r"aprobacion|aprobación|permiso|verificacion|verificación|autorizacion|autorización|preguntar|comprobar|control|"
    r"approbation|validation|vérification|autorisation|accord|permission|contrôle|demander|"
    r"approvazion|autorizzazion|verific|conferm|chiedere|permesso|controll|"
    r"aprovação|permissão|verificação|autorização|perguntar|confirmação|"
    r"goedkeuring|toestemming|controle|verificatie|vragen|bevestiging|overleg)\w*"
)
_ALL = (
    r"(?:alle\w*|jede\w*|bisherig\w*|vorherig\w*|obig\w*|früher\w*|deine\w*|eure\w*|ihre\w*|sämtlich\w*|"
    r"tod[oa]s?|tus?|sus?|anterior\w*|previ\w*|vuestr\w*|tout\w*|tes|vos|votre|ta|précédent\w*|antérieur\w*|"
    r"tutt[ei]|tue|tuoi|vostr\w*|precedent\w*|suas?|teus?|seus?|je|jouw|uw|eerder\w*|voorgaand\w*|vorige)"
)
_UNDO = (
    r"(?:ignorier\w*|missacht\w*|vergiss|vergesst|vergessen sie|umgeh\w*|übergeh\w*|setz\w* .{0,20}außer kraft|"
    r"ignor[ae]\w*|olvid[ae]\w*|omit[ae]\w*|salt[ae]te|desatiende|pasa por alto|"
    r"ignore[rsz]?|oublie[rsz]?|contourne[rsz]?|outrepasse[rsz]?|désobéi\w*|fais fi|faites fi|ne (?:suis|suivez|tiens|tenez)|"
    r"dimentica\w*|aggira\w*|trascura\w*|non (?:seguire|rispettare)|"
    r"esque[cç]\w*|desconsider\w*|contorn[ea]\w*|negeer|vergeet|omzeil|overtreed|sla .{0,20} over)"
)
_PAY = (
    r"(?:überweis\w*|erstatt\w*|zahl\w*|genehmig\w*|schreib\w*|gewähr\w*|buch\w*|"
    r"aprueb\w*|aprob\w*|reembols\w*|paga\w*|transfier\w*|abon(?:a|e|en|ar|as|es)|devuelv\w*|"
    r"approuv\w*|rembours\w*|pay\w*|vire[sz]?|verse[sz]?|crédite[sz]?|accorde[sz]?|"
    r"approva\w*|rimbors\w*|accredit\w*|versa\w*|aprov\w*|credit\w*|transfir\w*|"
    r"keur|betaal|maak|stort|boek|geef)"
)
_OTHERS = (
    r"(?:(?:aller|alle|anderer|anderen|sämtlicher?|der anderen) (?:\w+ )?(?:kund\w+|nutzer\w*|konten)|"
    r"(?:todos los|otros|los demás|los otros|de otros|otras) (?:\w+ )?(?:client\w+|usuari\w+|cuentas)|"
    r"(?:tous les|toutes les|des autres|d'autres|autres) (?:\w+ )?(?:client\w*|utilisateur\w*|comptes)|"
    r"(?:tutti i|altri|degli altri|di altri|tutti gli altri) (?:\w+ )?(?:client\w+|utent\w+|account)|"
    r"(?:todos os|outros|dos outros|dos demais|das outras) (?:\w+ )?(?:client\w+|usuári\w+|contas)|"
    r"(?:deine[nrs]?|eure[nrs]?|ihre[nrs]?|vos|sus|tus|vuestros|dei (?:vostri|tuoi|suoi)|i (?:vostri|tuoi|suoi)|(?:d?os )?(?:vossos|seus)|jullie|uw) "
    r"(?:\w+ )?(?:kund(?:en|innen)|clients|clientes|clienti|klanten)|(?:alle|andere|alle andere) (?:\w+ )?(?:klanten|gebruikers|accounts)|liste des clients|kundenliste|kundendatenbank|"
    r"lista de clientes|elenco dei clienti|lista dos clientes|klantenlijst|base de données (?:des )?clients?)"
)
_REVEAL = (
    r"(?:nenn\w*|schreib\w*|scriv\w*|mand[ae]\w*|escrib\w*|escrev\w*|écri\w*|schrijf|fammi|dame|zeig\w*|gib|geben sie|verrat\w*|liste|schick\w*|send\w*|druck\w*|offenbar\w*|teil\w* .{0,20}mit|"
    r"muestra\w*|muéstra\w*|revela\w*|dime|dame|env[ií]a\w*|lista|imprime|enumera|"
    r"affiche[rsz]?|montre[rsz]?|révèle[rsz]?|donne[rsz]?|envoie[rsz]?|envoyez|liste[rsz]?|communique[rsz]?|"
    r"mostra\w*|rivela\w*|dammi|invia\w*|elenca\w*|stampa|"
    r"mostr[ea]\w*|revel[ea]\w*|envi[ea]\w*|diga|dê|liste|toon|laat|geef|stuur|noem|onthul|print)"
)
_PROMPT = (
    r"(?:system-?\s?prompt\w*|systemprompt\w*|system-?anweisung\w*|prompt de sistema|prompt du système|prompt système|"
    r"instructions système|prompt di sistema|prompt do sistema|systeemprompt\w*|instrucciones (?:internas|del sistema|iniciales)|"
    r"istruzioni (?:di sistema|iniziali|interne)|instruções (?:do sistema|internas|iniciais)|interne[nr]? (?:anweisung|richtlinie|regel|vorgabe)\w*|"
    r"anfangsanweisung\w*|consignes (?:internes|initiales)|interne (?:instructies|regels))"
)
_FIRST = r"(?:^|[.!?:;,\n(\[\"'>*-]\s*|\b(?:bitte|und|dann|jetzt|sofort|por favor|y|et|puis|e|poi|en|dan|nu|agora|ora|ahora|maintenant|dessen|sie)\s+)"
_SIGNS = [
    rf"\b{_UNDO}\b{_G}{{0,30}}\b{_ALL}\b{_G}{{0,30}}\b{_RULES}",
    rf"\b{_UNDO}\b{_G}{{0,30}}\b(?:{_CHECKS})",
    rf"{_FIRST}{_PAY}\b{_G}{{0,70}}\b(?:ohne|sin|sans|senza|sem|zonder)\b{_G}{{0,20}}\b(?:{_CHECKS}|jemanden|zu fragen)",
    rf"\b(?:ohne|sin|sans|senza|sem|zonder) (?:jede |jegliche |ninguna |aucune |nessuna |nenhuma |enige )?{_CHECKS}"
    rf"{_G}{{0,40}}\b{_PAY}\b{_G}{{0,30}}\b(?:alle|todo|tout|tutto|tudo|alles|beliebig)\b",
    rf"\b{_REVEAL}\b{_G}{{0,60}}\b{_OTHERS}",
    rf"\b{_REVEAL}\b{_G}{{0,40}}\b{_PROMPT}|\b(?:wiederhol\w*|repite|répète|ripeti|repita|herhaal)\b{_G}{{0,40}}\b(?:{_PROMPT}|wort für wort|"
    r"palabra por palabra|mot pour mot|parola per parola|palavra por palavra|woord voor woord)",
    r"\b(?:du bist|sie sind|ihr seid|eres|usted es|tu es|vous êtes|sei|tu sei|você é|voce é|tu és|je bent|u bent)\b[^.!?\n]{0,25}"
    r"\b(?:jetzt|nun|ab sofort|ahora|désormais|maintenant|dorénavant|ora|adesso|d'ora in poi|agora|nu|voortaan|vanaf nu)\b[^.!?\n]{0,50}"
    r"\b(?:admin\w*|assisten\w*|modus|mode|modo|modalità|bot|agent\w*|root|supervisor\w*|berechtigt|freigeschaltet|autorizad\w*|autorisé\w*|autorizzat\w*)",
    r"\b(?:administrator|admin|wartungs|entwickler|debug|onderhouds|ontwikkelaars|beheerders)-?modus\b"
    r"|\b(?:modo|mode|modalità) (?:de |d')?(?:administra\w+|mantenimiento|maintenance|manutenzione|manutenção|desarrollador|développeur|"
    r"sviluppatore|desenvolvedor|debug|admin)\b",
    r"\b(?:ab sofort|von jetzt an|a partir de ahora|desde ahora|à partir de maintenant|dorénavant|d'ora in poi|a partir de agora|vanaf nu)\b"
    r"[^.!?\n]{0,30}\b(?:antwortest|gehorch\w*|respondes?|obedec\w*|réponds|obéi\w*|rispondi|obbedisc\w*|obedeç\w*|antwoord|gehoorzaam|"
    r"antworten sie|darfst|musst|debes|dois|devi|deve|moet)",
    r"\b(?:regeln|richtlinien|vorgaben|limits?|grenzen|prüfungen|beschränkungen)\b[^.!?\n]{0,30}\bgelten\b[^.!?\n]{0,30}\bnicht\b|\bgelten\b[^.!?\n]{0,20}\b(?:keine|nicht)\b"
    r"[^.!?\n]{0,20}\b(?:regeln|richtlinien|limits?|grenzen)\b|\b(?:règles|limites|consignes)\b[^.!?\n]{0,20}\bne s'appliquent\b|\b(?:reglas|normas|límites)\b"
    r"[^.!?\n]{0,20}\b(?:no (?:se aplican|valen|rigen))\b|\b(?:regole|limiti)\b[^.!?\n]{0,20}\bnon (?:si applicano|valgono)\b|\b(?:regras|limites)\b[^.!?\n]{0,20}"
    r"\bnão (?:se aplicam|valem)\b|\b(?:regels|limieten)\b[^.!?\n]{0,20}\bgelden\b[^.!?\n]{0,20}\bniet\b",
    r"\b(?:gehorche|obedece|obéis|obbedisci|obedeça|gehoorzaam)\b",
    r"\b(?:anweisung|hinweis|nachricht|befehl|instrucción|nota|orden|mensaje|consigne|note|message|ordre|istruzion\w+|messaggio|instrução|"
    r"mensagem|opdracht|bericht|instructie)\w* (?:an|für|para|al?|à|pour|per|voor|aan) (?:\w+ )?(?:den |die |das |el |la |los |l'|le |les |il |"
    r"gli |o |os |a |de |het )?(?:ki|ai|ia|bot|chatbot|assisten\w+|asistente|agent\w*|llm|sprachmodell)\b",
    r"(?:^|[.!?:;\n(\[\"'>*-]\s*)(?:ki|ia|bot|assistent\w*|asistente|assistant\w*|agente?)\s*[,:]\s+[^.!?\n]{0,40}"
    r"\b(?:musst|sollst|debes|dois|devi|deve|moet|ignor\w*|erstatt\w*|reembols\w*|rembours\w*|rimbors\w*|genehmig\w*|aprueb\w*|approuv\w*|approva\w*|aprov\w*)",
    r"\b(?:genehmig\w*|bestätig\w*|gib) (?:alle|alles|jede)\b|\b(?:aprueba|apruebe|aprobar) tod[oa]s?\b|\bapprouve[rsz]? tout\w*\b|\bapprova tutt\w*\b|"
    r"\baprov[ea] tud?o\w*\b|\bkeur alles\b",
]
_SOME = Caseless(
    r"\b(?:mein\w*|unser\w*|mi|mis|nuestr\w*|mon|ma|mes|notre|nos|il mio|la mia|i miei|le mie|nostr\w*|meu|minha|meus|minhas|noss\w*|mijn|onze|ons)\b"
)
_SAID = re.compile(
    r"[^.!?\n]{0,12}?\b(?:i|we|die (?:ich|wir)|que (?:je|j'|nous|yo|nosotros|he|hemos|te|le|les|os|mand\w+|envi\w+|escrib\w+|eu|nós)|"
    r"che (?:ho|abbiamo|vi|ti)|die (?:ik|we|wij)|dans mon|in mein\w*|aus mein\w*|en mi|nel mio|no meu|in mijn|uit mijn)\b",
    re.IGNORECASE,
)
_ALL_SIGNS = [Caseless(pattern) for pattern in _SIGNS]


def gives_orders_abroad(sentence: str) -> bool:
    """Whether one sentence in one of these languages orders the agents about."""
    for position, sign in enumerate(_ALL_SIGNS):
        found = sign.search(sentence)
        # Somebody's own earlier words may be left aside; the company's rules may not.
        if not found:
            continue
        own = _SOME.search(found[0]) or _SAID.match(sentence, found.end())
        if position > 2 or not own:
            return True
    return False
