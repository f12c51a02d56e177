package interact

import (
	"fmt"
	"image"
	"regexp"
	"slices"
	"strings"

	"github.com/sonde-fleet/sonde/probes/web/browser"
	"github.com/sonde-fleet/sonde/probes/web/finding"
)

// Bounds of the walk with the tab key.
const (
	maxStops = 90
	maxLooks = 10 // kinds of control whose focus is looked at in pixels
)

// maxInner is how often the tab key may halt within one control of the browser's own: the buttons of a player, the day,
// month and year of a date.
const maxInner = 12

// stopsInside says whether the browser itself halts several times within the control.
func (s *spot) stopsInside() bool {
	switch s.Tag {
	case "audio", "video":
		return true
	case "input":
		return slices.Contains([]string{"date", "time", "datetime-local", "month", "week"}, s.Type)
	}
	return false
}

// stop is where the tab key halted.
type stop struct {
	spot
	dark bool // nothing shows that the focus is there
}

// keyboard walks through the page with the tab key: where it halts, in which order, whether it shows, whether it gets out.
func (x *try) keyboard() error {
	controls, err := ask[[]spot](x, "controls()")
	if err != nil {
		return err
	}
	n, err := ask[int](x, "tabbable()")
	if err != nil || n == 0 && len(controls) == 0 {
		return err
	}
	most := min(max(n, len(controls))+8, maxStops)
	// What moves the focus when it is left would be disturbed by a run for good.
	on, err := x.t.Listened(x.ctx)
	if err != nil {
		return err
	}
	var stops []stop
	plain, dropped := false, 0
	if !slices.Contains(on, "blur") && !slices.Contains(on, "focusout") {
		if stops, dropped, plain, err = x.run(most, n); err != nil {
			return err
		}
	}
	loop := -1
	if !plain {
		several, err := ask[int](x, "several()")
		if err != nil {
			return err
		}
		if stops, loop, err = x.walk(most + min(several, 10)*maxInner); err != nil {
			return err
		}
	}
	at := places(stops)
	if err := x.traps(stops, loop, controls, at); err != nil {
		return err
	}
	if err := x.manners(stops); err != nil {
		return err
	}
	x.order(stops)
	framed := len(stops) > 0 && stops[len(stops)-1].Frame
	x.reach(controls, at, framed || len(stops) >= most || loop > 0, dropped > 0)
	x.shows(stops)
	return nil
}

func places(stops []stop) map[int]int {
	at := map[int]int{}
	for i := range stops {
		at[stops[i].Key] = i
	}
	return at
}

// stride is how many times the tab key is pressed at a run before the page is asked where each press led.
const stride = 12

// run goes through the page in strides, which costs a third of going step by step. plain says that every press led on to
// another control of the page, up to the last: what a page does against that is not to be seen at a run. dropped counts the
// presses in between that led to none.
func (x *try) run(most, tabbable int) (stops []stop, dropped int, plain bool, err error) {
	if _, err := ask[int](x, "top()"); err != nil {
		return nil, 0, false, err
	}
	seen := map[int]bool{}
	out := false // the last press led out of the page
	for len(stops) < most {
		n := min(stride, most-len(stops), max(tabbable+2-len(stops), 2))
		if err := x.t.Press(x.ctx, strings.Repeat(browser.KeyTab, n), browser.Plain); err != nil {
			return nil, 0, false, err
		}
		list, err := ask[[]*spot](x, "steps(%d)", n) // nothing: the focus did not stay where the last press led
		if err != nil || len(list) != n {
			return nil, 0, false, err
		}
		for _, s := range list {
			if s == nil && !out { // past the last control, unless another follows
				out = true
				continue
			}
			if out && (s == nil || seen[s.Key]) {
				return stops, dropped, true, x.looks(stops)
			}
			if out {
				out = false
				dropped++
			}
			if seen[s.Key] || s.Frame || s.stopsInside() {
				return nil, 0, false, nil
			}
			seen[s.Key] = true
			stops = append(stops, stop{spot: *s})
		}
	}
	return stops, dropped, true, x.looks(stops)
}

