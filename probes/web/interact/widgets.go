package interact

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sonde-fleet/sonde/probes/web/browser"
)

// tabs tries lists of tabs with the arrow keys (ARIA Authoring Practices): where they do nothing, the other tabs must at
// least be stops of the tab key.
func (x *try) tabs() error {
	list, err := ask[[]struct {
		spot
		First int  `json:"first"`
		Stops bool `json:"stops"` // every tab is a stop of the tab key
	}](x, "tablists()")
	if err != nil {
		return err
	}
	for i := range list {
		l := &list[i]
		moved := false
		for _, key := range []string{browser.KeyRight, browser.KeyDown, browser.KeyLeft} {
			if ok, err := ask[bool](x, "focus(%d)", l.First); err != nil || !ok {
				return err
			}
			if err := x.t.Press(x.ctx, key, browser.Plain); err != nil {
				return err
			}
			if moved, err = ask[bool](x, "until(() => sonde.leftTab(%d), %d)", l.First, react.Milliseconds()); err != nil {
				return err
			}
			if moved {
				break
			}
		}
		switch {
		case moved:
		case l.Stops:
			x.review("sonde-tabs-arrows", &l.spot, "")
		default:
			x.failed("sonde-tabs-arrows", &l.spot, "")
		}
	}
	return nil
}

// maxTyped is how many fields are typed into.
const maxTyped = 6

// typing types into fields that listen for it: the focus must stay, and nothing may lead away (WCAG 3.2.2).
func (x *try) typing() error {
	list, err := ask[[]struct {
		spot
		Text string `json:"value"`
	}](x, "typables(%d)", 2*maxTyped)
	if err != nil {
		return err
	}
	tried := 0
	for i := range list {
		f := &list[i]
		if tried >= maxTyped {
			break
		}
		kinds, err := x.t.Listeners(x.ctx, fmt.Sprintf("sonde.get(%d)", f.Key))
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(kinds, func(k string) bool { return k == "input" || k == "change" || strings.HasPrefix(k, "key") }) {
			continue
		}
		tried++
		leads := len(x.t.Current().Leads)
		if ok, err := ask[bool](x, "focus(%d)", f.Key); err != nil || !ok {
			return err
		}
		keys := f.Text
		if f.Tag == "select" {
			keys = browser.KeyDown
		}
		if _, err := ask[int](x, "watch()"); err != nil {
			return err
		}
		if err := x.t.Press(x.ctx, keys, browser.Plain); err != nil {
			return err
		}
		x.pause(react)
		silent, err := ask[*spot](x, "suggests(%d)", f.Key)
		if err != nil {
			return err
		}
		if silent != nil {
			x.failed("sonde-suggestions-silent", &f.spot, fmt.Sprintf("%q", silent.Name))
		}
		there, err := ask[bool](x, "has(%d)", f.Key)
		if err != nil {
			return err
		}
		if !there || len(x.t.Current().Leads) > leads {
			x.failed("sonde-input-acts", &f.spot, "")
		}
	}
	return nil
}

// pasting asks fields for a password, a code or an address whether they let the reader paste (WCAG 3.3.8).
func (x *try) pasting() error {
	list, err := ask[[]struct {
		spot
		Address bool `json:"address"`
		Sure    bool `json:"sure"`
	}](x, "pastes()")
	if err != nil {
		return err
	}
	for i := range list {
		f := &list[i]
		switch {
		case f.Address:
			x.review("sonde-paste-refused-address", &f.spot, "")
		case f.Sure:
			x.failed("sonde-paste-refused", &f.spot, "")
		default:
			x.review("sonde-paste-refused", &f.spot, "")
		}
	}
	return nil
}

// faint finds fields whose place only a faint line shows, and controls that are a pale drawing alone (WCAG 1.4.11).
func (x *try) faint() error {
	for _, look := range []struct{ what, rule string }{{"faint()", "sonde-field-contrast"}, {"pale()", "sonde-icon-contrast"}} {
		list, err := ask[[]struct {
			spot
			Ratio float64 `json:"ratio"`
		}](x, look.what)
		if err != nil {
			return err
		}
		for i := range list {
			x.failed(look.rule, &list[i].spot, fmt.Sprintf("%.2f:1", list[i].Ratio))
		}
	}
	return nil
}

// resting finds texts that lose their contrast when the mouse rests on them (WCAG 1.4.3).
func (x *try) resting() error {
	list, err := ask[[]spot](x, "colourers()")
	if err != nil || len(list) == 0 {
		return err
	}
	defer func() { _ = x.t.Point(x.ctx, 1, 1) }()
	for i := range list {
		s := &list[i]
		place, err := ask[*spotPlace](x, "center(%d)", s.Key)
		if err != nil {
			return err
		}
		if place == nil {
			continue
		}
		if err := x.t.Point(x.ctx, place.X, place.Y); err != nil {
			return err
		}
		low, err := ask[float64](x, "rests(%d)", s.Key)
		if err != nil {
			return err
		}
		if low > 0 {
			x.failed("sonde-state-contrast", s, fmt.Sprintf(":hover %.2f:1", low))
		}
	}
	return nil
}
