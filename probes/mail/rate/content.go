package rate

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/sonde-fleet/sonde/internal/fold"
	"github.com/sonde-fleet/sonde/probes"
)

// What an answer says beside its facts, in the languages of the programme. Folded.
const (
	months = `(?:janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre|` +
		`january|february|march|april|may|june|july|august|september|october|november|december|` +
		`januar|februar|marz|juni|juli|oktober|dezember|januari|februari|maart|mei|augustus|december|` +
		`enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre|` +
		`gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|dicembre)`
	days = `(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|monday|tuesday|wednesday|thursday|friday|saturday|sunday|weekdays?|` +
		`montags?|dienstags?|mittwochs?|donnerstags?|freitags?|samstags?|sonntags?|maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag|` +
		`lunes|martes|miercoles|jueves|viernes|sabado|domingo|lunedi|martedi|mercoledi|giovedi|venerdi|sabato|domenica)s?`
	number = `(?:\d+|une?|deux|trois|quatre|cinq|six|huit|dix|quinze|two|three|four|five|ten|zwei|drei|vier|funf|twee|drie|vijf|dos|tres|cinco|due|tre|cinque)`
	spans  = `(?:jours?|heures?|semaines?|mois|(?:working |business )?days?|hours?|weeks?|months?|(?:arbeits|werk)?tage?n?|stunden?|wochen?|monate?n?|` +
		`(?:werk)?dagen|weken|maanden|dias|horas|semanas|meses|giorni|ore|settimane|mesi)`
)

