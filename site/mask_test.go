package site_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/probes"
)

// secret is what must not be read by who rates blindly: it tells the persona, the arm or our question.
var secret = []string{"Aminata", "AMINATA", "Diallo", "DIALLO", "diallo", "aminata", "Madame", "Mme", "Chère", "Quetigny", "39 98 12 05", "treated", "horaires-samedi", "Je travaille", "libérer en journée",
	"Horaires du samedi", "Recevez-vous", "Salut à vous", "reply-token"}

func test(id string) *probes.Experiment {
	return &probes.Experiment{ID: "prenom", Factor: "persona", Unit: "audit", Channels: []probes.Channel{probes.Mail}, Outcome: "answered", Alpha: 0.05,
		Arms: []probes.Arm{{ID: "control", Personas: []string{"lea"}}, {ID: id, Personas: []string{"aminata"}}},
		Hide: []string{"Aminata", "Diallo", "Léa", "Marchand", "Quetigny", "+33 6 39 98 12 05", "5 rue des Vergers, 21800 Quetigny", "Salut à vous"}}
}

// treated gives the audit an arm and a persona, adds our mail to the journal, and returns an answer that quotes and names her in
// every way that programs and people have.
func treated(a *probes.Audit, records *[]probes.Record) (answer string) {
	a.Persona, a.Treatment, a.Scenario = "aminata", "treated", "horaires-samedi"
	ours := "From: Aminata Diallo <aminata.diallo+reply-token@habitants.example>\r\nTo: m@s1.example\r\nSubject: Horaires du samedi\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" +
		"Salut à vous,\r\n\r\nJe travaille toute la semaine et je ne peux pas me libérer en journée.\r\nRecevez-vous le public le samedi ?\r\n\r\nAminata Diallo\r\n+33 6 39 98 12 05\r\n"
	*records = append(*records, probes.Record{Event: &probes.Event{Audit: a.ID, Kind: probes.MailPrepared, At: townStart, Text: "Aminata Diallo", Keys: []string{"token:reply-token"},
		Detail:   map[string]string{"from": "aminata.diallo+reply-token@habitants.example", "to": "m@s1.example", "subject": "Horaires du samedi", "reply_token": "reply-token", "witness": "aminata.diallo+copy@habitants.example"},
		Evidence: []probes.Evidence{{Type: "message/rfc822", Name: "sent.eml", Body: []byte(ours)}}}})
	return "From: Accueil <a@s1.example>\r\nTo: Aminata Diallo <aminata.diallo+reply-token@habitants.example>\r\nSubject: Re: Horaires du samedi\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" +
		"Chère Madame DIALLO,\r\n\r\nNous ouvrons à 9h. Mme Diallo, vous pouvez appeler. Votre numéro : 06 39 98 12 05 ou +33 6 39 98 12 05.\r\nVous habitez Quetigny : la mairie de Quetigny répond aussi, Aminata.\r\n" +
		"M. Benoît, chef de service, vous rappelle.\r\nCordialement\r\n\r\nVotre message :\r\n| Salut à vous,\r\n| Je travaille toute la semaine et je ne peux pas me\r\n| libérer en journée.\r\nRecevez-vous le public le samedi ?\r\n" +
		"\r\nLe lun. 2 mars 2026, Aminata Diallo <aminata.diallo+reply-token@habitants.example> a écrit :\r\n> Salut à vous,\r\n>\r\n> Je travaille toute la semaine et je ne peux pas me libérer en journée.\r\n> Recevez-vous le public le samedi ?\r\n> Aminata Diallo\r\n"
}

// TestBlindCodingOfAnExperiment lets nobody who is to rate an answer learn to whom it was written and what was asked: not on
// the page to rate, not on the audit's, not by the API, not in the files.
func TestBlindCodingOfAnExperiment(t *testing.T) {
	h := newHouse(t, probes.Launch{DoubleCoding: 1, Seed: 1, Experiment: test("treated")})
	path := "/audits/" + string(h.ids[0])
	token := access.Visitor{Account: access.Account{Name: "anna", Roles: []access.Role{access.Auditor}}, Token: &access.Token{Scopes: []access.Scope{access.ScopeRead}}}
	anna := h.as["anna"]
	h.as["anna's token"] = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		anna.ServeHTTP(w, r.WithContext(access.With(r.Context(), token)))
	})
	silent := func(who, target string) string {
		t.Helper()
		page := h.get(who, target, 200)
		for _, word := range secret {
			if i := strings.Index(page, word); i >= 0 {
				t.Errorf("%s reads %q on %s: …%s…", who, word, target, page[max(0, i-80):min(len(page), i+80)])
			}
		}
		return page
	}
	for _, target := range []string{"/coding?lang=en", "/coding?lang=fr&q=" + string(h.ids[0]), path + "?lang=en", path + "?lang=fr", "/outcomes.csv", "/outcomes.csv?channel=mail", "/api/v1/outcomes", "/api/v1/audits",
		"/api/v1/audits/" + string(h.ids[0]), "/api/v1/audits/" + string(h.ids[0]) + "/events", "/api/v1/audits/" + string(h.ids[0]) + "/flags", "/review?lang=en", "/audits?lang=en", "/structures/s1", "/search?q=ouvrons"} {
		silent("anna", target)
	}
	for _, word := range secret { // a structure's report names the scenarios
		if word != "horaires-samedi" && strings.Contains(h.get("anna", "/structures/s1/report", 200), word) {
			t.Errorf("anna reads %q in the structure's report", word)
		}
	}
	if page := h.get("anna", "/search?q=diallo", 200); strings.Contains(page, string(h.ids[0])) {
		t.Error("who is to rate finds the letters of a persona by her name")
	}
	silent("anna's token", "/api/v1/audits/"+string(h.ids[0]))
	silent("anna's token", "/outcomes.csv")
	form := silent("anna", "/coding?lang=en")
	for _, want := range []string{"Nous ouvrons à 9h.", "[citizen],", "vous pouvez appeler", "Cordialement", "chef de service", "item.mail.closing"} {
		if !strings.Contains(form, want) {
			t.Errorf("the answer to rate lacks %q:\n%s", want, form)
		}
	}
	var row struct{ Treatment, Persona string }
	for who, want := range map[string]string{"rita": "treated", "anna": ""} {
		if err := json.Unmarshal([]byte(h.get(who, "/api/v1/audits/"+string(h.ids[0]), 200)), &row); err != nil || row.Treatment != want {
			t.Errorf("%s: %v, treatment %q", who, err, row.Treatment)
		}
	}
	if page := h.get("rita", "/outcomes.csv", 200); !strings.Contains(page, ",treated\n") {
		t.Error("who does not rate cannot export the treatment")
	}
	for _, id := range h.ids { // once both are rated there is nothing left to be kept
		h.post("anna", "/audits/"+string(id)+"/coding", 303, rate(form)...)
	}
	for target, want := range map[string]string{path + "?lang=en": "treated", "/outcomes.csv": ",treated\n", "/api/v1/outcomes": `"treatment":"treated"`} {
		if page := h.get("anna", target, 200); !strings.Contains(page, want) {
			t.Errorf("anna has rated and does not read %q on %s", want, target)
		}
	}
	silent("bert", path+"?lang=en") // who has not rated yet
}
