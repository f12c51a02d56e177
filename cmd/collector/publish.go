package main

import (
	"fmt"
	"io"
	"time"

	"github.com/sonde-fleet/sonde/report"
	"github.com/sonde-fleet/sonde/report/opendata"
)

type opendataCmd struct {
	Campaign string `help:"The campaign; the newest when not given." placeholder:"ID"`
	K        int    `name:"common-to" short:"k" help:"Structures that every published row must be common to." default:"5" placeholder:"N"`
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

type pressCmd struct {
	Campaign string `help:"The campaign; the newest when not given." placeholder:"ID"`
	Lang     string `help:"Language of the sentences: fr or en." enum:"fr,en" default:"fr"`
	Format   string `help:"text (a sentence a line), csv, xlsx or jsonl (figures and sentences in both languages)." enum:"text,csv,xlsx,jsonl" default:"text"`
	Out      string `help:"File to write instead of stdout." placeholder:"FILE"`
}

func (c *pressCmd) Run(a *app) error {
	e, err := a.edition(c.Campaign)
	if err != nil {
		return err
	}
	site, err := a.siteURL()
	if err != nil {
		return err
	}
	headlines, err := report.Headlines(e.outcomes, nil)
	if err != nil {
		return err
	}
	if a.JSON {
		c.Format = "jsonl"
	}
	table := report.PressTable(headlines, e.sheet, site)
	return a.outFile(c.Out, func(w io.Writer) error {
		switch c.Format {
		case "csv":
			return table.CSV(w)
		case "xlsx":
			return report.XLSX(w, table)
		case "jsonl":
			return table.JSON(w)
		}
		for _, s := range report.Sentences(&table, c.Lang == "fr") {
			if _, err := fmt.Fprintln(w, s); err != nil {
				return err
			}
		}
		return nil
	})
}
