package site

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/munnerz/goautoneg"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/site/openapi"
)

// apiRoot begins the addresses of the API.
const apiRoot = "/api/v1/"

// maxBody is how many octets a request to the API may have.
const maxBody = 64 << 10

// api serves what site/openapi/openapi.yaml describes. What the description says of a request (parameters, their values, the
// body, the right that it needs) is held to it here, once, before the operation sees it.
type api struct {
	*server
	doc     *openapi3.T
	mux     *http.ServeMux
	signing sync.Mutex // a verdict is checked and written at once
	order   ordering
	queued  queued
}

// api returns the site with the API in front of it.
func (s *server) api(pages http.Handler) (http.Handler, error) {
	doc, err := openapi.Load()
	if err != nil {
		return nil, err
	}
	a := &api{server: s, doc: doc, mux: http.NewServeMux()}
	strict := openapi.NewStrictHandlerWithOptions(a, []openapi.StrictMiddlewareFunc{withRequest},
		openapi.StrictHTTPServerOptions{RequestErrorHandlerFunc: malformed, ResponseErrorHandlerFunc: failed})
	openapi.HandlerWithOptions(strict, openapi.StdHTTPServerOptions{BaseRouter: a, ErrorHandlerFunc: malformed})
	a.HandleFunc("GET /api/v1/outcomes", s.outcomesNDJSON)
	a.HandleFunc("GET /api/v1/report", s.report)
	a.HandleFunc("GET /api/v1/evidence/{sha256}", a.evidenceFile)
	a.HandleFunc("GET /api/v1/openapi.yaml", described("application/yaml", func() ([]byte, error) { return openapi.YAML, nil }))
	a.HandleFunc("GET /api/v1/openapi.json", described("application/json", openapi.JSON))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, apiRoot) {
			a.ServeHTTP(w, r)
			return
		}
		pages.ServeHTTP(w, r)
	}), nil
}

// HandleFunc registers an operation behind everything that its description demands.
func (a *api) HandleFunc(pattern string, h func(http.ResponseWriter, *http.Request)) {
	method, path, _ := strings.Cut(pattern, " ")
	item := a.doc.Paths.Value(path)
	op := item.GetOperation(method)
	o := &call{op: op}
	for media := range op.Responses.Status(success(op)).Value.Content {
		o.gives = append(o.gives, media)
	}
	slices.Sort(o.gives)
	stream := slices.Contains(op.Tags, "files")
	if !stream {
		h = etagged(h)
	}
	h = o.held(h, stream)
	if right, ok := op.Extensions["x-right"].(string); ok {
		h = a.need(access.Right(right), h)
	}
	a.mux.HandleFunc(pattern, h)
}

// ServeHTTP answers with a problem where nothing is registered.
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h, pattern := a.mux.Handler(r)
	if pattern != "" {
		a.mux.ServeHTTP(w, r)
		return
	}
	none := &held{header: http.Header{}}
	h.ServeHTTP(none, r)
	if none.code == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", none.header.Get("Allow"))
		problemJSON(w, none.code, r.Method+" is not one of the methods here; Try: "+none.header.Get("Allow"))
		return
	}
	problemJSON(w, http.StatusNotFound, "there is no such address; Try: /api/v1/openapi.json, which lists them")
}

func success(op *openapi3.Operation) int {
	for _, code := range []int{http.StatusOK, http.StatusCreated, http.StatusNoContent} {
		if op.Responses.Status(code) != nil {
			return code
		}
	}
	return 0
}

// refusal is an answer that is a problem: what is wrong, and how to mend it.
type refusal struct {
	code              int
	parameter, detail string
}

func (r *refusal) Error() string { return r.detail }

// problem writes a refusal.
func (r *refusal) problem(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(r.code)
	p := openapi.Problem{Type: "about:blank", Title: http.StatusText(r.code), Status: r.code, Detail: r.detail}
	if r.parameter != "" {
		p.Parameter = &r.parameter
	}
	_ = json.NewEncoder(w).Encode(p) // the reader has gone
}

// problemJSON writes an RFC 9457 problem.
func problemJSON(w http.ResponseWriter, code int, detail string) {
	(&refusal{code: code, detail: detail}).problem(w)
}

// malformed answers what the generated code cannot read; held has refused nearly all of it before.
func malformed(w http.ResponseWriter, _ *http.Request, err error) {
	problemJSON(w, http.StatusBadRequest, err.Error())
}

