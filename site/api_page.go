package site

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/site/openapi"
)

// apiDoc is the page that tells people what programs can ask for, made from the description that the code follows from.
type apiDoc struct {
	frame
	About   []prose
	Groups  []apiGroup
	Schemas []apiSchema
}

type apiGroup struct {
	Name  string
	About []prose
	Calls []apiCall
}

type apiCall struct {
	ID, Method, Path, Scope string
	Summary                 []prosePart
	About                   []prose
	Parameters, Answers     []apiRow
	Curl                    string
}

// apiRow is a parameter, an answer or a key.
type apiRow struct {
	Name, Where string
	Must        bool
	Type        []prosePart
	Text        []prose
}

type apiSchema struct {
	ID, Name string
	About    []prose
	Rows     []apiRow
	Values   []string
}

// prose is a paragraph or a list.
type prose struct {
	Parts []prosePart
	Items [][]prosePart
}

type prosePart struct {
	Text, Link string
	Code       bool
}

// paragraphs makes paragraphs of the little Markdown that the description has: lists, and words between backticks.
func paragraphs(text string) (out []prose) {
	var lines []string
	item := false
	flush := func() {
		parts := spans(strings.Join(lines, " "))
		switch {
		case len(lines) == 0:
		case !item:
			out = append(out, prose{Parts: parts})
		case len(out) > 0 && out[len(out)-1].Items != nil:
			out[len(out)-1].Items = append(out[len(out)-1].Items, parts)
		default:
			out = append(out, prose{Items: [][]prosePart{parts}})
		}
		lines, item = nil, false
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		rest, bullet := strings.CutPrefix(line, "- ")
		if line == "" || bullet {
			flush()
			item = bullet
		}
		if rest != "" {
			lines = append(lines, rest)
		}
	}
	flush()
	return out
}

func spans(text string) (out []prosePart) {
	for i, part := range strings.Split(text, "`") {
		if part != "" {
			out = append(out, prosePart{Text: part, Code: i%2 == 1})
		}
	}
	return out
}

// scopeOf is the scope of a token that carries the right.
var scopeOf = map[access.Right]access.Scope{access.ReadFigures: access.ScopeRead, access.ReadAudits: access.ScopeRead,
	access.ReadEvidence: access.ScopeEvidence, access.Review: access.ScopeReview, access.Operate: access.ScopeOperate}

func (s *server) apiPage(w http.ResponseWriter, r *http.Request) {
	doc, err := openapi.Load()
	if err != nil {
		failed(w, r, err)
		return
	}
	p := &apiDoc{frame: s.frame(r, filter{Lang: r.URL.Query().Get("lang")}), About: paragraphs(doc.Info.Description)}
	p.Here, p.Title = "account", p.T("api.title")
	base := strings.TrimSuffix(s.public, "/")
	if base == "" {
		base = "http://" + r.Host
		if r.TLS != nil {
			base = "https://" + r.Host
		}
	}
	for _, tag := range doc.Tags {
		g := apiGroup{Name: tag.Name, About: paragraphs(tag.Description)}
		for _, path := range slices.Sorted(maps.Keys(doc.Paths.Map())) {
			item := doc.Paths.Value(path)
			for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
				if op := item.GetOperation(method); op != nil && slices.Contains(op.Tags, tag.Name) {
					g.Calls = append(g.Calls, p.call(base, method, path, op))
				}
			}
		}
		p.Groups = append(p.Groups, g)
	}
	for _, name := range slices.Sorted(maps.Keys(doc.Components.Schemas)) {
		p.Schemas = append(p.Schemas, schemaOf(name, doc.Components.Schemas[name].Value))
	}
	s.render(w, r, http.StatusOK, "api", p)
}

