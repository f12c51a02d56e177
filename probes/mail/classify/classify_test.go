package classify

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sonde-fleet/sonde/internal/fold"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/mail/message"
)

func TestLanguage(t *testing.T) {
	for text, want := range map[string]string{
		"Votre message a bien été reçu.":                            "fr",
		"Merci":                                                     "",
		"Accusé de réception de votre demande":                      "fr",
		"Je suis absent du bureau":                                  "fr",
		"Your message has been received.":                           "en",
		"We will reply to you as soon as we can.":                   "en",
		"Ihre Anfrage ist bei uns eingegangen und wird bearbeitet.": "de",
		"Ich bin bis zum 30. November nicht im Büro.":               "de",
		"Wij hebben uw bericht ontvangen.":                          "nl",
		"Ik ben afwezig tot en met vrijdag.":                        "nl",
		"Hemos recibido su mensaje, gracias.":                       "es",
		"Estoy fuera de la oficina hasta el lunes.":                 "es",
		"Abbiamo ricevuto la Sua richiesta.":                        "it",
		"Sono in ferie fino al 30 novembre, grazie.":                "it",
		"":            "",
		"12345 67890": "",
		"Το γραφείο είναι κλειστό":                                         "",
		"受信者にメールを配信できません":                                                  "",
		"Zażółć gęślą jaźń, proszę o kontakt telefoniczny z sekretariatem": "",
	} {
		if got := Language(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestFindReply(t *testing.T) {
	for text, want := range map[string]reply{
		"550 5.1.1 User unknown":                               {code: "550", status: "5.1.1"},
		"host mx[192.0.2.1] said: 550-5.1.1 no":                {code: "550", status: "5.1.1"},
		"<<< 550 no such user":                                 {code: "550"},
		"Remote host said: 553 sorry (#5.7.1)":                 {code: "553", status: "5.7.1"},
		"no mailbox here by that name. (#5.1.1)":               {status: "5.1.1"},
		"call 550 people, version 5.5.1960.3 at 10.5.5.1":      {},
		"The parcel 450 was sent on 5.11.2026":                 {},
		"SMTP error from remote mail server:\n    452 4.2.2 x": {code: "452", status: "4.2.2"},
		"":             {},
		"250 2.0.0 Ok": {},
	} {
		got := findReply(text)
		got.at = 0
		if got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}

func TestTopic(t *testing.T) {
	for s, want := range map[string]string{"re: x": "x", "re : tr : x": "x", "aw: wg: x": "x", "x": "x", "fwd: re: fw: x": "x", "reponse": "reponse", "": ""} {
		if got := Topic(s); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

// TestPhrases compares the automaton with a search phrase by phrase.
func TestPhrases(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("delivery failed user unknown votre message a bien ete recu je suis absent jusqu'au out of office mailbox is full undeliverable mail spam 550")
	for range 2000 {
		var b strings.Builder
		for range r.IntN(14) {
			b.WriteString(words[r.IntN(len(words))])
			b.WriteString([]string{" ", ", ", "", ". "}[r.IntN(4)])
		}
		s := b.String()
		got := book.scan(s)
		want := make(hits, len(book.rules))
		for i := range book.pieces {
			q := &book.pieces[i]
			if q.after >= 0 || !q.last {
				continue
			}
			p := phraseText[i]
			for at := 0; ; {
				j := strings.Index(s[at:], p)
				if j < 0 {
					break
				}
				j += at
				at = j + 1
				end := j + len(p)
				if wordByte(p[0]) && j > 0 && wordByte(s[j-1]) || wordByte(p[len(p)-1]) && !q.prefix && end < len(s) && wordByte(s[end]) {
					continue
				}
				if want[q.rule] == 0 || int32(end) < want[q.rule] {
					want[q.rule] = int32(end)
				}
				break
			}
		}
		for i := range want {
			if want[i] != 0 && (got[i] == 0 || got[i] > want[i]) {
				t.Fatalf("%q: rule %s at %d, want %d", s, book.rules[i], got[i], want[i])
			}
		}
	}
}

// phraseText holds the text of each piece, read again from the rule files.
var phraseText = func() (out []string) {
	entries, _ := ruleFiles.ReadDir("rules")
	for _, e := range entries {
		b, _ := ruleFiles.ReadFile("rules/" + e.Name())
		for line := range strings.Lines(string(b)) {
			if line = strings.TrimSpace(line); line == "" || line[0] == '#' || line[0] == '[' && strings.HasSuffix(line, "]") {
				continue
			}
			for _, p := range strings.Split(line, " .. ") {
				out = append(out, strings.TrimSuffix(p, "*"))
			}
		}
	}
	return out
}()

// TestRulesFolded holds that every phrase is written as the texts are that it is compared with.
func TestRulesFolded(t *testing.T) {
	if len(phraseText) != len(book.pieces) {
		t.Fatalf("%d pieces, %d texts", len(book.pieces), len(phraseText))
	}
	for i, p := range phraseText {
		if f := fold.Text(p); f != p {
			t.Errorf("rule %s: %q is not folded: %q", book.rules[book.pieces[i].rule], p, f)
		}
	}
}

// TestHumanFirst holds, over all human golden cases, that neither the null sender nor weak headers make a person's
// answer a bounce.
func TestHumanFirst(t *testing.T) {
	for name, raw := range golden(t, "human") {
		for _, header := range []string{"Return-Path: <>\n", "Precedence: bulk\n", "X-Auto-Response-Suppress: All\n", "List-Unsubscribe: <mailto:x@y>\n"} {
			r := Classify(message.Parse(append([]byte(header), raw...), message.Limits{}))
			if r.Class == probes.ClassBounce || r.Class == probes.ClassDelay {
				t.Errorf("%s with %q: %s %v", name, header, r.Class, r.Rules)
			}
		}
	}
}

// TestAutoSubmittedBounce holds that what a machine says of itself does not hide a bounce.
func TestAutoSubmittedBounce(t *testing.T) {
	for name, raw := range golden(t, "bounce") {
		for _, header := range []string{"Auto-Submitted: auto-replied\n", "Precedence: bulk\n", "X-Autoreply: yes\n", "In-Reply-To: <a@b>\n"} {
			if r := Classify(message.Parse(append([]byte(header), raw...), message.Limits{})); r.Class != probes.ClassBounce {
				t.Errorf("%s with %q: %s %v", name, header, r.Class, r.Rules)
			}
		}
	}
}
