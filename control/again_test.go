package control_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/control"
	"github.com/sonde-fleet/sonde/probes"
)

var shapes = []reflect.Type{reflect.TypeFor[control.Status](), reflect.TypeFor[control.Pause](), reflect.TypeFor[control.Disk](), reflect.TypeFor[control.Mailbox](),
	reflect.TypeFor[control.Certificate](), reflect.TypeFor[control.Doubt](), reflect.TypeFor[control.Suppression](), reflect.TypeFor[control.Order](),
	reflect.TypeFor[control.Scope](), reflect.TypeFor[control.Done](), reflect.TypeFor[control.Resolution](), reflect.TypeFor[control.Approval](),
	reflect.TypeFor[control.Queue](), reflect.TypeFor[control.Enrolled](), reflect.TypeFor[control.Error](), reflect.TypeFor[control.WhatIf](),
	reflect.TypeFor[control.Plan](), reflect.TypeFor[control.Caps](), reflect.TypeFor[control.Day](), reflect.TypeFor[control.Conflict](), reflect.TypeFor[control.File]()}

func keysOf(of reflect.Type) (keys []string) {
	for i := range of.NumField() {
		if name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ","); name != "" && name != "-" {
			keys = append(keys, name)
		}
	}
	return keys
}

func TestAgainPlansOneMoreTry(t *testing.T) {
	db := open(t, t.TempDir())
	town(t, db)
	now := time.Now().UTC()
	// The campaign's own calendar runs from now on, so that the instants below are ahead.
	l, _ := db.Launch()
	l.End = now.AddDate(0, 2, 0)
	if err := db.Append(probes.Record{Launch: &l}); err != nil {
		t.Fatal(err)
	}
	c := client(server(db))
	record(t, db, probes.Event{Audit: "c.s0.01", Kind: probes.ProbeFault, Fault: probes.Ours}, probes.Event{Audit: "c.s1.01", Kind: probes.AuditMissed})
	sent(t, db, "c.s2.01", probes.MailAccepted)
	if _, err := c.Again(t.Context(), control.Order{By: "lea"}, "c.s0.01"); err == nil || !strings.Contains(err.Error(), "reason") {
		t.Errorf("without a reason: %v", err)
	}
	if _, err := c.Again(t.Context(), lea, "c.s2.01"); err == nil || !strings.Contains(err.Error(), "is contacted") {
		t.Errorf("one that counts: %v", err)
	}
	st, _ := db.State("c.s0.01")
	made, err := c.Again(t.Context(), keyed("once"), "c.s0.01")
	if err != nil {
		t.Fatal(err)
	}
	if made.ID != "c.s0.05" || made.Number != 5 || made.Channel != probes.Mail || made.Wave != "plan" || made.Scenario != "hours" || made.Persona != "lea" ||
		made.Target != st.Audit.Target || made.Deadline.Sub(made.Due) != st.Audit.Deadline.Sub(st.Audit.Due) {
		t.Errorf("%+v", made)
	}
	if h := made.Due.Hour(); made.Due.Before(now) || h < 9 || h >= 17 || made.Due.Weekday() == time.Saturday || made.Due.Weekday() == time.Sunday || made.Due.Second() == 0 {
		t.Errorf("due %v", made.Due)
	}
	if now, ok := db.State(made.ID); !ok || now.Status != probes.Planned {
		t.Errorf("%+v", now)
	}
	last := db.Last()
	if again, err := c.Again(t.Context(), keyed("once"), "c.s0.01"); err != nil || again.ID != made.ID || db.Last() != last {
		t.Errorf("the order sent again: %+v, %v", again, err)
	}
	if _, err := c.Again(t.Context(), lea, "c.s0.01"); err == nil || !strings.Contains(err.Error(), "again already: c.s0.05") {
		t.Errorf("a second one: %v", err)
	}
	if _, err := c.Suppress(t.Context(), lea, "s1"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Again(t.Context(), lea, "c.s1.01"); err == nil || !strings.Contains(err.Error(), "is suppressed") {
		t.Errorf("a suppressed one: %v", err)
	}
	// The new one may be spoiled too, and then be asked for again; on another day than the first.
	record(t, db, probes.Event{Audit: made.ID, Kind: probes.ProbeFault, Fault: probes.Ours})
	third, err := c.Again(t.Context(), lea, made.ID)
	if err != nil || third.ID != "c.s0.06" || third.Due.Format(time.DateOnly) == made.Due.Format(time.DateOnly) {
		t.Errorf("%+v, %v", third, err)
	}
	l.End = now
	if err := db.Append(probes.Record{Launch: &l}); err != nil {
		t.Fatal(err)
	}
	record(t, db, probes.Event{Audit: "c.s2.02", Kind: probes.AuditMissed})
	if _, err := c.Again(t.Context(), lea, "c.s2.02"); err == nil || !strings.Contains(err.Error(), "no room before the end") {
		t.Errorf("after the end: %v", err)
	}
}
