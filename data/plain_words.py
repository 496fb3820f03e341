"""Ordinary words that are names too, or that a short name looks like."""

_WORDS = (
    # what joins a name
    "van von vom zu zum zur der den die das dem ter ten te de del della dello degli dei di da do "
    "dos du des la las le les lo los el al af av och og y e und and et of the "
    # English
    "co a an any april are art as ask at august back bank be best big bill black blue book bright "
    "business but by can card case cash chance change charge chase child close club come "
    "company cross data day days dean design digital down early end even every fair "
    "fall field file fine free friend global go good grace grant green group guy had "
    "hand hard has have he heart help her here him his holding home hope house how i if in "
    "international is it its job june just key kind late law light line list little long "
    "lord love low made mail major make man many mark max may me mean media miles mine money "
    "month more most much my need new next nice no not note now off office ok old on one online "
    "only open or order our out over page park part partner partners pass past pay phone place "
    "plan plant please point post power price print quick read real reason rent rest rich right "
    "rise road rob room safe sale same see self service services set she shop short show "
    "sign site small smart so software solutions some son soon start still stone store street "
    "strong studio studios such sue summer sun support system systems take team test than that "
    "them then they this time to today too true trust try two under up us use very wait want was "
    "way we web week weeks welcome well were west what when white who why will winter wise wish "
    "with word words work world worth year yes yet you young your "
    # German
    "aber alle alles alt am auch auf aus bald bei beim bin bis bitte dann dass doch dort durch "
    "ein eine einen er es euch ewig falsch fast fest frei für ganz gern gleich groß gut habe "
    "haben hat heute hier hoch ich ihr im immer ist ja jetzt jung kann kein klein kurz land lang "
    "lange laut leicht letzte mai mal mehr mein meine mir mit morgen muss nach nah neu nicht nie "
    "noch nun nur oder ohne recht rein schnell schon schön sehr seit sich sie sind tag teil tief "
    "tun um uns unser viel voll vor wann war warum weg weil weit wenig wenn wer wie wieder wir "
    "wird wo wohl zeit zwei "
    # Spanish, Portuguese, Italian
    "agora ainda algo ali allora alto anche ancora antes así banco bem bene bien bom bueno buono "
    "cada calle caro casa caso che chi ci cierto com como con conta conto cosa cuenta dal dar "
    "desde después dia dopo dove día ela ele em en era essa esta este está eu fa fim foi forte "
    "fue giorno già gli grande ha hay ho hora hoy il io isso já luego lui luz ma mais mas meno "
    "menos mes mi mia mio mis modo mucho muito más na nada nel nem ni noi nome non nos nova novo "
    "nuevo nulla nunca não o ora os otra otro ou para paz per pero più pode poi por pra quando "
    "que quem quien quiero quiz rua sa se sei seja sem sempre ser si sia sido sin sino sito sob "
    "sobre solo sono su sua sul sus sí tal tan tem tempo ti todo todos tra três tu tudo tutti "
    "tutto uma un una uno va vado vai vale vaz ver vera vero vez vi via vida voi vuelta ya yo "
    # French, Dutch
    "aan achter ai als altijd après au aux avant avec beau belle ben bij bon bonne ce cela ces "
    "cet chez clair comme compte dag dan dans dat deux dit doe doen donc door doux dus een eens "
    "eerst elle encore erg est eux faire fait faux fin geen goed graag grand gros haar haut heb "
    "hebben heeft heel heer hem hen het hoe hun iets ik ils jaar je jong jour juste kan koning "
    "kort kunt kwam laat leur maar mee meer mer merci met mij mijn moet moi mois mon naar ne net "
    "neuf niet nieuw nog noir notre nous nu om ons ook op oui par pas petit peu plus pour prix "
    "quand qui rien sans ses seul soir sous stad suis sur temps toch toen tot tous tout trop très "
    "uit uur veel vers vert vie vieux vite voir vos votre vous vrai vrij waar wat weer wel werk "
    "wij wil wordt ze zee zeer zelf zich zij zijn zo zoals zoek zonder "
)

PLAIN_WORDS = frozenset(_WORDS.split())
"""In small letters, in the languages of the templates; what is seldom written in a ticket but as a
name, such as Fox or Koch, is not among them."""