func (p *apiDoc) call(base, method, path string, op *openapi3.Operation) apiCall {
	c := apiCall{ID: op.OperationID, Method: method, Path: path, Summary: spans(op.Summary), About: paragraphs(op.Description)}
	if right, ok := op.Extensions["x-right"].(string); ok {
		c.Scope = p.Term("scope", string(scopeOf[access.Right(right)]))
	}
	query := url.Values{}
	for _, x := range op.Parameters {
		v := x.Value
		row := apiRow{Name: v.Name, Where: p.where(v.In), Must: v.Required, Type: typeOf(v.Schema), Text: paragraphs(v.Description)}
		if d := v.Schema.Value.Default; d != nil {
			row.Text = append(row.Text, prose{Parts: []prosePart{{Text: p.T("api.default") + " "}, {Text: fmt.Sprint(d), Code: true}}})
		}
		c.Parameters = append(c.Parameters, row)
		switch example := v.Example; {
		case v.In == openapi3.ParameterInPath:
			path = strings.Replace(path, "{"+v.Name+"}", cmp.Or(fmt.Sprint(example), "<nil>"), 1)
			path = strings.Replace(path, "<nil>", "17", 1)
		case v.In == openapi3.ParameterInQuery && v.Name == "limit":
			query.Set(v.Name, "10")
		case v.In == openapi3.ParameterInQuery && v.Name == "by":
			query.Set(v.Name, "sector")
		}
	}
	for _, code := range slices.Sorted(maps.Keys(op.Responses.Map())) {
		v := op.Responses.Value(code).Value
		row := apiRow{Name: code}
		if v.Description != nil {
			row.Text = paragraphs(*v.Description)
		}
		for media, content := range v.Content {
			row.Where = media
			if content.Schema != nil {
				row.Type = typeOf(content.Schema)
			}
		}
		c.Answers = append(c.Answers, row)
	}
	c.Curl = "curl -H \"Authorization: Bearer $SONDE_TOKEN\""
	if method != http.MethodGet {
		c.Curl += " -X " + method
	}
	if op.RequestBody != nil {
		c.Curl += " -H \"Content-Type: application/json\" -H \"Idempotency-Key: $(uuidgen)\" \\\n  -d '{\"flag\":\"unsure-class\",\"verdict\":\"confirm\"}'"
		c.Parameters = append(c.Parameters, apiRow{Name: p.T("api.body"), Where: "application/json", Must: true, Type: typeOf(op.RequestBody.Value.Content["application/json"].Schema)})
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	c.Curl += " \\\n  \"" + base + path + "\""
	return c
}

func (p *apiDoc) where(in string) string {
	switch in {
	case openapi3.ParameterInPath:
		return p.T("api.in.path")
	case openapi3.ParameterInHeader:
		return p.T("api.in.header")
	}
	return p.T("api.in.query")
}

func schemaOf(name string, s *openapi3.Schema) apiSchema {
	out := apiSchema{ID: "schema-" + name, Name: name, About: paragraphs(s.Description)}
	for _, v := range s.Enum {
		out.Values = append(out.Values, fmt.Sprint(v))
	}
	for _, part := range s.AllOf {
		if part.Ref != "" {
			out.About = append(out.About, prose{Parts: append([]prosePart{{Text: "All keys of "}}, typeOf(part)...)})
			continue
		}
		out.Rows = append(out.Rows, schemaOf(name, part.Value).Rows...)
	}
	for _, key := range slices.Sorted(maps.Keys(s.Properties)) {
		v := s.Properties[key]
		text := v.Value.Description
		if v.Ref != "" {
			text = "" // it stands at the schema
		}
		out.Rows = append(out.Rows, apiRow{Name: key, Must: slices.Contains(s.Required, key), Type: typeOf(v), Text: paragraphs(text)})
	}
	return out
}

// typeOf says what a value is: its type, or the schema that describes it.
func typeOf(ref *openapi3.SchemaRef) []prosePart {
	s := ref.Value
	if ref.Ref != "" {
		name := ref.Ref[strings.LastIndexByte(ref.Ref, '/')+1:]
		return []prosePart{{Text: name, Link: "#schema-" + name}}
	}
	var out []prosePart
	add := func(text string) { out = append(out, prosePart{Text: text}) }
	switch {
	case len(s.OneOf) > 0:
		for i, part := range s.OneOf {
			if i > 0 {
				add(" or ")
			}
			out = append(out, typeOf(part)...)
		}
	case s.Items != nil:
		add("list of ")
		out = append(out, typeOf(s.Items)...)
	case s.AdditionalProperties.Schema != nil:
		add("object of ")
		out = append(out, typeOf(s.AdditionalProperties.Schema)...)
	case s.Type != nil:
		add(strings.Join(s.Type.Slice(), " or "))
	}
	if s.Format == "date-time" {
		add(", RFC 3339")
	}
	if s.Min != nil && s.Max != nil {
		add(" " + strconv.FormatFloat(*s.Min, 'f', 0, 64) + "–" + strconv.FormatFloat(*s.Max, 'f', 0, 64))
	}
	for i, v := range s.Enum {
		add([]string{": ", ", "}[min(i, 1)])
		out = append(out, prosePart{Text: fmt.Sprint(v), Code: true})
	}
	return out
}