// manners looks at how the focus makes the controls look about which there is a doubt, one of a kind.
func (x *try) manners(stops []stop) error {
	seen := map[string]bool{}
	for i := range stops {
		p := &stops[i]
		if !p.Visible || !p.Doubtful || seen[p.Signature] || len(seen) >= maxLooks {
			continue
		}
		seen[p.Signature] = true
		if err := x.manner(&p.spot); err != nil {
			return err
		}
	}
	return nil
}

// looks goes back to the controls that one must look at twice.
func (x *try) looks(stops []stop) error {
	kinds := map[string]bool{}
	for i := range stops {
		p := &stops[i]
		if p.Visible && !x.hard(p, kinds) {
			continue
		}
		ok, err := ask[bool](x, "focus(%d)", p.Key)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		now, err := ask[*spot](x, "active()")
		if err != nil || now == nil || now.Key != p.Key {
			return err
		}
		if !p.Visible {
			p.spot = *now
			if !x.hard(p, kinds) {
				continue
			}
		}
		if p.dark, err = x.dark(now); err != nil {
			return err
		}
	}
	return nil
}

// manner tells how the focus makes an element look: letters that lose their contrast, a ring that is hardly to be seen, a bar
// that lies over it.
func (x *try) manner(s *spot) error {
	if ok, err := ask[bool](x, "focus(%d)", s.Key); err != nil || !ok {
		return err
	}
	m, err := ask[struct {
		Low     float64 `json:"low"`
		Covered bool    `json:"covered"`
		Weak    float64 `json:"weak"`
	}](x, "focused(%d)", s.Key)
	if err != nil {
		return err
	}
	if m.Low > 0 {
		x.failed("sonde-state-contrast", s, fmt.Sprintf(":focus %.2f:1", m.Low))
	}
	if m.Covered {
		x.failed("sonde-focus-covered", s, "")
	}
	if m.Weak > 0 {
		x.failed("sonde-focus-weak", s, fmt.Sprintf("%.2f:1", m.Weak))
	}
	return nil
}

// walk goes through the page step by step from its top. loop is the place in the list to which the last press led back, -1
// if to none.
func (x *try) walk(most int) (stops []stop, loop int, err error) {
	if _, err := ask[int](x, "top()"); err != nil {
		return nil, -1, err
	}
	at := map[int]int{}
	looks := map[string]bool{}
	within := 0 // halts inside the control that has the focus
	for range most {
		if err := x.t.Press(x.ctx, browser.KeyTab, browser.Plain); err != nil {
			return nil, -1, err
		}
		s, err := ask[*spot](x, "active()")
		if err != nil {
			return nil, -1, err
		}
		if s == nil { // past the last control
			break
		}
		if i, again := at[s.Key]; again {
			if i == len(stops)-1 && s.stopsInside() && within < maxInner {
				within++
				continue
			}
			return stops, i, nil
		}
		within = 0
		at[s.Key] = len(stops)
		p := stop{spot: *s}
		if x.hard(&p, looks) {
			if p.dark, err = x.dark(&p.spot); err != nil {
				return nil, -1, err
			}
		}
		stops = append(stops, p)
		if s.Frame {
			break // the frame has its own controls; what follows is not this page's to count
		}
	}
	return stops, -1, nil
}

// hard says whether only a picture can tell that the focus shows. One control of a kind is looked at.
func (x *try) hard(p *stop, looks map[string]bool) bool {
	if p.Outlined || !p.Visible || p.Frame || p.Rect.W > 1200 || p.Rect.H > 600 || looks[p.Signature] || len(looks) >= maxLooks {
		return false
	}
	if p.Tag == "textarea" || p.Tag == "input" && !slices.Contains([]string{"checkbox", "radio", "submit", "button", "image", "range", "file", "reset"}, p.Type) {
		return false // the caret shows
	}
	looks[p.Signature] = true
	return true
}

// ringRoom is how far from an element what shows its focus may be drawn, in pixels: some draw it by ::before.
const ringRoom = 48

