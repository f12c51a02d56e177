package control

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/sonde-fleet/sonde/probes"
)

// Client asks one prober. An order is sent once: whoever gets no reply sends it again with the same key.
type Client struct {
	URL   string // of the prober's feed
	Token string
	HTTP  *http.Client // nil: http.DefaultClient
}

// Status returns how the prober and its campaign stand.
func (c *Client) Status(ctx context.Context) (*Status, error) {
	return ask[*Status](ctx, c, "/control/status")
}

// Pause keeps what is in the scope from being started. Tries under way go on, answers are still watched for.
func (c *Client) Pause(ctx context.Context, o Order, s Scope) (Done, error) {
	return send[Done](ctx, c, "/control/pause", o, s)
}

// Resume ends a pause of the same scope. What came due meanwhile follows the campaign's policy for late audits.
func (c *Client) Resume(ctx context.Context, o Order, s Scope) (Done, error) {
	return send[Done](ctx, c, "/control/resume", o, s)
}

// Cancel takes out every audit of the scope of which nothing can have left. It needs a reason.
func (c *Client) Cancel(ctx context.Context, o Order, s Scope) (Done, error) {
	return send[Done](ctx, c, "/control/cancel", o, s)
}

// Resolve decides an audit that is in doubt or made by hand. The reason is the proof.
func (c *Client) Resolve(ctx context.Context, o Order, r Resolution) (Done, error) {
	return send[Done](ctx, c, "/control/resolve", o, r)
}

// Suppress never contacts the structure again, at once. There is no way back in this campaign.
func (c *Client) Suppress(ctx context.Context, o Order, id probes.StructureID) (Done, error) {
	return send[Done](ctx, c, "/control/suppress", o, map[string]probes.StructureID{"structure": id})
}

// Plan computes the timetable of the prober's files as they are now, with the changes, and launches nothing.
func (c *Client) Plan(ctx context.Context, w WhatIf) (p *Plan, err error) {
	err = c.do(ctx, http.MethodPost, "/control/plan", "", w, &p)
	return p, err
}

// Launch launches the campaign that the prober waits to launch (Status.AwaitingLaunch). It returns when the timetable is
// in the journal, which may take a minute for half a million audits.
func (c *Client) Launch(ctx context.Context, o Order, a Approval) (probes.Launch, error) {
	return send[probes.Launch](ctx, c, "/control/launch", o, a)
}

// Again asks for another try of an audit that was spoiled, as a new audit, which it returns. It needs a reason.
func (c *Client) Again(ctx context.Context, o Order, id probes.AuditID) (probes.Audit, error) {
	return send[probes.Audit](ctx, c, "/control/again", o, map[string]probes.AuditID{"audit": id})
}

// Queue returns at most max audits that are in doubt, by hand or awaiting their channel, after the one that is named.
func (c *Client) Queue(ctx context.Context, s probes.Status, after probes.AuditID, max int) (*Queue, error) {
	v := url.Values{"state": {string(s)}, "after": {string(after)}, "max": {strconv.Itoa(max)}}
	return ask[*Queue](ctx, c, "/control/queue?"+v.Encode())
}

// State returns where an audit stands.
func (c *Client) State(ctx context.Context, id probes.AuditID) (probes.State, error) {
	return ask[probes.State](ctx, c, "/control/state/"+url.PathEscape(string(id)))
}

// Structure returns what the journal says of a structure.
func (c *Client) Structure(ctx context.Context, id probes.StructureID) (Enrolled, error) {
	return ask[Enrolled](ctx, c, "/control/structure/"+url.PathEscape(string(id)))
}

// Backup writes the journals into w as a tar archive.
func (c *Client) Backup(ctx context.Context, w io.Writer) error {
	return c.do(ctx, http.MethodGet, "/control/backup", "", nil, w)
}

// Verify lets the prober prove that its journal and evidence are whole.
func (c *Client) Verify(ctx context.Context) error {
	return c.do(ctx, http.MethodGet, "/control/verify", "", nil, nil)
}

// ask reads what the prober answers.
func ask[T any](ctx context.Context, c *Client, path string) (out T, err error) {
	err = c.do(ctx, http.MethodGet, path, "", nil, &out)
	return out, err
}

// send posts an order: its own fields and those of what is ordered are one object.
func send[T any](ctx context.Context, c *Client, path string, o Order, what any) (out T, err error) {
	raw, err := json.Marshal(what)
	if err != nil {
		return out, err
	}
	body := map[string]any{}
	if err := json.Unmarshal(raw, &body); err != nil {
		return out, err
	}
	body["by"], body["reason"] = o.By, o.Reason
	if o.Key == "" {
		o.Key = rand.Text()
	}
	err = c.do(ctx, http.MethodPost, path, o.Key, body, &out)
	return out, err
}

// do asks the prober; out may be nil, an io.Writer for the raw body, or what the JSON is decoded into.
func (c *Client) do(ctx context.Context, method, path, key string, in, out any) error {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(raw)
	}
	q, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.URL, "/")+path, body)
	if err != nil {
		return err
	}
	if in != nil {
		q.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		q.Header.Set("Idempotency-Key", key)
	}
	if c.Token != "" {
		q.Header.Set("Authorization", "Bearer "+c.Token)
	}
	client := c.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(q)
	if err != nil {
		return fmt.Errorf("ask the prober: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return said(resp)
	}
	switch out := out.(type) {
	case nil:
		return nil
	case io.Writer:
		_, err = io.Copy(out, resp.Body)
	default:
		err = json.NewDecoder(resp.Body).Decode(out)
	}
	if err != nil {
		return fmt.Errorf("answer of the prober to %s: %w", path, err)
	}
	return nil
}

// said keeps what the prober said instead of an answer.
func said(resp *http.Response) error {
	raw, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<20)) // what came of it is told
	e := &Error{Code: resp.StatusCode, Title: http.StatusText(resp.StatusCode), Detail: strings.TrimSpace(string(raw))}
	if kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); kind == problemType {
		var p Error
		if json.Unmarshal(raw, &p) == nil && p.Detail != "" {
			p.Code = resp.StatusCode
			e = &p
		}
	}
	if e.Detail == "" {
		e.Detail = resp.Status
	}
	return e
}
