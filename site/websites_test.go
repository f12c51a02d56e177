package site_test

import (
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"net/http"
	"strings"
	"testing"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/web/finding"
	"github.com/sonde-fleet/sonde/stats"
)

// visited turns the town's web audits into visits: the first is the worst, the second is blocked.
func visited(v *town) (worst, blocked *stats.Outcome) {
	for i := range v.snapshot.Outcomes {
		o := &v.snapshot.Outcomes[i]
		switch {
		case o.Channel != probes.Web:
		case worst == nil:
			worst = o
			o.Status, o.Result, o.Pages, o.Barriers, o.Doubts, o.Criteria = probes.Contacted, stats.Visited, 12, 47, 5, 21
		case blocked == nil:
			blocked = o
			o.Status, o.Result, o.Reason = probes.Refused, stats.Blocked, "Forbidden: Cloudflare"
		default:
			o.Status, o.Result, o.Pages, o.Barriers = probes.Contacted, stats.Visited, 8, 3
		}
	}
	return worst, blocked
}

func TestWebsites(t *testing.T) {
	v := newTown(4, 0.7)
	if page := get(open(t, v), "/websites").Body.String(); !strings.Contains(page, "No site has been visited yet") {
		t.Error("a page of nothing does not say so")
	}
	worst, blocked := visited(v)
	for lang, words := range map[string][]string{"en": {"8 websites", "closed to robots", "Criteria broken"}, "fr": {"8 sites", "fermé aux robots", "Critères enfreints"}} {
		w := get(open(t, v), "/websites?lang="+lang)
		page := w.Body.String()
		if w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, page)
		}
		for _, want := range append(words, "47", blocked.Reason, "/audits/"+string(worst.ID)) {
			if !strings.Contains(page, want) {
				t.Errorf("%s: the page lacks %q", lang, want)
			}
		}
		if first := strings.Index(page, "<tbody>"); !strings.Contains(page[first:first+400], string(worst.ID)) {
			t.Errorf("%s: the worst does not come first", lang)
		}
	}
	if w := get(open(t, v), "/websites?channel=nonsense"); w.Code != http.StatusBadRequest {
		t.Errorf("a parameter that does not exist: %d", w.Code)
	}
}

func TestStoryOfAVisit(t *testing.T) {
	v := newTown(2, 0.7)
	worst, _ := visited(v)
	var shot bytes.Buffer
	if err := png.Encode(&shot, image.NewGray(image.Rect(0, 0, 4, 4))); err != nil {
		t.Fatal(err)
	}
	findings, err := json.Marshal([]finding.Finding{{Rule: "image-alt", Outcome: finding.Failed, Impact: finding.Critical, Criteria: []string{"WCAG22:1.1.1"},
		Selector: "img<script>alert(1)</script>", Message: "No alternative", MessageFR: "Pas d'alternative", Mend: "Write <one>"}})
	if err != nil {
		t.Fatal(err)
	}
	picture := v.keep(shot.Bytes())
	v.events[worst.ID] = []probes.Event{{Audit: worst.ID, Kind: probes.WebPage, At: townStart, Detail: map[string]string{"page": "https://x.example/\"><script>alert(2)</script>"},
		Evidence: []probes.Evidence{{SHA256: picture, Type: "image/webp", Name: "page-01.webp"}, {SHA256: v.keep(findings), Type: "application/json", Name: "page-01.findings.json"},
			{SHA256: v.keep([]byte("<html><script>alert(3)</script>")), Type: "text/html", Name: "page-01.html"}}}}
	h := open(t, v)
	page := get(h, "/audits/"+string(worst.ID)+"?lang=fr").Body.String()
	for _, want := range []string{"Pas d&#39;alternative", "WCAG22:1.1.1", "bloquante", `src="/pictures/` + string(picture) + `"`, "Write &lt;one&gt;"} {
		if !strings.Contains(page, want) {
			t.Errorf("the story lacks %q", want)
		}
	}
	if strings.Contains(page, "<script>") {
		t.Error("a stranger's script got through")
	}
	if w := get(h, "/pictures/"+string(picture)); w.Code != http.StatusOK || w.Header().Get("Content-Type") != "image/png" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("the picture: %d %v", w.Code, w.Header())
	}
	for _, e := range v.events[worst.ID][0].Evidence[1:] {
		if w := get(h, "/pictures/"+string(e.SHA256)); w.Code != http.StatusNotFound {
			t.Errorf("%s was shown as a picture: %d", e.Name, w.Code)
		}
	}
}
