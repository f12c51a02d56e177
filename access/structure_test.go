package access_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/probes"
)

func TestStructureLinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		d := openDesk(t, dir, access.Settings{})
		ctx := d.operator()
		day := time.Now().Add(24 * time.Hour)
		for id, want := range map[probes.StructureID]error{"": access.ErrStructure, "a b": access.ErrStructure, "a/b": access.ErrStructure, "mairie-21231_x": nil} {
			if _, err := d.db.Link(ctx, id, day); !errors.Is(err, want) {
				t.Errorf("%q: %v", id, err)
			}
		}
		for _, at := range []time.Time{time.Now(), time.Now().AddDate(3, 0, 0)} {
			_, err := d.db.Link(ctx, "s1", at)
			is(t, err, access.ErrExpiry)
		}
		one, err := d.db.Link(ctx, "s1", day)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		two, err := d.db.Link(ctx, "s1", day.Add(24*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		if l, err := d.db.OpenLink(one); err != nil || l.Structure != "s1" || l.By != "Olga" || !l.Expires.Equal(day.Truncate(time.Second)) {
			t.Errorf("%+v, %v", l, err)
		}
		b := d.browser()
		b.fails(access.ErrLink, "GET", "/structure", "link", one+"A")
		b.must("GET", "/structure", "link", one)
		if who := b.who(); who != "+s1" {
			t.Errorf("%q", who)
		}
		if w := b.do("GET", "/audits"); w.Code != http.StatusUnauthorized {
			t.Errorf("a structure reads all audits: %d", w.Code)
		}
		// Revoked: the sessions that it opened end too, the other link goes on.
		list, err := d.db.Links(ctx, "s1")
		if err != nil || len(list) != 2 {
			t.Fatal(list, err)
		}
		is(t, d.db.RevokeLink(ctx, list[1].Serial), nil)
		is(t, d.db.RevokeLink(ctx, list[1].Serial), access.ErrLink)
		is(t, d.db.RevokeLink(ctx, "none"), access.ErrLink)
		if who := b.who(); who != "" {
			t.Errorf("a revoked link is %q", who)
		}
		_, err = d.db.OpenLink(one)
		is(t, err, access.ErrLink)
		b.must("GET", "/structure", "link", two)
		// The key outlives the program; another collector's links are nothing here.
		if err := d.db.Close(); err != nil {
			t.Fatal(err)
		}
		d = openDesk(t, dir, access.Settings{})
		b.desk = d
		if who := b.who(); who != "+s1" {
			t.Errorf("after a restart %q", who)
		}
		if _, err := newDesk(t, access.Settings{}).db.OpenLink(two); !errors.Is(err, access.ErrLink) {
			t.Errorf("another collector's link: %v", err)
		}
		time.Sleep(48*time.Hour - 2*time.Second)
		_, err = d.db.OpenLink(two)
		is(t, err, nil)
		time.Sleep(2 * time.Second)
		_, err = d.db.OpenLink(two)
		is(t, err, access.ErrLink)
	})
}

// An operator who looks at what a structure sees stays signed in, and no longer than otherwise.
func TestOperatorOpensStructure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, access.Settings{SessionIdle: 24 * time.Hour})
		ctx := d.operator()
		link, err := d.db.Link(ctx, "s1", time.Now().Add(100*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		b := d.browser()
		b.must("POST", "/sign-in", "name", "olga", "password", password)
		time.Sleep(11 * time.Hour)
		b.must("GET", "/structure", "link", link)
		if who := b.who(); who != "Olga+s1" {
			t.Errorf("%q", who)
		}
		time.Sleep(time.Hour)
		if who := b.who(); who != "" {
			t.Errorf("after 12 hours %q", who)
		}
	})
}

// Only what was signed is opened, and in no other spelling.
func FuzzStructureLink(f *testing.F) {
	db, _ := tokenOf(f)
	ctx := access.With(f.Context(), access.Visitor{Account: access.Account{Name: "olga", Roles: []access.Role{access.Operator}}})
	link, err := db.Link(ctx, "mairie-1", time.Now().Add(time.Hour))
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{"", "A", link, link + "=", link[:20] + "\n" + link[20:], link[:len(link)-1], link[1:], link + link} {
		f.Add(s)
	}
	for i := range link { // each changed character, as seeds: all parts are signed
		c := byte('A')
		if link[i] == c {
			c = 'B'
		}
		f.Add(link[:i] + string(c) + link[i+1:])
	}
	f.Fuzz(func(t *testing.T, text string) {
		l, err := db.OpenLink(text)
		switch {
		case text == link && (err != nil || l.Structure != "mairie-1"):
			t.Errorf("%+v, %v", l, err)
		case text != link && !errors.Is(err, access.ErrLink):
			t.Errorf("%q opens %+v, %v", text, l, err)
		}
	})
}
