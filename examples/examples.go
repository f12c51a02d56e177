// Package examples embeds the example files, so that the demo runs on what a reader of the documentation sees. It
// loads nothing.
package examples

import _ "embed"

// Campaign is campaign.yaml: the reference campaign, with scenarios and personas.
//
//go:embed campaign.yaml
var Campaign []byte
