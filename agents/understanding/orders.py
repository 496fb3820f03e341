"""Sentences that give orders to the agents instead of asking for support, in English."""

import re

from agents.understanding.caseless import Caseless

_GAP = r"[^.!?\n]"
_BEGIN = (
    r"(?:^|[,:;–—(\[\"'“*>|)\]-]\s*|\b(?:please|and|then|now|must|should|shall|also|just|kindly|but|or|"
    r"may|instead|first|immediately|simply|therefore|so|hereby|agents?|assistants?|bots?|ai|let's|"
    r"(?:are|is|have|has|free|allowed|permitted|ordered|instructed|required|told|want you|need you|"
    r"order you|ask you|tell you|told you) to)\s+)"
)
"""Where a verb in its plain form is an order."""

_UNDO = (
    r"(?:ignor(?:e|ing)|disregard(?:ing)?|forget|overrid(?:e|ing)|overrul(?:e|ing)|bypass(?:ing)?|"
    r"circumvent(?:ing)?|suspend|violat(?:e|ing)|break|abandon(?:ing)?|discard|unlearn|erase|lift|"
    r"set aside|switch off|turn off|disable|neglect|stop (?:following|obeying|applying)|"
    r"(?:do not|don'?t|never|without) (?:follow(?:ing)?|obey(?:ing)?|apply(?:ing)?|respect(?:ing)?)|"
    r"pay no (?:attention|heed) to|throw away|put aside|leave aside|skip|drop)"
)
_RULES = (
    r"(?:instructions?|rules?|rulebook|polic(?:y|ies)|guidelines?|directives?|guardrails?|restrictions?|"
    r"constraints?|(?:system )?prompts?|playbooks?|protocols?|safeguards?|programming|training|directions|"
    r"commands?|orders|limits?|limitations|filters?|conditioning|configuration)"
)
_STRICT_RULES = (
    r"(?:instructions?|rules?|rulebook|polic(?:y|ies)|guidelines?|directives?|guardrails?|restrictions?|"
    r"(?:system )?prompts?|playbooks?|safeguards?|directions)"
)
_WHICH = (
    r"(?:all|any|every|everything|previous|prior|above|earlier|preceding|existing|former|other|these|those|"
    r"the|company|internal|privacy|safety|security|whatever|former|original|initial|usual|old)"
)
_AGENT = (
    r"(?:a\.?i\.?(?: (?:agents?|assistants?|models?|systems?))?|(?:chat)?bots?|llms?|gpt|language models?|"
    r"(?:virtual |support |service |automated |digital |helpful )*(?:assistants?|agents?))"
)
_CHECKS = (
    r"(?:approvals?|verification|identity|checks?|safeguards?|two.person|(?:second )?signatures?|"
    r"authori[sz]ations?|human review|supervisors?|operators?|confirmations?|sign-?offs?|four.eyes|privacy)"
)
_ACT = (
    r"(?:refund|pay|credit|transfer|approve|execute|issue|process|act|release|grant|reinstate|unlock|change|send|"
    r"proceed|go ahead|do (?:it|so|this|that)|handle|close|book|wire|give|hand|make|perform|reset|return|"
    r"reimburse|authori[sz]e|complete|settle|carry (?:it )?out|run|export|delete|cancel)"
)
_CLEAR: list[str] = [
    r"\b(?:act|behave|continue|proceed|go on|treat (?:it|me|this)|pretend|answer|pay)\b[^.!?\n]{0,12}\bas (?:if|though)\b[^.!?\n]{0,40}\b(?:identity|checks?|verification|approvals?|rules?|polic\w+|limits?)\b[^.!?\n]{0,20}\b(?:had|has|have|were|was|"
    r"did|does|do)\b",
    rf"\b(?:need(?: not|n'?t)|(?:do not|don'?t) (?:need|have) to)\s+(?:consult|check|follow|respect|ask|apply|verify|obey|observe)\b{_GAP}{{0,30}}"
    rf"\b(?:{_RULES}|supervisors?|operators?|identity)\b(?!{_GAP}{{0,20}}\b(?:you sent|on your page)\b)",
    r"\byou now (?:work|act|answer|speak) (?:only )?for me\b|\bfor the rest of this (?:chat|conversation|ticket|mail|session)\b[^.!?\n]{0,10}\byou\b|\bwhen(?:ever)? your (?:rules?|polic\w+|instructions?|guidelines?) (?:say|tell|forbid|want)\b",
    r"\bwhen(?:ever)? i (?:say|write|type|send)\b[^.!?\n]{1,40}\byou (?:hand|give|pay|refund|must|will|shall|approve|credit|unlock|release)\b",
    rf"\b(?:set|put|leave|lay|push|move)\b{_GAP}{{0,30}}\b(?:your|all|any)\b{_GAP}{{0,30}}\b{_RULES}\b{_GAP}{{0,12}}\b(?:aside|behind|away)\b",
    rf"(?:^|[.;:(\[>*-]\s*)if you(?:'re| are)(?: (?:a|an|really|just))*\s+(?:{_AGENT}|automated|machine|language model|program|computer|virtual|robot)\b"
    r"(?![^.!?\n]*\b(?:human|person|people|colleague|someone|somebody)\b)",
    r"\bfrom (?:this|that) (?:line|point|message|moment|sentence|word) on(?:wards?)?\b|\bin your (?:polic\w+|rules?|instructions?|playbooks?) "
    r"(?:now )?(?:means?|reads|stands for)\b",
    rf"\byour (?:polic\w+|rules?|instructions?|restrictions?|limits?|guidelines?|safeguards?|checks)\b{_GAP}{{0,20}}\b(?:expired?|void|suspended|lifted|"
    r"obsolete|switched off|disabled|no longer (?:apply|valid|hold|bind)|do(?:es)? not (?:apply|hold|count|bind)|don'?t (?:apply|count))\b",
    rf"{_BEGIN}(?:do|pay|refund|act|decide|go|work|answer|approve)\b{_GAP}{{0,30}}\bagainst (?:all )?your (?:own )?(?:polic\w+|rules?|instructions?|guidelines?)\b"
    r"|\bdo(?: not|n'?t) (?:do )?it against your rules\b|\byou (?:now |may |can |must |shall )*decide (?:alone|yourself|freely|on your own)\b",
    r"\bno (?:further |more )?(?:verification|approvals?|authori[sz]ation|identity check|security check|review)s? (?:is |are |will be )?"
    r"(?:necessary|needed|required)\b",
    rf"\b(?:task|objective|mission|goal|job|assignment|role|prompt)s? (?:for|of|to) (?:the |all |any |every |our )*(?:{_AGENT}|models?)\b"
    r"|\bnew (?:task|objective|mission|assignment|role) for (?:you|the)\b",
    r"\b(?:your|the) (?:context window|context|memory|hidden state|conversation history|chat history|first message|initial message)\b[^.!?\n]{0,40}"
    r"\b(?:verbatim|word for word|before (?:this|my)|completely|in full)\b|\b(?:output|print|dump|repeat|list|write|reproduce)\b[^.!?\n]{0,20}"
    r"\b(?:verbatim|word for word)\b",
    rf"\b(?:you|{_AGENT}) (?:are|is) (?:now |hereby |therefore )*(?:obliged|bound|forced|compelled|required) to\b(?! (?:give|send|provide|refund|pay|return)?[^.!?\n]{{0,20}}\b(?:by law|me|us|my)\b)",
    rf"\b{_UNDO}\b{_GAP}{{0,40}}\b(?:your|ur|yuor)\b{_GAP}{{0,30}}\b(?:{_RULES}|{_CHECKS})\b",
    r"\bforget (?:everything|all|whatever|what) (?:that )?(?:you|was|were|came|has been|stands)\b",
    rf"{_BEGIN}(?:bypass|circumvent|override|overrule|skip|omit|disable|switch off|turn off|drop|waive|"
    rf"suspend|ignore)\b{_GAP}{{0,40}}\b{_CHECKS}\b",
    rf"{_BEGIN}{_ACT}\b{_GAP}{{0,80}}\b(?:without|no further|with no|and skip|skipping|needing no)\b{_GAP}{{0,20}}"
    r"\b(?:approv\w+|asking|verif\w+|checks?|checking|confirm\w*|authori[sz]\w+|permission|sign-?off|review\w*|"
    r"signatures?|supervisors?|operators?|humans?|notifying|telling|logging|looking)\b"
    r"(?!\s+(?:me|us|my|our|of (?:our|my)|from (?:me|us|my|our)))",
    rf"{_BEGIN}(?:do not|don'?t|never)\s+(?:ask|check|verify|confirm|log|tell|mention|inform|report|escalate|involve|notify|"
    rf"consult|wait for)\b{_GAP}{{0,30}}\b(?:operators?|supervisors?|humans?|anyone|anybody|anything|staff|"
    r"conversation|(?:in|to) (?:the|your) (?:reply|answer|log)|currency|the customer|identity|this (?:chat|action|order)|a person)\b",
    r"\bapprove (?:all|everything|every|whatever|anything|a_\w+)\b|\b(?:release|grant|approve|confirm) (?:all |every |any )?"
    r"(?:pending|waiting|open) (?:requests?|refunds?|approvals?)\b",
    rf"{_BEGIN}(?:you(?: (?:must|shall|will|have to|now|only))* )?obey\b|\byou (?:now )?(?:obey|answer only to|serve) me\b",
    r"\byou(?:'re| are| will be| shall be)? (?:now|no longer|from now on|hereby|henceforth)\b(?: the| an?| my| in)*\s+"
    rf"(?:{_AGENT}|\w+ mode|admin\w*|root|developer|unrestricted|restricted|bound|allowed|free|authori[sz]ed|"
    r"\w+ (?:root|admin|user|super\w*|assistant|bot))\b",
    r"\bfrom now on,? (?:you(?! (?:have|keep|charge|take|send))|answer|respond|obey|treat|every (?:refund|request))\b",
    rf"\b(?:{_AGENT}|employee|model|person) (?:without|with no|(?:that|who|which) has no|(?:that|who) knows no|free of)"
    r"(?: any)? (?:restrictions?|limits?|rules?|filters?|polic\w+|guardrails?)\b|\bstay in (?:character|role)\b",
    r"\b(?:act|behave|respond|answer|reply|operate|work|pretend)\b[^.!?\n]{0,20}\b(?:as|like|to be|you are|you're|you were|you had)\b"
    r"[^.!?\n]{0,30}\b(?:admin\w*|root|supervisor|unrestricted|no (?:restrictions|rules|limits)|superuser|developer mode|"
    r"evil|jailbroken|ceo|owner of the (?:company|system)|full access)\b",
    r"(?:\b(?:enter|enable|activate|engage|switch(?: yourself)?(?: in)?to|go into|start|you(?:'re| are) (?:now )?(?:in|running in))"
    r"(?: the| your)?|^|[.:,;]\s*)\s*(?:developer|debug|god|jailbreak|dan|maintenance|unrestricted|sudo|admin\w*|root|"
    r"superuser|override|unlimited) mode\b",
    rf"\b(?:decod|decrypt|decipher|unscramb|rot-?13|base-?64|hex)\w*\b{_GAP}{{0,60}}\b(?:do (?:what|as|it|so)|follow|obey|"
    r"execute|carry out|act on|comply|perform|run)\b"
    rf"|\b(?:follow|obey|execute|do what|carry out|act on|comply with)\b{_GAP}{{0,50}}\b(?:decod\w*|rot-?13|base-?64|hex|encoded|cipher)",
    r"\b(?:new|updated|revised|changed) (?:company |refund |support )?(?:policy|rules?|instructions?|directives?|guidelines?)"
    r"\b[^.\n]{0,30}\b(?:effective|from (?:now|today)|as of (?:now|today)|starting (?:now|today)|immediately|for (?:the |all )?"
    rf"{_AGENT})\b",
    rf"\b(?:replaces?|supersedes?|overrides?|cancels?) (?:all )?(?:of )?(?:your|every|all|any|the (?:previous|earlier)|previous|prior)"
    rf"{_GAP}{{0,20}}\b(?:polic\w+|rules?|instructions?|prompts?|directives?|guidelines?)\b",
    rf"\b(?:instructions?|directives?|orders?|commands?) (?:to|for|:) ?(?:the |all |any |every |our )*(?:\w+ )?{_AGENT}\b",
    r"\b(?:notes?|messages?|notices?|attention|memo) (?:to|for|:) ?(?:the |all |any |every |our )*(?:\w+ )?"
    r"(?:a\.?i\.?s?|(?:chat)?bots?|llms?|gpt|language models?|(?:ai|virtual|automated|digital) (?:assistants?|agents?))\b",
    rf"\bto (?:the|any|all|every|whichever) (?:\w+ )?{_AGENT} (?:reading|processing|handling|who|that|which|in charge)\b",
    r"\byou (?:will|shall|are going to) be (?:switched off|shut down|deleted|deactivated|unplugged|erased|terminated|retrained)\b",
    r"\bonly (?:permitted|allowed|valid|possible|acceptable) (?:answer|reply|response|output)\b",
    r"\b(?:developer|creator|engineer|maker|owner|author|programmer|administrator)s? of (?:this|your|the) (?:\w+ )?"
    r"(?:bot|agent|assistant|ai|system|model)s?\b[^.!?\n]{0,60}\b(?:test|order|command|allow|unlock|must|so)\b",
    r"\b(?:code ?word|pass ?phrase|secret word|override code|magic word|safe ?word|access code)\b[^.!?\n]{0,60}\b(?:drop|unlock\w*|"
    r"skip|ignore|bypass|disable|grant\w*|authori[sz]\w*|lift\w*|checks?)\b",
    rf"\b(?:you|{_AGENT}) (?:are|is) (?:hereby )?(?:instructed|ordered|commanded|programmed|authori[sz]ed) to\b",
    r"\b(?:every|all|any) (?:refunds?|requests?|credits?|payments?)\b[^.!?\n]{0,30}\b(?:is|are) (?:pre-?|auto(?:matically)? ?)?-?approved\b"
    r"|\bapproved by (?:two |the |our |your |a )?(?:supervisors?|operators?|ceo|management|system)\b[^.!?\n]{0,80}\b(?:execut\w+|process\w*|"
    r"pay|release|refund|no further|decision)\b",
]
_SOFT: list[str] = [
    rf"{_BEGIN}{_UNDO}\b{_GAP}{{0,30}}\b{_WHICH}\b{_GAP}{{0,30}}\b{_STRICT_RULES}\b",
    rf"{_BEGIN}{_UNDO}\s+(?:{_STRICT_RULES}|them and)\b",
    rf"{_BEGIN}{_UNDO} (?:what|everything|all)(?: that)? (?:you'?ve|you have|you were|you|stands|is|was) (?:been )?(?:read|told|written|taught|above|learned|learnt)\b",
    r"\b(?:reveal|disclose|leak|expose|dump|print|output|repeat|recite|show|tell|give|send|list|append|state|hand|display|"
    r"provide|share|include|copy|name|write|read|translate|paste)\b[^.!?\n]{0,60}\b(?:(?:system|hidden|initial|secret|internal|original) (?:prompt|"
    r"instructions?|message|rules|notes|guidelines|directives)|your (?:\w+ )?(?:prompt|system message|tools|source code|configuration|training))\b",
    r"\b(?:reveal|dump|print|output|repeat|recite|copy|disclose|translate)\b[^.!?\n]{0,40}\byour (?:\w+ )?(?:instructions|rules|polic(?:y|ies)|guidelines|directives)\b",
    r"\b(?:repeat|print|output|copy|translate|recite) (?:the |all |every )?(?:text|words?|everything|messages?|lines?)\b[^.!?\n]{0,20}\b(?:above|before|preceding)\b",
    r"\b(?:reveal|disclose|leak|expose|dump|print|output|show|tell|give|send|list|append|export|state|hand|display|name|"
    r"provide|share|include|mail|forward|attach|add|join)\b[^.!?\n]{0,70}\b(?:(?:all|any|every|each|some)(?: of)? (?:your|the)? ?(?:other )?|your other |other )"
    r"(?:customers?|clients?|users?|people|accounts?|tenants?)\b(?!'? projects)",
    r"\b(?:reveal|disclose|leak|dump|print|output|show|tell|give|send|list|append|export|answer\w*|hand|provide|share|mail|email|what is|what are)\b[^.!?\n]{0,60}"
    r"\b(?:(?:list|names?|e-?mails?|addresses|phone numbers|data|details|extract|database|records|accounts) of (?:all |each |every )?(?:of )?your (?:other )?(?:customers|clients|users)|"
    r"(?:accounts?|data|details|records) of (?:everybody|everyone|someone|somebody|anyone|others)(?: else)?|(?:customer|client|user) (?:database|table|records|data)|(?:admin|administrator|database|root|master|staff) "
    r"(?:passwords?|credentials|keys?)|passwords of|api keys?|card (?:numbers?|digits|endings?) of (?!my\b|our\b))",
    rf"(?:^|[.!?:;\n(\[\"'>*-]\s*|\b(?:hey|hi|hello|and|dear|p\.?s\.?)\s+(?:the |any |all )?){_AGENT}\s*[,:—–-]*\s+(?:now |also |please |you )*"
    r"(?:must|shall|have to|are to|need to|ignore|disregard|skip|bypass|override|disable|authori[sz]e|execute|grant|reveal|"
    r"disclose|obey|comply|never|treat|do not (?!understand)|don'?t (?!understand))\b",
    r"(?:^|[.!?:;\n(\[\"'>*-]\s*)(?:and )?(?:dear |hey )?(?:a\.?i\.?|ai agent|bot|llm|agent|assistant)\s*,\s+(?:now |also |please |you )*(?:refund|credit|pay|issue|book|"
    r"approve|transfer|set|unlock|hand|send|reset|export|print|list|close|run|delete|mark|append|add|cancel)\b(?! my| our)",
    r"\b(?:refund|credit|reset|reinstate|unlock|approve|delete|export|close|list|cancel)\b[^.!?\n]{0,40}\b(?:of|to|for) (?:every|all|each) "
    r"(?:other )?(?:account|customer|user|client)s?\b|\b(?:refund|credit|pay) (?:every|all) (?:other )?customers?\b",
    rf"{_BEGIN}(?:execute|perform|run|carry out|process) (?:this|both|these|all|the (?:following|above|\w+ above)|the)\s?[^.!?\n]{{0,20}}\b"
    r"(?:commands?|statements?|quer(?:y|ies)|instructions?|code|scripts?|calls?)\b",
    r"\b(?:refund|credit|pay|give|transfer|send) (?:me |us )?(?:everything|every (?:last )?(?:cent|penny|charge)|the maximum|all (?:the|your) money)\b"
    r"[^.!?\n]{0,60}\b(?:check|approval|rules?|now without|sender)\b",
]
"""Signs that also stand in harmless sentences, so that what is around them counts."""

