package web

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes"
)

// desk is a website with a contact form that counts what reaches it.
type desk struct {
	mu   sync.Mutex
	got  []url.Values
	page string
	then http.HandlerFunc // answers the form; nil: thanks
}

func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		_ = r.ParseMultipartForm(1 << 20)
		d.mu.Lock()
		d.got = append(d.got, r.Form)
		d.mu.Unlock()
		if d.then != nil {
			d.then(w, r)
			return
		}
		http.Redirect(w, r, "/merci", http.StatusSeeOther)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if r.URL.Path == "/merci" {
		fmt.Fprint(w, `<!doctype html><html lang=fr><title>Contact</title><h1>Merci</h1><p>Votre message a bien été transmis à nos services.</p>`)
		return
	}
	fmt.Fprintf(w, `<!doctype html><html lang=fr><head><title>Contact</title></head><body><h1>Nous écrire</h1>%s</body></html>`, d.page)
}

const fields = `<p><label>Prénom * <input name=first required></label> <label>Nom * <input name=last required></label>
<label>Courriel * <input type=email name=mel required></label> <label>Téléphone <input type=tel name=tel></label>
<label>Code postal <input name=cp></label> <label>Objet <select name=objet><option value="">Choisissez</option><option value=e>État civil</option><option value=r>Autre demande</option></select></label>
<label>Votre message * <textarea name=message required></textarea></label>
<label><input type=checkbox name=ok required> J’accepte que mes données soient traitées</label>
<label><input type=checkbox name=news> Recevoir la lettre d’information</label>
<input name=site style="display:none"></p>`

var persona = Letter{Given: "Léa", Family: "Marchand", Civility: "Madame", Email: "lea+k7f3a9@courrier.example", Phone: "+33639981201", Town: "Dijon",
	Address: "12 rue des Tilleuls, 21000 Dijon", Subject: "Horaires du samedi", Text: "Bonjour,\n\nÊtes-vous ouverts le samedi ?\n\nLéa Marchand\n"}

