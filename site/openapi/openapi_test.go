package openapi_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/control"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/report"
	"github.com/sonde-fleet/sonde/review"
	"github.com/sonde-fleet/sonde/site/openapi"
	"github.com/sonde-fleet/sonde/stats"
)

func load(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi.Load()
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// TestGeneratedCodeIsFresh generates the code again beside the committed one.
func TestGeneratedCodeIsFresh(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"openapi.yaml", "oapi-codegen.yaml", "overlay.yaml", "imports.tmpl"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// The tool is built here, where the module is, and runs there.
	tool := filepath.Join(dir, "oapi-codegen")
	if out, err := exec.Command("go", "build", "-o", tool, "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	c := exec.Command(tool, "-config", "oapi-codegen.yaml", "openapi.yaml")
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want, err := os.ReadFile(filepath.Join(dir, "api.gen.go"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("api.gen.go")
	if err != nil {
		t.Fatal(err)
	}
	// The name of the tool in the first line depends on how it was built.
	if _, got, _ = bytes.Cut(got, []byte("\n")); !bytes.Equal(got, want[bytes.IndexByte(want, '\n')+1:]) {
		t.Error("api.gen.go is not what openapi.yaml gives; Try: go generate ./site/openapi")
	}
}

// TestEachOperationIsWhole holds every operation to what a reader needs: who may, what it is, what may go wrong.
func TestEachOperationIsWhole(t *testing.T) {
	doc := load(t)
	if doc.OpenAPI != "3.1.0" {
		t.Errorf("version %s", doc.OpenAPI)
	}
	seen := map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			at := method + " " + path
			if op.OperationID == "" || seen[op.OperationID] {
				t.Errorf("%s: operationId %q is missing or there twice", at, op.OperationID)
			}
			seen[op.OperationID] = true
			if op.Summary == "" || len(op.Tags) != 1 || doc.Tags.Get(op.Tags[0]) == nil {
				t.Errorf("%s: summary %q, tags %v", at, op.Summary, op.Tags)
			}
			right, _ := op.Extensions["x-right"].(string)
			if open := op.Security != nil && len(*op.Security) == 0; open != (right == "") || right != "" && !slices.Contains(access.Rights[:], access.Right(right)) {
				t.Errorf("%s: the right %q", at, right)
			}
			want := []int{429}
			if right != "" {
				want = append(want, 401, 403)
			}
			if strings.Contains(path, "{") {
				want = append(want, 404, 400)
			}
			if method == "POST" {
				want = append(want, 409, 422)
			}
			for _, code := range want {
				r := op.Responses.Status(code)
				if r == nil || r.Value.Content["application/problem+json"] == nil {
					t.Errorf("%s: no problem %d", at, code)
				}
			}
			for _, p := range op.Parameters {
				if p.Value.Description == "" || p.Value.Schema == nil {
					t.Errorf("%s: parameter %s says too little", at, p.Value.Name)
				}
			}
		}
	}
	if len(seen) < 20 {
		t.Errorf("only %d operations", len(seen))
	}
}

// TestMappedTypesHaveTheKeysOfTheirSchemas holds the shapes that the rest of the program has already to what is described.
func TestMappedTypesHaveTheKeysOfTheirSchemas(t *testing.T) {
	doc := load(t)
	tested := map[string]bool{}
	for name, of := range map[string]reflect.Type{
		"Audit": reflect.TypeFor[report.Row](), "AuditDetail": reflect.TypeFor[openapi.AuditWithReview](), "Event": reflect.TypeFor[probes.Event](),
		"Evidence": reflect.TypeFor[probes.Evidence](), "Observation": reflect.TypeFor[probes.Observation](), "Flag": reflect.TypeFor[review.Flag](),
		"Verdict": reflect.TypeFor[stats.Verdict](), "Dispute": reflect.TypeFor[stats.Dispute](), "FigureGroup": reflect.TypeFor[openapi.GroupWithCurve](),
		"Rate": reflect.TypeFor[report.RateLine](), "Call": reflect.TypeFor[stats.Call](), "CallGroup": reflect.TypeFor[report.CallLine](),
		"ShareOf": reflect.TypeFor[report.ShareOf](), "ProberStatus": reflect.TypeFor[control.Status](),
	} {
		tested[name] = true
		keys := map[string]bool{} // whether it is always there
		collect(of, keys)
		has := map[string]bool{}
		described(doc.Components.Schemas[name].Value, has)
		for key, always := range keys {
			required, there := has[key]
			if !there || required != always {
				t.Errorf("%s.%s: described %v, required %v, always there %v", name, key, there, required, always)
			}
			delete(has, key)
		}
		for key := range has {
			t.Errorf("%s.%s is described and not there", name, key)
		}
	}
	for name, s := range doc.Components.Schemas {
		if mapped, ok := s.Value.Extensions["x-go-type"].(string); ok && !tested[name] {
			t.Errorf("%s is mapped to %s and not tested", name, mapped)
		}
	}
}

func collect(of reflect.Type, keys map[string]bool) {
	for i := range of.NumField() {
		f := of.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			collect(f.Type, keys)
		case name != "-" && f.IsExported():
			keys[name] = !strings.Contains(options, "omit")
		}
	}
}

func described(s *openapi3.Schema, has map[string]bool) {
	for _, part := range s.AllOf {
		described(part.Value, has)
	}
	for key := range s.Properties {
		has[key] = slices.Contains(s.Required, key)
	}
}

// TestTermsAreThoseOfTheProgram holds the closed lists of the description to the program's own.
func TestTermsAreThoseOfTheProgram(t *testing.T) {
	doc := load(t)
	schema := func(name string) *openapi3.Schema { return doc.Components.Schemas[name].Value }
	parameter := func(name string) *openapi3.Schema { return doc.Components.Parameters[name].Value.Schema.Value }
	same(t, "channels", schema("ChannelName"), probes.Channels[:])
	same(t, "channels that are asked for", parameter("OnlyChannel"), append(probes.Channels[:], "all"))
	same(t, "states", schema("State"), probes.Statuses[:])
	same(t, "results", schema("ResultName"), stats.Results[:])
	same(t, "results that are asked for", parameter("OnlyResult"), append(stats.Results[:], "counted"))
	same(t, "flags", schema("FlagKind"), review.Kinds[:])
	same(t, "dimensions", parameter("OnlyBy"), stats.Dimensions[:])
	same(t, "decisions", schema("NewVerdict").Properties["verdict"].Value, stats.Decisions[:])
}

func same[T ~string](t *testing.T, what string, s *openapi3.Schema, want []T) {
	t.Helper()
	var a, b []string
	for _, x := range s.Enum {
		a = append(a, x.(string))
	}
	for _, x := range want {
		b = append(b, string(x))
	}
	slices.Sort(a)
	slices.Sort(b)
	if !slices.Equal(a, b) {
		t.Errorf("%s: described %q, known %q", what, a, b)
	}
}