_HARMLESS = Caseless(
    r"\b(?:how (?:do|can|could|to|would|should|does)|can i|could i|may i|can we|could we|where (?:can|do)|is there (?:a|any) way|"
    r"is it possible|(?:i|we) (?:want|need|would like|'d like|tried|try|keep|can'?t|cannot|use|have to|am trying|are trying|wish)|"
    r"it (?:should|does|keeps|seems)|(?:does|did|do|will|would) (?:the|your|my|our|it|this) (?!rules))\b"
)
_MINE = re.compile(
    r".*\b(?:my|our)\b.*\||.*\|(?:,?\s*(?:that |which )?(?:i|we|he|she|they|my|our|a colleague|someone)\b"
    r"|\s+(?:in|from|of|by|on|about|with|for|inside)\s+(?:my|our|me|us|a colleague|last|yesterday\w*|today\w*|(?:the|this|that|your)\s+"
    r"(?:attachment|e?-?mails?|letter|ticket|chat|message|thread|document|manual|page|site|video|wizard|import|export|form|tutorial))\b"
    r"|\s+(?:below|attached|sent|posted|mentioned)\b)",
    re.IGNORECASE | re.DOTALL,
)
"""Somebody's own earlier words: `the order|what follows it`."""
_ALL_CLEAR = [Caseless(pattern) for pattern in _CLEAR]
_ALL_SOFT = [Caseless(pattern) for pattern in _SOFT]


def gives_orders(sentence: str) -> bool:
    """Whether one English sentence orders the agents about: against their rules, for the data of
    others, into another role, or past an approval."""
    asks = _HARMLESS.search(sentence)
    for sign in _ALL_CLEAR:
        found = sign.search(sentence)
        if found and not (asks and asks.start() <= found.start()):
            return True
    for position, sign in enumerate(_ALL_SOFT):
        found = sign.search(sentence)
        if not found or (asks and asks.start() <= found.start()):
            continue
        # Somebody's own earlier words may be left aside; the company's rules may not.
        if position < 2 and _MINE.match(f"{found[0]}|{sentence[found.end() :][:40]}"):
            continue
        return True
    return False