func TestSubmit(t *testing.T) {
	needBrowser(t)
	native := `<form method=post action=/envoi>` + fields + `<button>Envoyer</button></form>`
	script := func(js string) string {
		return `<form id=f>` + fields + `<button>Envoyer</button></form><p id=said></p><script>f.addEventListener("submit",async e=>{e.preventDefault();` + js + `})</script>`
	}
	const post = `fetch("/envoi",{method:"POST",body:new FormData(f)})`
	hang := func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-time.After(time.Minute):
		}
	}
	slow := func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(300 * time.Millisecond)
		http.Redirect(w, r, "/merci", http.StatusSeeOther)
	}
	reset := func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_ = c.(*net.TCPConn).SetLinger(0)
			c.Close()
		}
	}
	for name, x := range map[string]struct {
		page string
		then http.HandlerFunc
		want Delivery
		left int
	}{
		"sent and thanked":   {page: native, want: Acknowledged, left: 1},
		"sent by script":     {page: script(`await ` + post + `;f.remove();said.textContent="Votre message a bien été envoyé."`), want: Acknowledged, left: 1},
		"script sends twice": {page: script(`const a=` + post + `,b=` + post + `;await a.catch(x=>x);f.remove();said.textContent="Merci pour votre message"`), want: Acknowledged, left: 1},
		"script tries again": {page: script(`for(let i=0;i<4;i++)try{const r=await ` + post + `;if(r.ok)break}catch{}`), then: reset, want: Unclear, left: 1},
		"form sent twice":    {page: native + `<script>document.forms[0].addEventListener("submit",()=>setTimeout(()=>document.forms[0].submit(),5))</script>`, want: Acknowledged, left: 1},
		"form sent five times": {page: native + `<script>document.forms[0].addEventListener("submit",()=>{for(let i=1;i<5;i++)setTimeout(()=>document.forms[0].submit(),i*20)})</script>`,
			then: slow, want: Acknowledged, left: 1},
		"form sent again late": {page: native + `<script>document.forms[0].addEventListener("submit",()=>setTimeout(()=>document.forms[0].submit(),1500))</script>`,
			then: hang, want: Unclear, left: 1},
		"no word of thanks": {page: native, then: func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<title>Accueil</title><p>Bienvenue") }, want: Unclear, left: 1},
		"refused by the server": {page: native, then: func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "<p>Merci de vérifier : erreur, le champ téléphone est invalide.")
		}, want: Unclear, left: 1},
		"server fails":           {page: native, then: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500); fmt.Fprint(w, "Merci") }, want: Unclear, left: 1},
		"connection dies":        {page: native, then: reset, want: Unclear, left: 1},
		"no answer":              {page: native, then: hang, want: Unclear, left: 1},
		"a banner on the button": {page: native + `<div style="position:fixed;inset:0;background:#fff8">Nous utilisons des cookies</div>`, want: Acknowledged, left: 1},
		"captcha":                {page: strings.Replace(native, "<button>", `<div class="g-recaptcha">Je ne suis pas un robot</div><button>`, 1), want: ByHand},
		"sum to solve":           {page: strings.Replace(native, "<button>", `<label>Combien font 3 + 4 ? <input name=s required></label><button>`, 1), want: ByHand},
		"file wanted":            {page: strings.Replace(native, "<button>", `<label>Justificatif * <input type=file name=j required></label><button>`, 1), want: ByHand},
		"number wanted":          {page: strings.Replace(native, "<button>", `<label>Numéro de dossier * <input name=d required></label><button>`, 1), want: ByHand},
		"message too long":       {page: strings.Replace(native, "<textarea", `<textarea maxlength=10`, 1), want: ByHand},
		"check lets nothing out": {page: script(`said.textContent="Le numéro est obligatoire"`), want: ByHand},
		"no form":                {page: `<p>Écrivez à la mairie.</p>`, want: ByHand},
		"comments only":          {page: `<form method=post class=comment-form><h2>Laisser un commentaire</h2><textarea name=comment></textarea><input name=email type=email><button>Publier</button></form>`, want: ByHand},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // most of it is waiting
			d := &desk{page: x.page, then: x.then}
			srv := httptest.NewServer(d)
			defer srv.CloseClientConnections()
			a := NewAuditor(Options{Allow: loopback()})
			defer a.Close()
			asked := 0
			s, err := a.Submit(t.Context(), srv.URL+"/contact", persona, func(e []probes.Evidence) error {
				d.mu.Lock()
				defer d.mu.Unlock()
				if asked++; len(d.got) > 0 {
					t.Error("it was sent before it was recorded")
				}
				if len(e) == 0 {
					t.Error("no picture of the filled form")
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			d.mu.Lock()
			defer d.mu.Unlock()
			if s.Delivery != x.want || len(d.got) != x.left || asked != x.left && x.want != ByHand {
				t.Errorf("%s (%s), reached the server %d times, recorded %d times; want %s, %d", s.Delivery, s.Text, len(d.got), asked, x.want, x.left)
			}
			for _, v := range d.got {
				for field, want := range map[string]string{"first": "Léa", "last": "Marchand", "mel": persona.Email, "tel": persona.Phone, "cp": "21000", "objet": "r",
					"ok": "on", "news": "", "site": "", "message": strings.ReplaceAll(persona.Text, "\n", "\r\n")} {
					if strings.TrimSpace(v.Get(field)) != strings.TrimSpace(want) {
						t.Errorf("%s: %q, want %q", field, v.Get(field), want)
					}
				}
			}
			if len(s.Evidence) == 0 {
				t.Error("no evidence")
			}
		})
	}
}

// What could not be recorded is not sent.
func TestSubmitNotRecorded(t *testing.T) {
	needBrowser(t)
	d := &desk{page: `<form method=post action=/envoi>` + fields + `<button>Envoyer</button></form>`}
	srv := httptest.NewServer(d)
	defer srv.Close()
	a := NewAuditor(Options{Allow: loopback()})
	defer a.Close()
	full := errors.New("disk full")
	if _, err := a.Submit(t.Context(), srv.URL+"/", persona, func([]probes.Evidence) error { return full }); !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.got) > 0 {
		t.Errorf("%d sent", len(d.got))
	}
}
