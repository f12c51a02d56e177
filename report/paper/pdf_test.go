package paper

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// need skips where the programs that the test asks are not there, unless nothing may be skipped.
func need(t *testing.T, programs ...string) {
	t.Helper()
	if _, err := findBrowser(); err != nil && os.Getenv("SONDE_INTEGRATION") != "required" {
		t.Skip(err)
	}
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil && os.Getenv("SONDE_INTEGRATION") != "required" {
			t.Skip(err)
		}
	}
}

// printed prints a document and returns the file's name.
func printed(t *testing.T, html string) string {
	t.Helper()
	var b bytes.Buffer
	if err := PDF(t.Context(), []byte(html), &b); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "report.pdf")
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func output(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := exec.Command(program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", program, args, err, out)
	}
	return string(out)
}

// object of qpdf's JSON: values are as JSON has them, names begin with "/", texts with "u:", references end in " R".
type anyDict = map[string]any

// pdfFile is a PDF as qpdf reads it: another reader than the one that wrote it.
type pdfFile struct {
	t       *testing.T
	objects map[string]struct {
		Value  any
		Stream *struct {
			Dict anyDict
			Data string
		}
	}
}

func readPDF(t *testing.T, name string) *pdfFile {
	t.Helper()
	out := output(t, "qpdf", "--json=2", "--json-stream-data=inline", "--decode-level=generalized", "--json-key=qpdf", name)
	var j struct{ QPDF []json.RawMessage }
	if err := json.Unmarshal([]byte(out), &j); err != nil || len(j.QPDF) != 2 {
		t.Fatalf("what qpdf says: %v", err)
	}
	f := &pdfFile{t: t}
	if err := json.Unmarshal(j.QPDF[1], &f.objects); err != nil {
		t.Fatal(err)
	}
	return f
}

// of follows a reference to a dictionary; that of a stream for a stream.
func (f *pdfFile) of(v any) anyDict {
	if ref, ok := v.(string); ok && strings.HasSuffix(ref, " R") {
		o := f.objects["obj:"+ref]
		if o.Stream != nil {
			return o.Stream.Dict
		}
		v = o.Value
	}
	d, _ := v.(anyDict)
	return d
}

// array returns the values of an array, or the one value that stands for it.
func (f *pdfFile) array(v any) []any {
	if ref, ok := v.(string); ok && strings.HasSuffix(ref, " R") {
		if a, ok := f.objects["obj:"+ref].Value.([]any); ok {
			return a
		}
	}
	switch a := v.(type) {
	case nil:
		return nil
	case []any:
		return a
	}
	return []any{v}
}

func (f *pdfFile) data(ref any) []byte {
	o := f.objects["obj:"+ref.(string)]
	if o.Stream == nil {
		f.t.Fatalf("%v is no stream", ref)
	}
	raw, err := base64.StdEncoding.DecodeString(o.Stream.Data)
	if err != nil {
		f.t.Fatal(err)
	}
	return raw
}

func str(v any) string {
	s, _ := v.(string)
	return strings.TrimPrefix(s, "u:")
}

// TestPDFIsAccessible holds the printed report to what ISO 14289-1 (PDF/UA-1) asks for and can be tested by a machine.
func TestPDFIsAccessible(t *testing.T) {
	need(t, "qpdf", "pdfinfo")
	e := newCampaign().run()
	for _, lang := range []string{"fr", "en"} {
		page := document(t, e.input(lang))
		name := printed(t, page)
		output(t, "qpdf", "--check", name)
		info := output(t, "pdfinfo", name)
		for _, want := range []string{`Title: +Mairie de Saint-Exemple ?: (?:report|rapport)`, `Tagged: +yes`, `Suspects: +no`, `JavaScript: +no`, `Encrypted: +no`, `Form: +none`,
			`Page size: .*\(A4\)`, `Pages: +[2-4]\d\n`, `Metadata Stream: +yes`} {
			if !regexp.MustCompile(want).MatchString(strings.ReplaceAll(info, "\u00a0", " ")) {
				t.Errorf("%s: pdfinfo does not say %s:\n%s", lang, want, info)
			}
		}
		f := readPDF(t, name)
		f.document(lang)
		f.structure(strings.Count(page, "<table"), strings.Count(page, "<svg"))
		f.content()
		f.fonts()
		f.links()
	}
}

