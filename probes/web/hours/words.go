package hours

import "strings"

// kind is what a word, or several, can mean for opening hours.
type kind uint8

const (
	word        kind = iota // says nothing of hours: the name of a place, an activity
	filler                  // says nothing and is expected between a day and its hours
	number                  // a bare number; value is it
	clock                   // a time of the day; value is its minutes
	day                     // a weekday or several; value is their set
	month                   // value is 1 to 12
	ordinal                 // the first, the third, the last (-1)
	dash                    // -
	to                      // à, to: a range of times, of days with "au"
	until                   // jusqu'à
	and                     // et, &
	comma                   // , and what stands for it
	slash                   // /
	colon                   // :
	stop                    // the end of a sentence
	cell                    // the border of a table's cell
	closed                  // fermé
	opened                  // ouvert, horaires
	except                  // sauf
	include                 // y compris
	morning                 // matin
	afternoon               // après-midi
	appointment             // sur rendez-vous
	weeks                   // semaines paires (2), impaires (1)
	school                  // vacances scolaires
	term                    // période scolaire
	season                  // été, hiver: no dates are said
	allDay                  // 24 h/24
	continuous              // journée continue
	article                 // le, les, du, chaque: what follows belongs to what came before
	from                    // de, entre: before the start of a span
	ofMonth                 // du mois
	everyTwo                // un … sur deux: nobody knows which
	doubt                   // may limit the hours in a way that is not read
	negation                // not: what follows may be the inverse
	others                  // the other days, which are not named
	event                   // the times of something that is not open to come and go
)

// The sets of days; the bit of Monday is 1. holidayBit stands for public holidays.
const (
	monday = 1 << iota
	tuesday
	wednesday
	thursday
	friday
	saturday
	sunday
	holidayBit
	weekdayBits = 31
	weekendBits = saturday | sunday
	everyBit    = 127
)

// phrase is words in a row, as the lexer cuts them, with one meaning.
type phrase struct {
	rest  []string // after the first word
	kind  kind
	value int
	short bool // an abbreviation that is also another word
}

// vocabulary is one meaning and its wordings, folded, divided by "|"; hyphens and apostrophes stand alone as the lexer cuts them.
type vocabulary struct {
	kind  kind
	value int
	short bool
	words string
}

var phrases = func() map[string][]phrase {
	out := map[string][]phrase{}
	for _, v := range vocabularies {
		for _, wording := range strings.Split(v.words, "|") {
			w := strings.Fields(wording)
			out[w[0]] = append(out[w[0]], phrase{w[1:], v.kind, v.value, v.short})
		}
	}
	return out
}()

