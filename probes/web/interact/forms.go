package interact

import (
	"github.com/sonde-fleet/sonde/probes/web/browser"
)

// attempt is what a form said when it was sent empty, with nothing leaving.
type attempt struct {
	Said     string `json:"said"`     // the messages that appeared
	Bound    int    `json:"bound"`    // fields that are told to be wrong to who hears them
	Named    bool   `json:"named"`    // a message names a field
	Coloured bool   `json:"coloured"` // fields changed their colours
}

// forms sends each form empty, in a page that lets nothing out, and reads what the page itself says of it (WCAG 3.3.1).
func (x *try) forms() error {
	list, err := ask[[]spot](x, "forms()")
	if err != nil {
		return err
	}
	for i := range list {
		f := &list[i]
		leads := len(x.t.Current().Leads)
		native, err := ask[bool](x, "submits(%d)", f.Key)
		if err != nil {
			return err
		}
		if native {
			continue // the browser says it, field by field
		}
		if err := x.t.Press(x.ctx, browser.KeyEnter, browser.Plain); err != nil {
			return err
		}
		x.pause(2 * react)
		if len(x.t.Current().Leads) > leads {
			continue // it was sent: the page itself looks for nothing
		}
		a, err := ask[attempt](x, "answers(%d)", f.Key)
		if err != nil {
			return err
		}
		switch {
		case a.Said == "" && a.Coloured && a.Bound == 0:
			x.failed("sonde-error-by-colour", f, "")
		case a.Said == "":
		case !a.Named && a.Bound == 0:
			x.failed("sonde-error-not-identified", f, a.Said)
		case a.Bound == 0:
			x.failed("sonde-error-not-linked", f, a.Said)
		}
	}
	return nil
}