// document holds the catalog.
func (f *pdfFile) document(lang string) {
	root := f.of(f.of(f.objects["trailer"].Value)["/Root"])
	if f.of(root["/MarkInfo"])["/Marked"] != true || str(root["/Lang"]) != lang || f.of(root["/ViewerPreferences"])["/DisplayDocTitle"] != true {
		f.t.Errorf("catalog: %v", root)
	}
	for _, no := range []string{"/OpenAction", "/AA", "/AcroForm", "/Names"} {
		if root[no] != nil {
			f.t.Errorf("the catalog has %s", no)
		}
	}
	meta := string(f.data(root["/Metadata"]))
	for _, want := range []string{"<pdfuaid:part>1</pdfuaid:part>", "<rdf:li>" + lang + "</rdf:li>", "Mairie de Saint-Exemple"} {
		if !strings.Contains(meta, want) {
			f.t.Errorf("metadata lack %s: %s", want, meta)
		}
	}
	marks := 0
	var walk func(v any)
	walk = func(v any) {
		for d := f.of(v); d != nil; d = f.of(d["/Next"]) {
			if str(d["/Title"]) == "" || d["/Dest"] == nil && d["/A"] == nil {
				f.t.Errorf("bookmark %v", d)
			}
			marks++
			walk(d["/First"])
		}
	}
	walk(f.of(root["/Outlines"])["/First"])
	if marks < 30 {
		f.t.Errorf("%d bookmarks", marks)
	}
}

// structure walks the tree of tags.
func (f *pdfFile) structure(tables, pictures int) {
	root := f.of(f.of(f.objects["trailer"].Value)["/Root"])
	tree := f.of(root["/StructTreeRoot"])
	roles := f.of(tree["/RoleMap"])
	count, level := map[string]int{}, 0
	var walk func(v any, above string, parent any)
	walk = func(v any, above string, parent any) {
		d := f.of(v)
		if d == nil || d["/S"] == nil {
			return // marked content, or an object
		}
		kind := strings.TrimPrefix(str(d["/S"]), "/")
		count[kind]++
		if !standardTypes[kind] && roles["/"+kind] == nil {
			f.t.Errorf("the type %s is not mapped", kind)
		}
		if parent != nil && d["/P"] != parent {
			f.t.Errorf("%s %v below %v says that its parent is %v", kind, v, parent, d["/P"])
		}
		switch {
		case regexp.MustCompile(`^H[1-6]$`).MatchString(kind):
			n := int(kind[1] - '0')
			if n > level+1 || n == 1 && count["H1"] > 1 {
				f.t.Errorf("%s follows a heading of level %d", kind, level)
			}
			level = n
		case kind == "Figure":
			if str(d["/Alt"]) == "" {
				f.t.Errorf("a figure without a text: %v", d)
			}
		case kind == "TH":
			if !strings.Contains(fmt.Sprint(d["/A"]), "/Scope") {
				f.t.Errorf("a heading of a table without its scope: %v", d)
			}
		}
		if within := map[string][]string{"LI": {"L"}, "Lbl": {"LI"}, "LBody": {"LI"}, "TR": {"Table"}, "TH": {"TR"}, "TD": {"TR"}, "Caption": {"Table"}}[kind]; within != nil && !slices.Contains(within, above) {
			f.t.Errorf("%s in %s", kind, above)
		}
		if only := map[string][]string{"L": {"LI"}, "LI": {"Lbl", "LBody"}, "TR": {"TH", "TD"}, "Table": {"TR", "Caption"}}[above]; only != nil && !slices.Contains(only, kind) {
			f.t.Errorf("%s in %s", kind, above)
		}
		for _, k := range f.array(d["/K"]) {
			walk(k, kind, v)
		}
	}
	for _, k := range f.array(tree["/K"]) {
		walk(k, "", nil)
	}
	if count["H1"] != 1 || count["H2"] < 9 || count["Table"] != tables || count["Figure"] != pictures || count["L"] == 0 || count["Document"] != 1 {
		f.t.Errorf("of %d tables and %d pictures: %v", tables, pictures, count)
	}
}