var (
	thanks = regexp.MustCompile(`(?:merci|remerci(?:e|ons)|remerciements?)(?: \w+)? (?:pour|de) (?:(?:votre|vos) |l')(?:message|mail|courriel|e-?mail|courrier|demande|question|interet|confiance|prise de contact|sollicitation|envoi|contact|retour)|` +
		`(?:merci|remerci(?:e|ons))(?: vivement)? (?:de (?:nous |m')|d')avoir (?:contacte|ecrit|sollicite|saisi|interroge|pris)|` +
		`thank(?:s| you)(?: very much| so much)? for (?:your (?:e-?mail|message|enquiry|inquiry|question|interest|letter|request|query)|contacting|getting in touch|writing|reaching out)|` +
		`dank(?:e)?(?: schon)? fur ihr(?:e|en)? (?:nachricht|anfrage|e-?mail|mail|schreiben|interesse|frage)|` +
		`(?:dank|bedankt)(?: u)?(?: wel)? voor uw (?:bericht|mail|e-?mail|vraag|belangstelling|brief)|` +
		`gracias por (?:su (?:mensaje|correo|consulta|interes)|contactar|ponerse en contacto|escribir)|` +
		`(?:grazie(?: mille)?|ringrazi(?:o|amo)) per (?:(?:la sua|il suo|la vostra|il vostro) (?:messaggio|e-?mail|mail|richiesta|domanda|interesse)|averci)`)
	invites = regexp.MustCompile(`n'hesitez (?:pas|surtout pas)|\ba votre (?:entiere |complete )?disposition\b|pour (?:tout|toute|toutes|plus d[e']) ?(?:autres? )?(?:complements? d')?(?:renseignement|information|question|precision)s?\b|` +
		`si vous avez (?:d'autres|des|la moindre) questions?|(?:do not|don't) hesitate|feel free to|any (?:further|other|more) questions?|at your disposal|` +
		`zogern sie nicht|bei (?:weiteren |etwaigen )?(?:fragen|ruckfragen)|(?:stehe|stehen)\b.{0,40}\bzur verfugung|aarzel(?:t u)? niet|mocht u (?:nog )?(?:verdere |andere )?vragen|(?:heeft|hebt) u (?:nog )?(?:verdere |andere )?vragen|` +
		`no dude en|qued(?:o|amos) a su (?:entera )?disposicion|cualquier (?:duda|consulta|pregunta)|non esit(?:i|ate)|(?:rest|riman)(?:o|go|iamo) a (?:sua |vostra |completa )*disposizione`)
	nextStep = regexp.MustCompile(`\bvous (?:devez|pouvez|devrez|pourrez|recevrez|serez)\b|\bil (?:vous )?(?:faut|faudra|suffit|suffira|convient|conviendra)\b|` +
		`\bveuillez (?:vous|nous|bien|ne pas|contacter|prendre|remplir|completer|presenter|apporter|fournir|joindre|envoyer|adresser|transmettre|suivre|cliquer|consulter|appeler|utiliser|patienter|noter)\b|` +
		`\b(?:je|nous) vous invit(?:e|ons)\b|\bmerci de (?:bien vouloir |nous |vous |me )*(?:faire|fournir|transmettre|envoyer|adresser|contacter|prendre|presenter|rendre|remplir|completer|apporter|joindre|preciser|rappeler|suivre|consulter)\b|` +
		`\b(?:je|nous|on) (?:vous |ne manquer(?:ai|ons) pas de |allons |vais |la |le |l')*(?:reviens|reviendr|recontact|tiendr|transmettr|transmet(?:s|tons) votre|transfer(?:e|ons) votre|traiter|repondr|rappeler|contacter|enverr|adresser|informer)\w*|` +
		`\b(?:sera|seront|va etre|vont etre) \w+|` +
		`\byou (?:need to|must|can|should|have to|may|will (?:need|have|be|receive|get))\b|\bplease (?:contact|send|visit|fill|call|bring|complete|book|apply|use|provide|allow|see|note|come)\b|\b(?:we|i)(?: will|'ll| shall)\b|\bwill be \w+|\bnext steps?\b|` +
		`\bsie (?:mussen|konnen|sollten|benotigen|brauchen|erhalten|werden)\b|\b(?:mussen|konnen|sollten|erhalten) sie\b|\bbitte (?:senden|wenden|bringen|rufen|fullen|vereinbaren|kommen|beachten|nutzen|schicken)\b|\bwir (?:werden|melden)\b|\bwird\b.{0,40}\bbearbeitet\b|` +
		`\bu (?:moet|kunt|dient|ontvangt|krijgt)\b|\b(?:kunt|moet) u\b|\b(?:wij|we|ik) (?:zullen|zal|nemen)\b|` +
		`\b(?:debe|puede|podra|debera|recibira|tiene que)\b|\ble (?:contactaremos|responderemos|informaremos)\b|\brogamos\b|` +
		`\b(?:deve|puo|dovra|potra|ricevera)\b|\bla (?:ri)?contatteremo\b|\bsi prega di\b`)
	announced = regexp.MustCompile(`\b(?:sous|en|dans(?: les)?|apres|within|in|after|innerhalb von|binnen|na|entro|tra) (?:environ |about |de |un delai (?:de|d')\s?)?` + number + ` (?:a \d+ |to \d+ |bis \d+ |tot \d+ )?(?:prochaine?s )?` + spans + `\b|` +
		`\b(?:delais?|plazo|termine|frist)\b.{0,40}?\b` + number + ` (?:a \d+ )?` + spans + `\b|\b(?:comptez|compter|allow|takes?|dauert|duurt|tarda)\b.{0,30}?\b` + number + ` (?:a \d+ |to \d+ )?` + spans + `\b|` +
		`\b(?:avant|d'ici|jusqu'au|au plus tard|by|until|before|bis|spatestens|uiterlijk|antes del|entro)\b (?:le |la |the |zum |am |op |il )?(?:fin (?:de |d')?)?(?:` + days + `|` + months + `|\d{1,2}(?:er|st|nd|rd|th)?[./ ](?: ?` + months + `|\d))|` +
		`\b\d{1,2}(?:er|st|nd|rd|th|\.)? (?:de |of )?` + months + `\b|\b` + months + ` \d{1,2}(?:st|nd|rd|th)?\b|\b\d{1,2}/\d{1,2}/(?:20)?\d{2}\b|\b\d{1,2}\.\d{1,2}\.20\d{2}\b|\b(?:demain|tomorrow|domani)\b`)
	// of a mail that came before: its date promises nothing
	past = regexp.MustCompile(`\b(?:messages?|e?-?mail|courriel|demande|courrier|lettre|letter|request|enquiry|nachricht|schreiben|anfrage|bericht|brief|correo|mensaje|messaggio|richiesta|recue?)` +
		` (?:du|en date du|datee? du|of|from|dated|vom|van|de|del|le)(?: the)?(?: ` + days + `)? ?$`)
	opening = regexp.MustCompile(`\b` + days + `\b.{0,60}?\b(?:[01]?\d|2[0-4]) ?(?:h(?: ?[0-5]\d)?\b|:[0-5]\d|heures?\b|uhr\b|uur\b|[ap]\.?m\b|\.[0-5]\d\b|to \d)|` +
		`\b(?:de|from|von|van|dalle) (?:[01]?\d|2[0-4]) ?(?:h|:|uhr|uur|\.|[ap]m)? ?(?:[0-5]\d)? ?(?:a|to|bis|tot|alle|-) ?(?:[01]?\d|2[0-4]) ?(?:h|:|uhr|uur|\.|[ap]m).{0,60}?\b` + days + `\b`)
	reference = regexp.MustCompile(`\b(?:ref(?:erences?|\.)?|dossier|ticket|demande|requete|case|request|vorgang(?:snummer|snr)?|aktenzeichen|geschaftszeichen|expediente|zaaknummer|kenmerk|pratica|protocollo|prot\.)` +
		`(?: (?:numero|number|nummer|id))?\W{0,3}(?:n\W{1,2}|no\.? |nr\.? )?[\[#(]?(?:[a-z]{1,8}[-/_#]?)?\d[\da-z\-/_.]{2,30}`)
	opinion = regexp.MustCompile(`(?:enquete|questionnaire) de satisfaction|je donne mon avis|donne(?:z|r)(?:-nous)? votre (?:avis|opinion)|votre avis (?:nous interesse|compte|est important)|evaluer (?:notre|cette|la qualite|le service)|` +
		`(?:satisfaction|customer|feedback) survey|(?:value|welcome|give us|share|leave) your (?:feedback|opinion|views)|rate (?:our|this|your)\b|kundenzufriedenheit|kundenumfrage|tevredenheidsonderzoek|` +
		`encuesta de satisfaccion|valore (?:nuestro|este|la)|(?:questionario|indagine) di (?:soddisfazione|gradimento)`)
	noAnswer = regexp.MustCompile(`(?:merci de )?ne pas (?:y )?repondre (?:a|directement)|ne repondez pas a ce|(?:do not|don't) reply to (?:this|the)|nicht auf diese (?:e-?mail|nachricht) antworten|niet (?:beantwoorden|antwoorden)|` +
		`no responda a este|non rispondere a quest`)
	address = regexp.MustCompile(`\bhttps?://[^\s<>")\]]+|\bwww\.[a-z0-9.\-]+\.[a-z]{2,}[^\s<>")\]]*`)
	mailbox = regexp.MustCompile(`[a-z0-9._%+\-]+@[a-z0-9.\-]+\.[a-z]{2,}`)
	garbled = regexp.MustCompile("\uFFFD|Ã[\u0080-\u00BF]|â€|&(?:[a-zA-Z]{2,8}|#\\d{2,5});")
)