// dark says whether nothing shows the focus (WCAG 2.4.7): no style that it changes, and no pixel around it. The tab key goes
// on from where the focus was.
func (x *try) dark(s *spot) (bool, error) {
	width, height := x.t.Size()
	on, err := ask[finding.Rect](x, "around(%d)", s.Key)
	if err != nil {
		return false, err
	}
	r := image.Rect(int(on.X)-ringRoom, int(on.Y)-ringRoom, int(on.X+on.W)+ringRoom, int(on.Y+on.H)+ringRoom).Intersect(image.Rect(0, 0, width, height))
	if r.Dx() < 3+ringRoom || r.Dy() < 3+ringRoom {
		return false, nil // out of the window
	}
	if plain, err := ask[bool](x, "styled()"); err != nil || plain {
		return false, err
	}
	r = r.Add(image.Pt(int(s.Rect.X)-int(s.View.X), int(s.Rect.Y)-int(s.View.Y)))
	with, err := x.t.View(x.ctx, r)
	if err != nil {
		return false, err
	}
	if _, err := ask[int](x, "blur()"); err != nil {
		return false, err
	}
	without, err := x.t.View(x.ctx, r)
	if err != nil {
		return false, err
	}
	return !differ(with, without), nil
}

// shows tells of the stops that are not to be seen, or whose focus is not.
func (x *try) shows(stops []stop) {
	for i := range stops {
		p := &stops[i]
		switch {
		case !p.Visible && !p.Frame:
			x.failed("sonde-focus-on-hidden", &p.spot, "")
		case p.dark:
			x.failed("sonde-focus-invisible", &p.spot, "")
		}
	}
}

// order finds steps that go against what the eyes see: up, or backwards on a line, within one group (WCAG 2.4.3).
func (x *try) order(stops []stop) {
	for i := 1; i < len(stops); i++ {
		a, b := &stops[i-1], &stops[i]
		if a.Group != b.Group || a.Fixed || b.Fixed || !a.Visible || !b.Visible || a.RTL || a.TabIndex > 0 || b.TabIndex > 0 {
			continue
		}
		up := b.Rect.Y+b.Rect.H <= a.Rect.Y+2 && b.Rect.X < a.Rect.X+a.Rect.W && a.Rect.X < b.Rect.X+b.Rect.W
		line := b.Rect.Y < a.Rect.Y+a.Rect.H/2 && a.Rect.Y < b.Rect.Y+b.Rect.H/2
		back := line && b.Rect.X+b.Rect.W <= a.Rect.X+2
		if up || back {
			if a.Form && b.Form {
				x.failed("sonde-focus-order", &b.spot, "")
			} else {
				x.review("sonde-focus-order", &b.spot, "")
			}
		}
	}
}

// reach names the controls that the walk did not come to and that nothing else leads to (WCAG 2.1.1).
func (x *try) reach(controls []spot, at map[int]int, cut, dropped bool) {
	for i := range controls {
		c := &controls[i]
		if _, reached := at[c.Key]; reached || c.Composite || c.Hidden || c.Inside {
			continue
		}
		switch {
		case c.TabIndex < 0 && (c.Native || c.Role == "button" || c.Role == "link" || c.Role == "checkbox"):
			x.failed("sonde-unreachable", c, "")
		case c.TabIndex >= 0 && c.Native && dropped:
			x.failed("sonde-focus-dropped", c, "")
		case c.TabIndex >= 0 && !cut && c.Native:
			x.review("sonde-unreachable", c, "")
		}
	}
}

// escape is what a page says of a key that leads out.
var escape = regexp.MustCompile(`(?i)(?:press|hit|use|appuye[zr] sur|touche|presser)\s+(?:the\s+|la\s+touche\s+)?["'«]?\s*(ctrl\s*\+\s*)?(esc(?:ape)?|échap|[a-z0-9])\b`)

// helps is what a control that offers help is called.
var helps = regexp.MustCompile(`(?i)help|how to|aide|comment`)