// content reads what is painted on every page: everything is tagged, or marked as decoration.
func (f *pdfFile) content() {
	pages, artifacts := 0, 0
	tree := f.of(f.of(f.objects["trailer"].Value)["/Root"])
	parents := map[float64]any{}
	var nums func(v any)
	nums = func(v any) {
		d := f.of(v)
		list := f.array(d["/Nums"])
		for i := 0; i+1 < len(list); i += 2 {
			parents[list[i].(float64)] = list[i+1]
		}
		for _, k := range f.array(d["/Kids"]) {
			nums(k)
		}
	}
	nums(f.of(tree["/StructTreeRoot"])["/ParentTree"])
	for _, o := range f.objects {
		p, ok := o.Value.(anyDict)
		if !ok || p["/Type"] != "/Page" {
			continue
		}
		pages++
		key, ok := p["/StructParents"].(float64)
		if !ok {
			f.t.Errorf("a page without parents of its content: %v", p)
			continue
		}
		known := len(f.array(parents[key]))
		l := &lexer{s: f.data(p["/Contents"])}
		var stack, open []string
		for {
			word := l.next().text
			if word == "" {
				break
			}
			switch {
			case word == "BDC" || word == "BMC":
				open = append(open, strings.Join(stack, " "))
				if strings.HasPrefix(open[len(open)-1], "/Artifact") {
					artifacts++
				}
				if m := regexp.MustCompile(`/MCID (\d+)`).FindStringSubmatch(open[len(open)-1]); m != nil {
					n := 0
					if _, err := fmt.Sscan(m[1], &n); err != nil || n >= known {
						f.t.Errorf("content %s of a page has no tag among %d", m[1], known)
					}
				}
			case word == "EMC":
				open = open[:len(open)-1]
			case painting[word] && len(open) == 0:
				f.t.Errorf("%v %s paints what is neither tagged nor decoration", stack, word)
			}
			if stack = append(stack, word); operator(word) {
				stack = nil
			}
		}
		if len(open) > 0 {
			f.t.Errorf("marks that do not end: %v", open)
		}
	}
	if pages < 20 || artifacts < pages {
		f.t.Errorf("%d pages, %d decorations", pages, artifacts)
	}
}

func (f *pdfFile) fonts() {
	n := 0
	for _, o := range f.objects {
		d, ok := o.Value.(anyDict)
		if !ok || d["/Type"] != "/Font" || d["/Subtype"] == "/CIDFontType2" || d["/Subtype"] == "/CIDFontType0" {
			continue
		}
		n++
		if d["/ToUnicode"] == nil {
			f.t.Errorf("a font without its letters: %v", d)
		}
		for _, below := range f.array(d["/DescendantFonts"]) {
			if file := f.of(f.of(below)["/FontDescriptor"]); file["/FontFile2"] == nil && file["/FontFile3"] == nil {
				f.t.Errorf("a font that is not embedded: %v", d)
			}
		}
	}
	if n == 0 {
		f.t.Error("no fonts")
	}
}

func (f *pdfFile) links() {
	n := 0
	for _, o := range f.objects {
		d, ok := o.Value.(anyDict)
		if !ok || d["/Subtype"] != "/Link" {
			continue
		}
		n++
		if str(d["/Contents"]) == "" || d["/StructParent"] == nil || strings.Contains(str(d["/Contents"]), "https://sonde.example/audits") {
			f.t.Errorf("a link that does not say where it leads: %v", d)
		}
	}
	if n < 20 {
		f.t.Errorf("%d links", n)
	}
}

