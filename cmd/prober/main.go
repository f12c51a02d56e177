// Command prober plans a campaign, contacts the structures when they are due, and watches for their answers.
package main

import (
	"context"
	"io"
	"os"
	_ "time/tzdata" // a measuring machine may have no zone database

	"github.com/sonde-fleet/sonde/internal/cli"
)

type grammar struct {
	Config string `help:"Configuration file." default:"prober.yaml" placeholder:"FILE"`
	JSON   bool   `name:"json" help:"One JSON object per line on stdout."`

	Check       checkCmd       `cmd:"" help:"Report every fault of configuration, campaign and directory at once."`
	Plan        planCmd        `cmd:"" help:"Show the timetable of the campaign."`
	Power       powerCmd       `cmd:"" help:"Say what the campaign's experiment can find, before it is launched."`
	Preregister preregisterCmd `cmd:"" help:"Write down what the experiment decides, under one SHA-256 that can be published."`
	Run         runCmd         `cmd:"" help:"Run the agent: contact what is due, watch for answers."`
	Probe       probeCmd       `cmd:"" help:"Make one audit now and show what happens."`
	Classify    classifyCmd    `cmd:"" help:"Say what mail files are: bounce, acknowledgement, answer…"`
	Journal     journalCmd     `cmd:"" help:"Print the events of the journal."`
	Status      statusCmd      `cmd:"" help:"Show where the campaign stands."`
	Launch      launchCmd      `cmd:"" help:"Launch the campaign that waits for the order (launch: order)."`
	Pause       pauseCmd       `cmd:"" help:"Contact nobody of the campaign, or of a part of it, until resume; answers are still watched."`
	Resume      resumeCmd      `cmd:"" help:"Go on after pause."`
	Cancel      cancelCmd      `cmd:"" help:"Take out what has not left: a wave, a structure, an audit or the whole campaign."`
	Again       againCmd       `cmd:"" help:"Plan another try of an audit that we spoiled or missed."`
	Resolve     resolveCmd     `cmd:"" help:"Decide an audit that is in doubt."`
	Suppress    suppressCmd    `cmd:"" help:"Never contact a structure again, at once."`
	Backup      backupCmd      `cmd:"" help:"Write the journals into a tar file."`
	Verify      verifyCmd      `cmd:"" help:"Prove that journal and evidence are whole."`
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
	return cli.Run(&g, &g.JSON, "prober", "Contacts public services as a citizen would, and records what happens.", args, stdout, stderr,
		func(out *cli.Output) any { return &app{ctx: ctx, config: g.Config, Output: out} })
}
