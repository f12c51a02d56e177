package main

import (
	"time"

	"github.com/sonde-fleet/sonde/report/opendata"
)

type opendataCmd struct {
	Campaign string `help:"The campaign; the newest when not given." placeholder:"ID"`
	K        int    `name:"k" help:"Structures that every published row must be common to." default:"5" placeholder:"N"`
	Out      string `help:"Folder to write." required:"" placeholder:"DIR"`
}

func (c *opendataCmd) Run(a *app) error {
	e, err := a.edition(c.Campaign)
	if err != nil {
		return err
	}
	s, err := opendata.Write(c.Out, opendata.Input{Launch: e.launch, Sheet: e.sheet, Outcomes: e.outcomes, K: c.K, At: time.Now()})
	if err != nil {
		return err
	}
	if a.JSON {
		return a.Object(s)
	}
	a.Printf("%s: %d of %d audits, every row common to at least %d structures (the smallest class has %d); %d left out, and %d groups of the figures\n",
		c.Out, s.Rows-s.Suppressed, s.Rows, s.K, s.Smallest, s.Suppressed, s.Groups)
	return nil
}