var vocabularies = []vocabulary{
	{day, monday, false, "lundi|lundis|monday|mondays|montag|montags"},
	{day, tuesday, false, "mardi|mardis|tuesday|tuesdays|dienstag|dienstags"},
	{day, wednesday, false, "mercredi|mercredis|wednesday|wednesdays|mittwoch|mittwochs"},
	{day, thursday, false, "jeudi|jeudis|thursday|thursdays|donnerstag|donnerstags"},
	{day, friday, false, "vendredi|vendredis|friday|fridays|freitag|freitags"},
	{day, saturday, false, "samedi|samedis|saturday|saturdays|samstag|samstags|sonnabend"},
	{day, sunday, false, "dimanche|dimanches|sunday|sundays|sonntag|sonntags"},
	{day, monday, true, "lun|lu|mon|mo"},
	{day, tuesday, true, "mar|ma|tue|tues|tu"},
	{day, wednesday, true, "mer|me|wed|we|mi"},
	{day, thursday, true, "jeu|je|thu|thur|thurs|th|do"},
	{day, friday, true, "ven|ve|fri|fr"},
	{day, saturday, true, "sam|sa|sat"},
	{day, sunday, true, "dim|di|sun|su|so"},
	{day, weekdayBits, false, "en semaine|la semaine|weekdays|on weekdays"},
	{day, weekendBits, false, "week - end|week - ends|week end|weekend|weekends"},
	{day, everyBit, false, "tous les jours|tous les jours de la semaine|chaque jour|7 j / 7|7 jours / 7|7 jours sur 7|7 j sur 7|7 / 7|" +
		"quotidiennement|every day|daily|7 days a week|7 days|taglich"},
	{day, holidayBit, false, "jours feries|jour ferie|feries|public holidays|bank holidays|public holiday|holidays|feiertag|feiertage|feiertagen|feiertags"},
	{month, 1, false, "janvier|january|janv|jan|januar"}, {month, 2, false, "fevrier|february|fevr|fev|feb|februar"}, {month, 3, false, "mars|march|marz"},
	{month, 4, false, "avril|april|avr"}, {month, 5, false, "mai"}, {month, 6, false, "juin|june|juni"}, {month, 7, false, "juillet|july|juil|juli"},
	{month, 8, false, "aout|august|aug"}, {month, 9, false, "septembre|september|sept"}, {month, 10, false, "octobre|october|oct|oktober"},
	{month, 11, false, "novembre|november|nov"}, {month, 12, false, "decembre|december|dec|dezember"},
	{ordinal, 1, false, "premier|premiers|1 er|1 ers|1 ere|first|1 st"},
	{ordinal, 2, false, "deuxieme|deuxiemes|second|2 e|2 eme|2 emes|2 nd|2 ieme|2 nde"},
	{ordinal, 3, false, "troisieme|troisiemes|3 e|3 eme|3 emes|third|3 rd|3 ieme"},
	{ordinal, 4, false, "quatrieme|quatriemes|4 e|4 eme|4 emes|fourth|4 th|4 ieme"},
	{ordinal, 5, false, "cinquieme|5 e|5 eme|fifth|5 th"}, {ordinal, -1, false, "dernier|derniers|last"},
	{clock, 12 * 60, false, "midi|noon"}, {clock, 24 * 60, false, "minuit|midnight"},
	{to, 0, false, "a|au|to|through|thru|bis"}, {until, 0, false, "jusqu ' a|jusqu ' au|jusque|until|till"},
	{and, 0, false, "et|and|&|+|puis|ainsi que|ou|or|und|sowie"},
	{closed, 0, false, "ferme|fermee|fermes|fermees|fermeture|fermetures|closed|closes|pas d ' ouverture|relache|geschlossen|" +
		"pas ouvert|pas ouverte|pas ouverts|pas ouvertes|n ' est pas ouvert|n ' est pas ouverte|n ' ouvre pas|ne recoit pas|n ' accueille pas|" +
		"pas d ' accueil|pas de permanence|pas de permanences|non ouvert|non ouverte|plus ouvert|plus ouverte|" +
		"n ' est plus ouvert|n ' est plus ouverte|n ' ouvre plus|ne recoit plus|not open|nicht geoffnet"},
	{opened, 0, false, "ouvert|ouverte|ouverts|ouvertes|ouvre|ouvrent|ouverture|ouvertures|open|opens|opening|horaire|horaires|hours|" +
		"offnungszeiten|geoffnet|sprechzeiten"},
	{except, 0, false, "sauf|excepte|exceptes|except|hormis|hors|a l ' exception du|a l ' exception de|a l ' exception des|a l ' exception|a part|ausser"},
	{include, 0, false, "y compris|including|meme"},
	{morning, 0, false, "matin|matins|matinee|matinees|morning|mornings|vormittag|vormittags|morgens"},
	{afternoon, 0, false, "apres - midi|apres - midis|apres midi|apres - midi s|aprem|afternoon|afternoons|nachmittag|nachmittags"},
	{appointment, 0, false, "rendez - vous|rendez vous|rdv|r . d . v|by appointment|appointment|nach vereinbarung|nach absprache|termin|termine"},
	{filler, 0, false, "sans rendez - vous|sans rendez vous|sans rdv|avec ou sans rendez - vous|avec ou sans rdv|avec et sans rendez - vous"},
	{weeks, 2, false, "semaine paire|semaines paires|sem . paire|sem . paires|even weeks"},
	{weeks, 1, false, "semaine impaire|semaines impaires|sem . impaire|sem . impaires|odd weeks"},
	{school, 0, false, "vacances scolaires|conges scolaires|school holidays|petites vacances|hors periode scolaire|hors periodes scolaires"},
	{term, 0, false, "periode scolaire|periodes scolaires|temps scolaire|hors vacances scolaires|hors vacances|hors conges scolaires|" +
		"en dehors des vacances scolaires|hors periode de vacances scolaires|hors periodes de vacances scolaires|term time"},
	{season, 0, false, "ete|hiver|estival|estivale|estivaux|hivernal|hivernale|hivernaux|summer|winter|saison|haute saison|basse saison"},
	{allDay, 0, false, "24 h / 24|24 h sur 24|24 heures sur 24|24 heures / 24|24 / 24|24 h / 24 h|24 hours a day|24 hours|h 24|jour et nuit|" +
		"de jour comme de nuit|nuit et jour|day and night|rund um die uhr"},
	{allDay, everyBit, false, "24 / 7|24 h / 7|24 h / 7 j"},
	{continuous, 0, false, "journee continue|sans interruption|non - stop|non stop|nonstop|en continu|sans coupure|durchgehend"},
	{article, 0, false, "le|les|du|chaque|on|tous les|toutes les|every|l ' |l '|am"},
	{from, 0, false, "de|des|entre|from|between|d '|d|von|vom"},
	{ofMonth, 0, false, "du mois|de chaque mois|of the month|of each month|de tous les mois"},
	{everyTwo, 0, false, "sur deux|sur 2|tous les 15 jours|toutes les deux semaines|toutes les 2 semaines|quinzaine|quinzaines|alternance|" +
		"en alternance|every other|every two weeks|une semaine sur"},
	{doubt, 0, false, "semaine|semaines|vacances|mois|exceptionnel|exceptionnelle|exceptionnels|exceptionnelles|exceptionnellement|selon|variable|" +
		"variables|provisoire|provisoires|temporaire|temporaires|temporairement|sous reserve|ramadan|a partir du|a compter du|des le|veille|" +
		"veilles|ancien|anciens|ancienne|anciennes|certains|certaines|environ|approximativement|modifie|modifies|modification|" +
		"ponts|pont|conges|noel|paques|toussaint|fetes|prochain|prochaine|prochains|prochaines|cette|demain|aujourd ' hui|tomorrow|next|demi - journee|" +
		"demi - journees|dernier acces|par telephone"},
	{word, 0, false, "pas - de - calais"},
	{negation, 0, false, "pas|jamais|aucun|aucune|not|no|never|nicht|kein|keine"},
	{others, 0, false, "jours ouvrables|jours ouvres|jour ouvrable|tous les jours ouvrables|tous les jours ouvres|lundi de paques|" +
		"lundi de pentecote|vendredi saint|jeudi de l ' ascension|autres jours|autres jours de la semaine|jours restants|reste de la semaine|le reste du temps|other days"},
	{event, 0, false, "reunion|reunions|exposition|expositions|conseil municipal|conseil communautaire|concert|concerts|spectacle|spectacles|fete|" +
		"kermesse|brocante|" +
		"vide - grenier|vide grenier|vide - greniers|loto|bal|repas|match|tournoi|messe|messes|culte|conference|conferences|atelier|ateliers|" +
		"cours|entrainement|entrainements|stage|stages|animation|animations|ceremonie|commemoration|inauguration|visite guidee|projection|seance|" +
		"seances|assemblee generale|forum|salon|festival|carnaval|defile|randonnee|bus|navette|ligne|lignes|depart|departs|arret|arrets|train|trains|" +
		"car scolaire|toutes les 10 minutes|minutes|stationnement|parking|zone bleue|payant|circulation|travaux|bricolage|jardinage|tondeuse|" +
		"tondeuses|tondre|tonte|bruit|bruits|bruyant|bruyants|bruyantes|nuisances|autorise|autorises|autorisee|autorisees|interdit|interdite|" +
		"interdits|interdites|interdiction|collecte|collectes|ramassage|sortir|eclairage|extinction|heures creuses|heures pleines|coupure|coupures|" +
		"chasse|battue|marche nocturne|marche de noel|marches de noel|feu d ' artifice|apero|levee|levees|soiree|inscription|inscriptions|portes ouvertes|" +
		"journee portes ouvertes|gym|yoga|" +
		"danse|repetition|repetitions|chorale|vote|scrutin|bureau de vote|bureaux de vote|en ligne|urgence|urgences|astreinte|joignable|teleservices|" +
		"internet|demarches en ligne|meeting|rehearsal|lesson|lessons|class|classes|journee du patrimoine|journees du patrimoine|heure du conte|" +
		"don du sang|collecte de sang|thes dansants|permanence telephonique de nuit|nuit|garde|tapage"},
	{filler, 0, false, "la|aux|un|une|est|sont|sera|seront|nous|vous|votre|vos|nos|notre|public|accueil|au public|heure|heures|h|is|are|we ' re|" +
		"the|of|toute la journee|journee|inclus|inclu|compris|soirs|uhr|auch|nur|ist|sind|suivants|suivantes|suivant|jour|jours|en|pendant|durant|lors|soir|uniquement|" +
		"seulement|only|during|also|aussi|egalement|sur|in|at|c|s|bureaux|services|service|accueille|recoit|physique|annuel|annuelle|guichet"},
	{comma, 0, false, ",|;|(|)|[|]|*"},
	{slash, 0, false, "/"}, {colon, 0, false, ":|=|: :"}, {dash, 0, false, "-|> |->|~|→|➔|➜|>|›|➞|⇒|⟶"},
	{stop, 0, false, "•|·|!|?|▪|■|●|◦"},
}