// shouted is how many words in a row make block capitals: an abbreviation or the name of a place has fewer.
const shouted = 5

// content notes what the answer says beside its facts.
func (j *judge) content() {
	j.says("mail.thanks", &j.part, thanks, "thanks for the message")
	j.says("mail.invites-questions", &j.part, invites, "invites further questions")
	if p, ok := j.body.find(nextStep); ok {
		j.yesNo("mail.next-step", true, "says what follows or what to do, before the formula", p)
	} else {
		j.pending("mail.next-step", "says what follows or what to do, before the formula")
	}
	j.announced()
	j.says("mail.opening-hours", &j.part, opening, "a day with an hour")
	j.says("mail.opinion-asked", &j.part, opinion, "asks for an opinion")
	j.reference()
	j.links()
	j.contact()
	p, loud := shouting(j.body.raw)
	j.yesNo("mail.shouting", loud, "five words in capitals in a row, before the formula", p)
	at := garbled.FindStringIndex(j.raw)
	if at == nil {
		j.yesNo("mail.legible", true, "no letter is garbled", j.raw)
	} else {
		j.refuted("mail.legible", "a letter is garbled", around(j.raw, at[0], at[1]))
	}
}

// announced looks for a delay or a date that is not the date of the question.
func (j *judge) announced() {
	const item, rule = "mail.delay-announced", "a delay or a date, before the formula"
	for _, loc := range announced.FindAllStringIndex(j.body.folded, 20) {
		if !past.MatchString(j.body.folded[max(0, loc[0]-60):loc[0]]) {
			j.yesNo(item, true, rule, j.body.passage(loc[0], loc[1]))
			return
		}
	}
	j.pending(item, rule)
}

