package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/sonde-fleet/sonde/internal/cli"
	"github.com/sonde-fleet/sonde/probes/mail/classify"
	"github.com/sonde-fleet/sonde/probes/mail/message"
)

type classifyCmd struct {
	Files []string `arg:"" help:"Mail files (RFC 5322), or folders of them."`
}

// classified is a line of `prober classify -json`.
type classified struct {
	File       string   `json:"file"`
	Class      string   `json:"class"`
	Answer     string   `json:"answer,omitempty"`
	Status     string   `json:"status"`
	ReplyCode  string   `json:"reply_code"`
	Reason     string   `json:"reason"`
	Hard       bool     `json:"hard"`
	Recipient  string   `json:"recipient"`
	MessageID  string   `json:"original_message_id"`
	Language   string   `json:"language"`
	Confidence float64  `json:"confidence"`
	Rules      []string `json:"rules"`
}

func (c *classifyCmd) Run(a *app) error {
	files, err := expand(c.Files)
	if err != nil {
		return cli.UsageError{Err: err}
	}
	var faults []error
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			faults = append(faults, err) // the other files are classified all the same
			continue
		}
		r := classify.Classify(message.Parse(raw, message.Limits{}))
		if r.Rules == nil {
			r.Rules = []string{}
		}
		if a.JSON {
			err = a.Object(classified{name, r.Class, r.Answer, r.Status, r.ReplyCode, r.Reason, r.Hard, r.Recipient, r.OriginalMessageID,
				r.Language, r.Confidence, r.Rules})
			if err != nil {
				return err
			}
			continue
		}
		what := strings.TrimSpace(strings.Join([]string{r.Answer, r.Status, r.ReplyCode, r.Reason, r.Recipient}, " "))
		a.Printf("%-40s %-16s %-60s %s (%.2f: %s)\n", filepath.Base(name), r.Class, what, r.Language, r.Confidence, strings.Join(r.Rules, ", "))
	}
	return errors.Join(faults...)
}

// expand replaces folders by the files in them.
func expand(names []string) (files []string, err error) {
	for _, name := range names {
		fi, err := os.Stat(name)
		if err != nil {
			return nil, err
		}
		if !fi.IsDir() {
			files = append(files, name)
			continue
		}
		entries, err := os.ReadDir(name)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if e.Type().IsRegular() {
				files = append(files, filepath.Join(name, e.Name()))
			}
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no file in %s", strings.Join(names, ", "))
	}
	return files, nil
}