// failed answers with the refusal, or says that the fault is ours.
func failed(w http.ResponseWriter, r *http.Request, err error) {
	var known *refusal
	if errors.As(err, &known) {
		known.problem(w)
		return
	}
	slog.Error("API failed", "path", r.URL.Path, "err", err)
	problemJSON(w, http.StatusInternalServerError, "the collector could not do it; its log says why")
}

type requestKey struct{}

// withRequest hands the request on to the operation, which the generated code keeps from it.
func withRequest(f openapi.StrictHandlerFunc, _ string) openapi.StrictHandlerFunc {
	return func(ctx context.Context, w http.ResponseWriter, r *http.Request, request any) (any, error) {
		return f(context.WithValue(ctx, requestKey{}, r), w, r, request)
	}
}

func requestOf(ctx context.Context) *http.Request { return ctx.Value(requestKey{}).(*http.Request) }

// call is what a request is held to.
type call struct {
	op    *openapi3.Operation
	gives []string // media types
}

// held refuses a request that is not as the description says.
func (o *call) held(h http.HandlerFunc, stream bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if accept := r.Header.Get("Accept"); accept != "" && len(o.gives) > 0 && goautoneg.Negotiate(accept, o.gives) == "" {
			problemJSON(w, http.StatusNotAcceptable, "the answer is "+strings.Join(o.gives, " or ")+"; Try: Accept: "+o.gives[0])
			return
		}
		if why := o.parameters(r, stream); why != nil {
			why.problem(w)
			return
		}
		if o.op.RequestBody != nil {
			if why := o.body(w, r); why != nil {
				why.problem(w)
				return
			}
		}
		h(w, r)
	}
}

// parameters holds the parameters to their schemas. Streams keep the looser reading that they always had of names.
func (o *call) parameters(r *http.Request, stream bool) *refusal {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return &refusal{http.StatusBadRequest, "", "the query cannot be read: " + err.Error() + "; Try: percent-encode what is not a letter or a digit"}
	}
	if !stream {
		var known []string
		for _, p := range o.op.Parameters {
			if p.Value.In == openapi3.ParameterInQuery {
				known = append(known, p.Value.Name)
			}
		}
		for name, values := range query {
			switch {
			case !slices.Contains(known, name) && len(known) == 0:
				return &refusal{http.StatusBadRequest, name, name + ": there is no such parameter; Try: without parameters"}
			case !slices.Contains(known, name):
				return &refusal{http.StatusBadRequest, name, name + ": there is no such parameter; Try: " + strings.Join(known, ", ")}
			case len(values) > 1:
				return &refusal{http.StatusBadRequest, name, name + ": it is there " + strconv.Itoa(len(values)) + " times; Try: once"}
			}
		}
	}
	in := &openapi3filter.RequestValidationInput{Request: r, QueryParams: query, PathParams: map[string]string{}, Options: &openapi3filter.Options{SkipSettingDefaults: true}}
	for _, p := range o.op.Parameters {
		if p.Value.In == openapi3.ParameterInPath {
			in.PathParams[p.Value.Name] = r.PathValue(p.Value.Name)
		}
	}
	for _, p := range o.op.Parameters {
		if p.Value.In == openapi3.ParameterInQuery && query.Has(p.Value.Name) && query.Get(p.Value.Name) == "" {
			if !stream {
				return &refusal{http.StatusBadRequest, p.Value.Name, p.Value.Name + ": it is empty; Try: " + may(p.Value.Schema.Value) + ", or leave it out"}
			}
			continue // as forms send it
		}
		if err := openapi3filter.ValidateParameter(r.Context(), in, p.Value); err != nil {
			return &refusal{http.StatusBadRequest, p.Value.Name, p.Value.Name + ": " + reason(err) + "; Try: " + may(p.Value.Schema.Value)}
		}
	}
	return nil
}

// body reads the body and holds it to its schema.
func (o *call) body(w http.ResponseWriter, r *http.Request) *refusal {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return &refusal{http.StatusUnsupportedMediaType, "", "the body must be JSON; Try: Content-Type: application/json"}
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(http.MaxBytesReader(w, r.Body, maxBody)); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return &refusal{http.StatusRequestEntityTooLarge, "", fmt.Sprintf("the body has more than %d octets", maxBody)}
		}
		return &refusal{http.StatusBadRequest, "", "the body broke off"}
	}
	var value any
	if err := json.Unmarshal(b.Bytes(), &value); err != nil {
		return &refusal{http.StatusBadRequest, "", "the body is not JSON: " + err.Error()}
	}
	schema := o.op.RequestBody.Value.Content["application/json"].Schema.Value
	if err := schema.VisitJSON(value, openapi3.VisitAsRequest()); err != nil {
		var fault *openapi3.SchemaError
		where, mend := "", ""
		if errors.As(err, &fault) {
			where, mend = strings.Join(fault.JSONPointer(), "."), "; Try: "+may(fault.Schema)
		}
		return &refusal{http.StatusUnprocessableEntity, where, strings.TrimPrefix(where+": "+reason(err), ": ") + mend}
	}
	r.Body = readAll{bytes.NewReader(b.Bytes())}
	return nil
}

