// Package openapi holds the description of the collector's API, so that programs and people read the same one and the code
// follows from it: types and server are generated. It answers no request; package site does.
package openapi

import (
	_ "embed"
	"fmt"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/goccy/go-yaml"

	"github.com/sonde-fleet/sonde/report"
	"github.com/sonde-fleet/sonde/stats"
)

//go:generate go tool oapi-codegen -config oapi-codegen.yaml openapi.yaml

// YAML is the description.
//
//go:embed openapi.yaml
var YAML []byte

// JSON returns the description as JSON.
var JSON = sync.OnceValues(func() ([]byte, error) {
	out, err := yaml.YAMLToJSON(YAML)
	if err != nil {
		return nil, fmt.Errorf("openapi: %w", err)
	}
	return out, nil
})

// Load returns the description, checked.
func Load() (*openapi3.T, error) {
	text, err := JSON()
	if err != nil {
		return nil, err
	}
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(text)
	if err != nil {
		return nil, fmt.Errorf("openapi: %w", err)
	}
	if err := doc.Validate(loader.Context); err != nil {
		return nil, fmt.Errorf("openapi: %w", err)
	}
	return doc, nil
}

// AuditWithReview is an outcome as one audit's own address gives it: the columns of the list, and what the review needs.
type AuditWithReview struct {
	report.Row
	Target     string          `json:"target,omitempty"`
	From       string          `json:"from,omitempty"`
	Confidence float64         `json:"confidence,omitempty"`
	Skew       int64           `json:"skew_ms,omitempty"`
	Contrary   []string        `json:"contrary,omitempty"`
	Call       *stats.Call     `json:"call,omitempty"`
	Verdicts   []stats.Verdict `json:"verdicts,omitempty"`
	Disputes   []stats.Dispute `json:"disputes,omitempty"`
}

// GroupWithCurve is a group of a report with its curve.
type GroupWithCurve struct {
	report.Line
	Curve []CurveStep `json:"curve"`
}
