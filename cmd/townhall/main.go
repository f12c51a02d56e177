// Command townhall runs a simulated town: real SMTP, IMAP and SIP servers behind which forty public services answer,
// or do not, in ways that are known beforehand.
package main

import (
	"context"
	"io"
	"os"
	_ "time/tzdata" // a measuring machine may have no zone database

	"github.com/sonde-fleet/sonde/internal/cli"
)

type grammar struct {
	JSON bool `name:"json" help:"One JSON object per line on stdout."`

	Init initCmd `cmd:"" help:"Write the town's directory, a campaign and the configuration of prober and collector."`
	Run  runCmd  `cmd:"" help:"Serve the town until it is stopped."`
	Demo demoCmd `cmd:"" help:"Run town, prober and collector together, and compare what was measured with the truth."`
}

// app is what every command is given.
type app struct {
	ctx context.Context
	*cli.Output
}

func main() {
	ctx, stop := cli.Context()
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var g grammar
	return cli.Run(&g, &g.JSON, "townhall", "Simulates a town of public services, with a known truth.", args, stdout, stderr,
		func(out *cli.Output) any { return &app{ctx: ctx, Output: out} })
}
