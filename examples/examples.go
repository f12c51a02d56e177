// Package examples embeds the example files, so that the demo runs on what a reader of the documentation sees. It
// loads nothing.
package examples

import _ "embed"

// Campaign is campaign.yaml: the reference campaign, with scenarios and personas.
//
//go:embed campaign.yaml
var Campaign []byte

// Editions is editions.csv: the programme's published figures, beside which a campaign is drawn.
//
//go:embed editions.csv
var Editions []byte
