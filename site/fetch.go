package site

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/sonde-fleet/sonde/stats"
)

// Fetch reads the outcomes of a running collector with the client. An answer that breaks off is an error, never a shorter
// list.
func Fetch(ctx context.Context, client *http.Client, url string) ([]stats.Outcome, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(url, "/")+"/api/v1/outcomes", nil)
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(q)
	if err != nil {
		return nil, fmt.Errorf("collector: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("collector %s: %s", url, resp.Status)
	}
	var out []stats.Outcome
	d := json.NewDecoder(bufio.NewReader(resp.Body))
	for {
		var o stats.Outcome
		err := d.Decode(&o)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("collector %s: %w", url, err)
		}
		out = append(out, o)
	}
}
