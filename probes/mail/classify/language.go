package classify

import (
	"strings"

	"github.com/sonde-fleet/sonde/internal/fold"
)

// languages in the order in which ties are decided: French first.
var languages = [...]string{"fr", "en", "de", "nl", "es", "it"}

// stopWords are frequent words of each language, folded; content words of letters to and from offices are among them,
// because automatic answers are too short for function words alone.
var stopWords = [...]string{
	"le la les des du de un une et est pas que qui dans pour sur vous nous votre vos notre nos je il ce cette ces avec par au aux sont etre avez " +
		"avons bonjour merci cordialement madame monsieur demande reponse bien recu veuillez mairie absent absente conges jusqu'au retour " +
		"message reception accuse meilleurs delais ne plus ou mais afin lors etes mon ma mes absence urgence prie suis sera serai actuellement",
	"the of and to in is you that it for on with as are be this have from your not we our will can please thank thanks dear regards " +
		"hello hi message received reply office was by at an or has been out if do does i my me could would any which their but soon contact team",
	"der die das und ist nicht ein eine einer zu den dem des mit fur auf von im sie wir ich ihre ihr ihren ihrer unser unsere wird werden haben " +
		"sehr geehrte geehrter damen herren danke vielen dank nachricht anfrage freundlichen grussen bitte bin bis zum zur abwesend buro sind kann " +
		"wurde auch als bei nach konnen guten tag urlaub eingegangen erhalten uns mich so oder aber",
	"het een en van ik je dat niet te zijn op met voor er aan wij we u uw ons onze wordt worden hebben heeft bericht ontvangen vriendelijke groet " +
		"groeten beste geachte mevrouw meneer heer bedankt dank hartelijk kunt kan bij door naar tot om als ook maar of deze dit zo spoedig " +
		"mogelijk afwezig kantoor vraag nog wel zal zullen mijn graag",
	"el la los las de que y en un una es por con para su sus se del al lo como mas pero usted ustedes nuestro nuestra hemos ha han esta este no " +
		"gracias saludos estimado estimada senor senora buenos dias mensaje recibido correo respuesta solicitud atentamente hasta fuera oficina le " +
		"mi ser estoy sera vacaciones cordial saludo puede muy",
	"il lo gli di che e un una per con non del della dei delle nel nella sono si da dal al alla come ma piu anche questo questa suo sua vostro vostra " +
		"nostro nostra grazie saluti cordiali gentile egregio signor signora buongiorno messaggio ricevuto risposta richiesta ufficio fino assente ferie " +
		"abbiamo ho ha sara le vi ci la ringraziamo mail distinti",
}

// stops maps a word to the weight it gives each language: the more languages share it, the less it says.
var stops = func() map[string][len(languages)]float32 {
	t := map[string][len(languages)]float32{}
	for l, words := range stopWords {
		for w := range strings.FieldsSeq(words) {
			v := t[w]
			v[l] = 1
			t[w] = v
		}
	}
	for w, v := range t {
		n := float32(0)
		for _, x := range v {
			n += x
		}
		for l := range v {
			v[l] /= n
		}
		t[w] = v
	}
	return t
}()

// maxLanguage is how much of a text is looked at, in octets.
const maxLanguage = 4 << 10

// Language returns the language of a text by its frequent words: fr, en, de, nl, es or it, "" where too few are found
// or two languages are too close.
func Language(text string) string {
	return languageOf(fold.Text(cut(text, maxLanguage)), text)
}

func languageOf(s, raw string) string {
	var score [len(languages)]float32
	words := 0
	start := -1
	for i := 0; i <= len(s); i++ {
		if i < len(s) && (wordByte(s[i]) || s[i] >= 0x80) {
			if start < 0 {
				start = i
			}
			continue
		}
		if start < 0 {
			continue
		}
		words++
		if i-start <= 16 {
			if v, ok := stops[s[start:i]]; ok {
				for l, x := range v {
					score[l] += x
				}
			}
		}
		start = -1
	}
	// Letters that only some of the six use.
	var own [len(languages)]bool
	for _, c := range cut(raw, maxLanguage) {
		switch c {
		case 'ç', 'œ', 'ê', 'û':
			own[0] = true
		case 'ß':
			own[2] = true
		case 'ñ', '¿', '¡':
			own[4] = true
		}
	}
	for l, yes := range own {
		if yes {
			score[l]++
		}
	}
	best, second := 0, -1
	for l := 1; l < len(score); l++ {
		if score[l] > score[best] {
			best, second = l, best
		} else if second < 0 || score[l] > score[second] {
			second = l
		}
	}
	if score[best] < 1.4 || score[best] < 1.25*score[second] || float32(words) > 25*score[best] {
		return ""
	}
	return languages[best]
}
