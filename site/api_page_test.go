package site_test

import (
	"strings"
	"testing"

	"github.com/sonde-fleet/sonde/site/openapi"
)

// TestPageOfTheAPI is the page for people: whole in both languages, every operation and schema on it.
func TestPageOfTheAPI(t *testing.T) {
	h := open(t, newTown(2, 0.7))
	doc, err := openapi.Load()
	if err != nil {
		t.Fatal(err)
	}
	for lang, title := range map[string]string{"en": "What programs can ask for", "fr": "Ce que les programmes peuvent demander"} {
		page := get(h, "/api?lang="+lang).Body.String()
		if !strings.Contains(page, title) {
			t.Errorf("%s: no title", lang)
		}
		for path, item := range doc.Paths.Map() {
			for method, op := range item.Operations() {
				if !strings.Contains(page, `id="`+op.OperationID+`"><code>`+method+" "+path+"</code>") {
					t.Errorf("%s: no %s %s", lang, method, path)
				}
			}
		}
		for name := range doc.Components.Schemas {
			if !strings.Contains(page, `id="schema-`+name+`"`) {
				t.Errorf("%s: no schema %s", lang, name)
			}
		}
		if !strings.Contains(page, "curl -H &#34;Authorization: Bearer $SONDE_TOKEN&#34;") {
			t.Errorf("%s: no example", lang)
		}
	}
}

// BenchmarkAuditsPage reads pages of a million audits, one after the other, as a program does that pulls them all.
func BenchmarkAuditsPage(b *testing.B) {
	v := newTown(77_000, 0.9)
	h := open(b, v)
	get(h, "/api/v1/audits?limit=1")
	target := "/api/v1/audits?limit=1000&channel=mail"
	next := ""
	for b.Loop() {
		list := decoded[openapi.AuditList](b, get(h, target+next), 200)
		if next = ""; list.Next != nil {
			next = "&cursor=" + *list.Next
		}
	}
}