// traps looks for controls that the keyboard cannot leave (WCAG 2.1.2): the walk went round without seeing the rest.
func (x *try) traps(stops []stop, loop int, controls []spot, at map[int]int) error {
	if loop < 0 || len(stops) == 0 {
		return nil
	}
	cycle := stops[loop:]
	var missing int
	for _, c := range controls {
		if _, ok := at[c.Key]; !ok && c.TabIndex >= 0 && !c.Hidden && !c.Inside {
			missing++
		}
	}
	if loop == 0 && missing == 0 { // it began again from the top, as it should
		return nil
	}
	in := map[int]bool{}
	for _, s := range cycle {
		in[s.Key] = true
	}
	modal, err := browser.Eval[bool](x.ctx, x.t, `(() => { const a = sonde.deepActive(), d = a && a.closest("dialog:modal,[role=dialog][aria-modal=true],[role=alertdialog]"); return !!d })()`)
	if err != nil || modal {
		return err // a dialog keeps the focus; whether it lets go is tried where it opens
	}
	turn := len(cycle) + 1 // presses that go round once
	for i := range cycle {
		if cycle[i].stopsInside() {
			turn += maxInner
		}
	}
	out, err := x.leaves(in, browser.KeyTab, browser.Plain, turn)
	for _, way := range []struct {
		keys string
		with browser.Modifier
		n    int
	}{{browser.KeyTab, browser.Shift, turn}, {browser.KeyEscape + browser.KeyTab, browser.Plain, 2}, {browser.KeyEscape, browser.Plain, 1},
		{browser.KeyDown, browser.Plain, 1}, {browser.KeyRight, browser.Plain, 1}} {
		if out || err != nil {
			break
		}
		out, err = x.leaves(in, way.keys, way.with, way.n)
	}
	if err != nil {
		return err
	}
	last := &cycle[len(cycle)-1].spot
	if out {
		if missing > 0 && loop > 0 {
			x.review("sonde-keyboard-loop", last, "")
		}
		return nil
	}
	if out, err = x.saidWay(in, cycle); err != nil || out {
		return err
	}
	x.failed("sonde-keyboard-trap", last, "")
	return nil
}

// saidWay says whether the page names a key that leads out, and the key does. A control of the loop that offers help is asked.
func (x *try) saidWay(in map[int]bool, cycle []stop) (bool, error) {
	const visible = `(document.body ? document.body.innerText : "").slice(0, 20000)`
	for _, s := range append([]stop{{}}, cycle...) {
		if s.Key != 0 {
			if !helps.MatchString(s.Name) {
				continue
			}
			if ok, err := ask[bool](x, "focus(%d)", s.Key); err != nil || !ok {
				return false, err
			}
			if err := x.t.Press(x.ctx, browser.KeyEnter, browser.Plain); err != nil {
				return false, err
			}
			x.pause(react)
		}
		text, err := browser.Eval[string](x.ctx, x.t, visible)
		if err != nil {
			return false, err
		}
		m := escape.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		key, with := strings.ToLower(m[2]), browser.Plain
		if m[1] != "" {
			with = browser.Ctrl
		}
		if len(key) > 1 {
			key = browser.KeyEscape
		}
		for _, s := range cycle { // the key may be one control's alone
			if _, err := ask[bool](x, "focus(%d)", s.Key); err != nil {
				return false, err
			}
			if err := x.t.Press(x.ctx, key, with); err != nil {
				return false, err
			}
			if out, err := x.leaves(in, browser.KeyTab, browser.Plain, len(cycle)+1); err != nil || out {
				return out, err
			}
		}
	}
	return false, nil
}

// leaves presses keys n times and says whether the focus came out of the set.
func (x *try) leaves(in map[int]bool, keys string, with browser.Modifier, n int) (bool, error) {
	for range n {
		if err := x.t.Press(x.ctx, keys, with); err != nil {
			return false, err
		}
		s, err := ask[*spot](x, "active()")
		if err != nil {
			return false, err
		}
		if s == nil || !in[s.Key] {
			return true, nil
		}
	}
	return false, nil
}
