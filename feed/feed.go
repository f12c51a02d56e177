// Package feed is the pull protocol between prober and collector, both ends. A prober's journal is a numbered list;
// the collector asks for what comes after N and files it under (prober, N), so pulling twice changes nothing. It
// stores nothing itself.
//
// A page is a CBOR array (RFC 8949) of encoded records, compressed with Zstandard (RFC 8878). Evidence is asked for
// by its SHA-256 and checked on arrival.
package feed

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/klauspost/compress/zstd"
	"github.com/sonde-fleet/sonde/probes"
)

const (
	pageType   = "application/cbor+zstd"
	headName   = "Sonde-Prober"
	headLast   = "Sonde-Last"
	maxPage    = 5000
	maxWait    = time.Minute
	maxBody    = 64 << 20 // octets of a page, compressed or not
	maxRecords = 1 << 17
)

// Source is the journal that a prober offers.
type Source interface {
	Page(after uint64, max int) ([][]byte, error)
	Evidence(probes.Hash) ([]byte, error)
	Last() uint64
	Changed() <-chan struct{}
}

// Handler serves the journal of the named prober to who knows the token; an empty token serves everybody, which is for
// loopback and for the control socket.
//
//	GET /v1/journal?after=N&max=M&wait=SECONDS
//	GET /v1/evidence/SHA256
func Handler(prober string, s Source, token string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/journal", func(w http.ResponseWriter, q *http.Request) { journal(w, q, prober, s) })
	mux.HandleFunc("GET /v1/evidence/{hash}", func(w http.ResponseWriter, q *http.Request) {
		body, err := s.Evidence(probes.Hash(q.PathValue("hash")))
		if err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Write(body)
	})
	if token == "" {
		return mux
	}
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if !Authorized(q, token) {
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "the feed's token is missing or wrong; Try: set the same token in prober.yaml and collector.yaml", http.StatusUnauthorized)
			return
		}
		mux.ServeHTTP(w, q)
	})
}

// Authorized says whether the request carries the token (RFC 6750).
func Authorized(q *http.Request, token string) bool {
	given, _ := strings.CutPrefix(q.Header.Get("Authorization"), "Bearer ")
	return subtle.ConstantTimeCompare([]byte(given), []byte(token)) == 1
}

func journal(w http.ResponseWriter, q *http.Request, prober string, s Source) {
	after, err := strconv.ParseUint(q.FormValue("after"), 10, 64)
	if err != nil && q.FormValue("after") != "" {
		http.Error(w, "after: not a record number", http.StatusBadRequest)
		return
	}
	max, err := strconv.Atoi(q.FormValue("max"))
	if err != nil || max < 1 || max > maxPage {
		max = maxPage
	}
	if seconds, err := strconv.Atoi(q.FormValue("wait")); err == nil && seconds > 0 {
		await(q.Context(), s, after, min(time.Duration(seconds)*time.Second, maxWait))
	}
	page, err := s.Page(after, max)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	// The page is a copy: no transaction is open while the network takes its time.
	raw, err := cbor.Marshal(page)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", pageType)
	w.Header().Set(headName, prober)
	w.Header().Set(headLast, strconv.FormatUint(s.Last(), 10))
	z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return
	}
	z.Write(raw)
	z.Close()
}

// await returns when the journal has something after the number, or d is over.
func await(ctx context.Context, s Source, after uint64, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	for {
		changed := s.Changed()
		if s.Last() > after {
			return
		}
		select {
		case <-changed:
		case <-t.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// Page is what a pull brought.
type Page struct {
	Prober  string
	Last    uint64 // number of the prober's newest record
	Records [][]byte
}

// Client pulls one prober.
type Client struct {
	URL   string
	Token string
	HTTP  *http.Client // nil: http.DefaultClient
}

// Pull returns at most max records after the number, waiting up to wait for one to come. Errors name the prober's URL.
func (c *Client) Pull(ctx context.Context, after uint64, max int, wait time.Duration) (Page, error) {
	q := url.Values{"after": {strconv.FormatUint(after, 10)}, "max": {strconv.Itoa(max)},
		"wait": {strconv.Itoa(int(wait.Seconds()))}}
	resp, err := c.get(ctx, "/v1/journal?"+q.Encode())
	if err != nil {
		return Page{}, err
	}
	defer resp.Body.Close()
	z, err := zstd.NewReader(io.LimitReader(resp.Body, maxBody), zstd.WithDecoderMaxMemory(maxBody), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return Page{}, fmt.Errorf("pull %s: %w", c.URL, err)
	}
	defer z.Close()
	raw, err := io.ReadAll(io.LimitReader(z, maxBody))
	if err != nil {
		return Page{}, fmt.Errorf("pull %s: %w", c.URL, err)
	}
	p := Page{Prober: resp.Header.Get(headName)}
	p.Last, _ = strconv.ParseUint(resp.Header.Get(headLast), 10, 64)
	if p.Records, err = decodePage(raw); err != nil {
		return Page{}, fmt.Errorf("pull %s: %w", c.URL, err)
	}
	return p, nil
}

var pageMode = func() cbor.DecMode {
	m, err := cbor.DecOptions{MaxArrayElements: maxRecords, MaxNestedLevels: 4}.DecMode()
	if err != nil {
		panic(err)
	}
	return m
}()

func decodePage(raw []byte) (page [][]byte, err error) {
	if err := pageMode.Unmarshal(raw, &page); err != nil {
		return nil, fmt.Errorf("not a page: %w", err)
	}
	return page, nil
}

// Evidence fetches the bytes under a hash and proves that they are the ones.
func (c *Client) Evidence(ctx context.Context, h probes.Hash) ([]byte, error) {
	resp, err := c.get(ctx, "/v1/evidence/"+url.PathEscape(string(h)))
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return nil, fmt.Errorf("evidence %s: %w", h, err)
	}
	if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != string(h) {
		return nil, fmt.Errorf("evidence %s from %s: the bytes have another hash", h, c.URL)
	}
	return body, nil
}

// errRefused is what a prober answered instead of a page.
var errRefused = errors.New("refused")

func (c *Client) get(ctx context.Context, path string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(c.URL, "/")+path, nil)
	if err != nil {
		return nil, err
	}
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	client := c.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("pull: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		said, _ := io.ReadAll(io.LimitReader(resp.Body, 1000))
		return nil, fmt.Errorf("%s%s: %s: %s: %w", c.URL, path, resp.Status, strings.TrimSpace(string(said)), errRefused)
	}
	return resp, nil
}