// readAll is a body that was read already.
type readAll struct{ *bytes.Reader }

func (readAll) Close() error { return nil }

// reason is what is wrong with a value, in one line.
func reason(err error) string {
	var fault *openapi3.SchemaError
	if errors.As(err, &fault) {
		return fault.Reason
	}
	var parse *openapi3filter.ParseError
	if errors.As(err, &parse) && parse.Cause != nil {
		return parse.Cause.Error()
	}
	return strings.ReplaceAll(err.Error(), "\n", " ")
}

// may says what a value of the schema may be.
func may(s *openapi3.Schema) string {
	var out string
	switch {
	case s == nil:
		return "what the description says"
	case len(s.Enum) > 0:
		var all []string
		for _, v := range s.Enum {
			all = append(all, fmt.Sprint(v))
		}
		return "one of " + strings.Join(all, ", ")
	case s.Type.Is("integer"):
		out = "a whole number"
	case s.Type.Is("number"):
		out = "a number"
	case s.Type.Is("object"):
		return "an object with " + strings.Join(slices.Sorted(maps.Keys(s.Properties)), ", ")
	default:
		out = "a text"
	}
	if s.Pattern != "" {
		out += " like " + s.Pattern
	}
	if s.Min != nil && s.Max != nil {
		out += fmt.Sprintf(" from %.0f to %.0f", *s.Min, *s.Max)
	}
	if s.MaxLength != nil {
		out += fmt.Sprintf(" of at most %d characters", *s.MaxLength)
	}
	return out
}

// held is an answer that is held back until it is whole.
type held struct {
	header http.Header
	code   int
	bytes.Buffer
}

func (h *held) Header() http.Header { return h.header }

func (h *held) WriteHeader(code int) {
	if h.code == 0 {
		h.code = code
	}
}

func (h *held) Write(b []byte) (int, error) {
	h.WriteHeader(http.StatusOK)
	return h.Buffer.Write(b)
}

// etagged gives an answer an ETag of its bytes, and answers 304 when the reader has them.
func etagged(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h(w, r)
			return
		}
		whole := &held{header: w.Header()}
		h(whole, r)
		if whole.code != http.StatusOK {
			w.WriteHeader(whole.code)
			_, _ = w.Write(whole.Bytes()) // the reader has gone
			return
		}
		sum := sha256.Sum256(whole.Bytes())
		w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:12])+`"`)
		w.Header().Del("Content-Length")
		r = r.Clone(r.Context())
		r.Header.Del("Range") // a part of a JSON document is of no use
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(whole.Bytes()))
	}
}

// described serves the description itself.
func described(media string, text func() ([]byte, error)) http.HandlerFunc {
	return etagged(func(w http.ResponseWriter, r *http.Request) {
		body, err := text()
		if err != nil {
			failed(w, r, err)
			return
		}
		w.Header().Set("Content-Type", media)
		_, _ = w.Write(body) // the reader has gone
	})
}

// cursor says after which element a list goes on: the keys of its order, not a place in it. Of names the list and its order,
// so that a cursor of another one is refused.
type cursor struct {
	Of   string   `json:"o"`
	Keys []string `json:"k"`
}

func (c cursor) String() string {
	text, _ := json.Marshal(c) // texts alone
	return base64.RawURLEncoding.EncodeToString(text)
}

var errCursor = &refusal{http.StatusBadRequest, "cursor", "cursor: it is not one that this list gave; Try: next of the page before, or leave it out to begin again"}

// readCursor reads a cursor of the list with n keys; nil: from the beginning.
func readCursor(text *string, of string, n int) (*cursor, error) {
	if text == nil {
		return nil, nil
	}
	var c cursor
	raw, err := base64.RawURLEncoding.DecodeString(*text)
	if err == nil {
		err = json.Unmarshal(raw, &c)
	}
	if err != nil || c.Of != of || len(c.Keys) != n {
		return nil, errCursor
	}
	return &c, nil
}

func limitOf(limit *openapi.Limit) int {
	if limit == nil {
		return 100
	}
	return *limit
}
