package item

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/sonde-fleet/sonde/internal/cputime"
)

// FuzzRead holds that a stranger's page, whatever it holds, is read without a panic, twice alike, and that what is said
// of it is bounded text.
func FuzzRead(f *testing.F) {
	pages, err := filepath.Glob("testdata/pages/*/*.html")
	if err != nil || len(pages) == 0 {
		f.Fatalf("%d pages, %v", len(pages), err)
	}
	for _, name := range pages[:12] {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add("https://www.exemple.example/contact", data)
	}
	f.Add("%zz", []byte("<table><tr><td>a<tr><td><td>Tél 03 84 72 00 00<form><textarea>"))
	f.Fuzz(func(t *testing.T, address string, page []byte) {
		list := Read(address, page)
		if len(list) > maxMentions {
			t.Errorf("%d mentions", len(list))
		}
		for _, m := range list {
			if len(m.Passage) > maxPassage || !utf8.ValidString(m.Passage) || m.Code == "" {
				t.Errorf("%+v", m)
			}
		}
		if again := Read(address, page); !slices.Equal(list, again) {
			t.Errorf("%v\n%v", list, again)
		}
	})
}

// hostile makes a page of about n octets in each of the ways that are meant to be slow.
func hostile(n int) map[string]string {
	big := func(s string) string { return strings.Repeat(s, n/len(s)) }
	return map[string]string{
		"numbers":   big("03 84 72 00 00 "),
		"digits":    big("0"),
		"addresses": big("a@b."),
		"postcodes": big("39100 Dole "),
		"streets":   big("12 rue de la "),
		"cells":     "<table><tr>" + big("<td>"),
		"bold":      "<p>" + big("<b>x</b>"),
		"nested":    big("<div><ul><li>"),
		"headings":  big("<h1>a</h1>b"),
		"links":     big(`<a href="/a">rendez-vous en ligne</a>`),
		"forms":     big(`<form><textarea></textarea><input name=q>`),
		"banners":   big(`<div class=cookie>cookies<button>ok`),
		"days":      big("lundi 9h-12h "),
		"crumbs":    big(`<nav class=breadcrumb><a>`),
		"times":     big(`<time datetime=2024-01-01>`),
		"languages": big(`<a href=/x lang=en>English</a>`),
		"one line":  big("mairie conseil municipal ordre du jour questions "),
	}
}

const hostileAddress = "https://www.exemple.example/conseil-municipal/mentions-legales"

// No step looks at everything once for everything: a page four times as long takes about four times as long, and not
// sixteen. The ratio holds on a slow machine and under the race detector too.
func TestHostilePagesGrow(t *testing.T) {
	const octets = 32 << 10 / cputime.Detector // enough to be measured, with the race detector too
	small, large := hostile(octets), hostile(4*octets)
	fastest := func(page string) time.Duration {
		best := time.Duration(math.MaxInt64)
		for range 3 {
			began := cputime.Spent()
			Read(hostileAddress, []byte(page))
			best = min(best, cputime.Spent()-began)
		}
		return best
	}
	for name := range small {
		// Below some milliseconds it is the fixed cost of a page that is measured.
		a, b := max(fastest(small[name]), 5*time.Millisecond), fastest(large[name])
		if growth := float64(b) / float64(a); growth > 8 {
			t.Errorf("%s: %v, four times as much %v: %.1f times as long", name, a, b, growth)
		}
	}
}
