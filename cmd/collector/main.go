// Command collector pulls the probers' journals, computes the figures and shows them.
package main

import (
	"context"
	"io"
	"os"
	_ "time/tzdata" // a measuring machine may have no zone database

	"github.com/sonde-fleet/sonde/internal/cli"
)

type grammar struct {
	Config string `help:"Configuration file." default:"collector.yaml" placeholder:"FILE"`
	JSON   bool   `name:"json" help:"One JSON object per line on stdout."`

	Run        runCmd        `cmd:"" help:"Pull the probers and serve the site."`
	Pull       pullCmd       `cmd:"" help:"Pull every prober once."`
	Report     reportCmd     `cmd:"" help:"Print response rates and delays."`
	Outcomes   outcomesCmd   `cmd:"" help:"Export one row per audit."`
	Scores     scoresCmd     `cmd:"" help:"Scores and ranks of the structures, each with its interval."`
	Items      itemsCmd      `cmd:"" help:"Export one row per item of every audit that is scored."`
	Grid       gridCmd       `cmd:"" help:"The 400 items with their weights and rules."`
	Editions   editionsCmd   `cmd:"" help:"Figures of earlier editions and of our own campaigns, year by year."`
	Press      pressCmd      `cmd:"" help:"What may be quoted: figures, firsts and a sentence for each."`
	Opendata   opendataCmd   `cmd:"" help:"Write what anybody may have: no names, every row common to several structures."`
	Experiment experimentCmd `cmd:"" help:"What the campaign's experiment found: balance, effects with intervals, attrition."`
	Survival   survivalCmd   `cmd:"" help:"Kaplan–Meier figures of a CSV file with columns group,time,event."`
	Anomalies  anomaliesCmd  `cmd:"" help:"List what an auditor must look at."`
	Verdict    verdictCmd    `cmd:"" help:"Sign a decision on an anomaly."`
	Import     importCmd     `cmd:"" help:"Sign the decisions of a CSV file."`
	Export     exportCmd     `cmd:"" help:"Write the trail of what people decided, so that anybody can prove it."`
	Verify     verifyCmd     `cmd:"" help:"Prove that what was pulled is whole, and the trail a chain."`
}

// app is what every command is given.
type app struct {
	ctx    context.Context
	config string
	*cli.Output
}

func main() {
	ctx, stop := cli.Context()
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var g grammar
	return cli.Run(&g, &g.JSON, "collector", "Pulls what the probers recorded, and turns it into figures.", args, stdout, stderr,
		func(out *cli.Output) any { return &app{ctx: ctx, config: g.Config, Output: out} })
}