// pending notes that something is not there which is owed while the matter is open: an answer that settles it needs no next
// step, no date and no number.
func (j *judge) pending(item probes.ItemCode, rule string) {
	if j.class.Answer == probes.AnswerGiven {
		j.notApplicable(item, rule+": the answer leaves nothing open")
		return
	}
	j.yesNo(item, false, rule, "")
}

// reference looks for a file number that is not a quotation of ours.
func (j *judge) reference() {
	asked := fold.Text(j.s.Question + " " + j.s.Subject)
	for _, loc := range reference.FindAllStringIndex(j.folded, 20) {
		if !strings.Contains(asked, j.folded[loc[0]:loc[1]]) {
			j.yesNo("mail.reference", true, "file or request number", j.passage(loc[0], loc[1]))
			return
		}
	}
	j.pending("mail.reference", "file or request number")
}

// links notes whether what is said leads to a page, and whether every address of the answer is encrypted.
func (j *judge) links() {
	said := j.body.folded
	at := address.FindStringIndex(said)
	if at == nil {
		j.yesNo("mail.link", false, "an address on the web before the formula", "")
	} else {
		j.yesNo("mail.link", true, "an address on the web before the formula", j.body.passage(at[0], at[1]))
	}
	schemes := 0
	for _, loc := range address.FindAllStringIndex(j.folded, 200) {
		switch l := j.folded[loc[0]:loc[1]]; {
		case strings.HasPrefix(l, "http://"):
			j.refuted("mail.link.https", "an address without encryption", j.passage(loc[0], loc[1]))
			return
		case strings.HasPrefix(l, "https://"):
			schemes++
		}
	}
	if schemes == 0 {
		j.notApplicable("mail.link.https", "no link")
		return
	}
	j.yesNo("mail.link.https", true, "every link is https", "")
}

// contact looks for a way to ask more: a telephone number, or a mailbox that is read.
func (j *judge) contact() {
	const rule = "a telephone number or a mail address"
	for _, l := range j.lines {
		if p := phoneIn(l); p != "" {
			j.yesNo("mail.contact-given", true, rule, p)
			return
		}
	}
	for _, loc := range mailbox.FindAllStringIndex(j.folded, 20) {
		if !unread.MatchString(j.folded[loc[0]:loc[1]]) {
			j.yesNo("mail.contact-given", true, rule, j.passage(loc[0], loc[1]))
			return
		}
	}
	j.yesNo("mail.contact-given", false, rule, "")
}

// shouting finds words in capitals in a row. Words of one letter and numbers neither count nor end the row.
func shouting(s string) (passage string, loud bool) {
	for line := range strings.Lines(s) {
		var row []string
		n := 0
		for w := range strings.FieldsSeq(line) {
			letters, upper := 0, 0
			for _, r := range w {
				if unicode.IsLetter(r) {
					letters++
				}
				if unicode.IsUpper(r) {
					upper++
				}
			}
			switch {
			case letters >= 2 && upper == letters:
				n++
				row = append(row, w)
			case letters < 2:
				row = append(row, w)
			default:
				n, row = 0, nil
			}
			if n == shouted {
				return strings.Join(row, " "), true
			}
		}
	}
	return "", false
}