// Printing leaves nothing behind, and ends when nobody waits for it any more.
func TestPrintingEnds(t *testing.T) {
	need(t)
	t.Setenv("TMPDIR", t.TempDir())
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	var b bytes.Buffer
	if err := PDF(ctx, []byte("<p>x"), &b); !errors.Is(err, context.DeadlineExceeded) || b.Len() > 0 {
		t.Errorf("in 50 ms: %v, %d octets", err, b.Len())
	}
	left, err := os.ReadDir(os.TempDir())
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	t.Setenv("PATH", t.TempDir())
	if err := PDF(t.Context(), []byte("<p>x"), &b); !errors.Is(err, ErrNoBrowser) {
		t.Errorf("without a browser: %v", err)
	}
}

// What is printed reaches nobody: neither a server on this machine nor a file of it.
func TestPrintingReachesNobody(t *testing.T) {
	need(t, "pdftotext")
	asked := make(chan string, 10)
	address := listen(t, asked)
	secret := filepath.Join(t.TempDir(), "secret.html")
	if err := os.WriteFile(secret, []byte("hidden words"), 0o600); err != nil {
		t.Fatal(err)
	}
	name := printed(t, `<!doctype html><title>x</title><img src="http://`+address+`/a.png"><iframe src="http://`+address+`/b"></iframe><p>shown words`)
	if text := output(t, "pdftotext", name, "-"); !strings.Contains(text, "shown words") {
		t.Errorf("printed: %q", text)
	}
	select {
	case path := <-asked:
		t.Errorf("printing asked for %s", path)
	default:
	}
}

// listen is a server that says what it is asked for.
func listen(t *testing.T, asked chan<- string) (address string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked <- r.URL.Path }))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// A PDF of another form is left as it is, and what is broken does no harm.
func TestMendRefusesWhatItDoesNotKnow(t *testing.T) {
	for _, pdf := range []string{"", "%PDF-1.4", "%PDF-1.4\nstartxref\n9\n%%EOF", "%PDF-1.4\nxref\n0 2\n0000000000 65535 f \n0000000000 00000 n \ntrailer\n<<>>\nstartxref\n9\n%%EOF",
		"%PDF-1.4\nxref\n0 1\n0000000000 65535 f \ntrailer\n<</Root 7 0 R>>\nstartxref\n9\n%%EOF"} {
		if _, err := mend([]byte(pdf), nil); !errors.Is(err, errForm) {
			t.Errorf("%q: %v", pdf, err)
		}
	}
}

func TestArtifacts(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"/P <</MCID 0>>BDC BT (a EMC) Tj ET EMC", ""},
		{"q 0 0 1 1 re W n Q", ""},
		{"q 0 0 1 1 re f Q", "/Artifact BMC\nq 0 0 1 1 re f Q\nEMC\n"},
		{"BT (1) Tj ET\n/P <</MCID 0>>BDC BT /S <</ActualText <FEFF00A0>>>BDC ( ) Tj EMC ET EMC 0 0 m 1 1 l S", "/Artifact BMC\nBT (1) Tj ET\n\nEMC\n/P <</MCID 0>>BDC BT /S <</ActualText <FEFF00A0>>>BDC ( ) Tj EMC ET EMC\n" +
			"/Artifact BMC\n 0 0 m 1 1 l S\nEMC\n"},
	} {
		got, err := artifacts([]byte(c.in))
		if err != nil || string(got) != c.want {
			t.Errorf("%q\ngot  %q %v\nwant %q", c.in, got, err, c.want)
		}
	}
	for _, bad := range []string{"EMC", "/P BMC", "BT (x) Tj /P BMC EMC ET", "BI EI"} {
		if _, err := artifacts([]byte(bad)); !errors.Is(err, errForm) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func FuzzMend(f *testing.F) {
	f.Add([]byte("%PDF-1.4\n1 0 obj\n<</Type /Catalog>>\nendobj\nxref\n0 2\n0000000000 65535 f \n0000000009 00000 n \ntrailer\n<</Root 1 0 R>>\nstartxref\n45\n%%EOF"))
	f.Fuzz(func(t *testing.T, pdf []byte) {
		if out, err := mend(pdf, []byte("<title>x")); err == nil && !bytes.HasPrefix(out, pdf) {
			t.Error("what was there has changed")
		}
		_, _ = artifacts(pdf) // it must come back
	})
}
