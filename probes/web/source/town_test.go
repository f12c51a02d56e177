package source

import (
	"net/http/httptest"
	"testing"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/townhall"
)

// The pages of the simulated town are well made where they are meant to be, and badly made in other ways than these where not.
func TestTown(t *testing.T) {
	seen := 0
	for _, grade := range []townhall.Grade{townhall.GoodSite, townhall.MiddlingSite, townhall.BadSite, townhall.HostileSite, townhall.GuardedSite} {
		for _, form := range []townhall.Form{"", townhall.PlainForm, "captcha"} {
			r := townhall.Resident{Structure: probes.Structure{Name: "Ville de Valclair"}, Address: "accueil@valclair-01.example", Phone: "01 99 00 00 01", Postal: "1 place de la Mairie, 01000 Valclair", Site: grade, Form: form}
			sites := townhall.NewWebsites([]townhall.Resident{r})
			for _, path := range []string{"/", "/contact", "/demarches", "/mentions-legales", "/accessibilite", "/merci", "/nulle-part"} {
				w := httptest.NewRecorder()
				sites.ServeHTTP(w, httptest.NewRequest("GET", "http://"+r.SiteName()+path, nil))
				if w.Body.Len() < 100 {
					t.Errorf("%s%s: %q", grade, path, w.Body)
				}
				seen++
				for _, f := range Check(path, w.Body.Bytes(), true) {
					t.Errorf("%s %q %s: %s: %s", grade, form, path, f.Message, f.Snippet)
				}
			}
		}
	}
	if seen != 105 {
		t.Error(seen)
	}
}
