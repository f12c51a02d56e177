package paper

import (
	"bytes"
	"compress/zlib"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	"golang.org/x/net/html"
)

// mend adds what PDF/UA-1 (ISO 14289-1) asks for and Chrome leaves out: what only decorates a page is marked as such, list
// items have bodies, links say where they lead, types of PDF 2.0 are mapped, and the metadata say which standard is kept. What
// Chrome wrote stays as it is; the rest stands behind it.
func mend(pdf, document []byte) ([]byte, error) {
	f, err := open(pdf)
	if err != nil {
		return nil, err
	}
	labels, title, lang, err := anchors(document)
	if err != nil {
		return nil, err
	}
	m := &mending{file: f, labels: labels, mapped: map[string]bool{}}
	for n := 1; n < len(f.offsets); n++ { // those that are added need no mending
		if f.offsets[n] <= 0 {
			continue
		}
		d, _, err := f.object(n)
		if err != nil {
			continue // arrays, numbers: none of what is mended
		}
		switch {
		case d.get("Type") == "/Page":
			err = m.page(d)
		case d.get("Subtype") == "/Link":
			err = m.link(n, d)
		case d.get("Type") == "/StructElem":
			err = m.element(n, d)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := m.catalog(title, lang); err != nil {
		return nil, err
	}
	return f.bytes(), nil
}

type mending struct {
	*file
	labels map[string]string
	mapped map[string]bool // types of structure that PDF 1.7 does not know
}

// anchors returns what the document's links are called by their addresses, its title and its language.
func anchors(document []byte) (labels map[string]string, title, lang string, err error) {
	root, err := html.Parse(bytes.NewReader(document))
	if err != nil {
		return nil, "", "", err
	}
	labels = map[string]string{}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "html":
			lang = attribute(n, "lang")
		case "title":
			if title == "" && n.Namespace == "" {
				title = textOf(n)
			}
		case "a":
			if href := attribute(n, "href"); labels[href] == "" {
				if labels[href] = attribute(n, "aria-label"); labels[href] == "" {
					labels[href] = textOf(n)
				}
			}
		}
	}
	return labels, title, lang, nil
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// page marks as artifact what is painted outside of the tagged content: page numbers, grounds.
func (m *mending) page(d *dict) error {
	n := reference(d.get("Contents"))
	s, packed, err := m.stream(n)
	if err != nil {
		return err
	}
	if s.get("Filter") != "/FlateDecode" || s.get("DecodeParms") != "" {
		return fmt.Errorf("contents %d: %w", n, errForm)
	}
	r, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return fmt.Errorf("contents %d: %w", n, err)
	}
	content, err := io.ReadAll(io.LimitReader(r, 64<<20))
	if err != nil {
		return fmt.Errorf("contents %d: %w", n, err)
	}
	marked, err := artifacts(content)
	if err != nil {
		return fmt.Errorf("contents %d: %w", n, err)
	}
	if marked == nil {
		return nil
	}
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	if _, err := w.Write(marked); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	m.put(n, s, b.Bytes())
	return nil
}

// painting are the operators that leave something on a page.
var painting = set(`S s f F f* B B* b b* Tj TJ ' " Do sh EI`)

// artifacts returns the content with marks around what is painted outside of every mark; nil when there is nothing.
func artifacts(content []byte) ([]byte, error) {
	var out bytes.Buffer
	l := &lexer{s: content}
	depth, texts, from, begin, paints, changed := 0, 0, 0, 0, false, false
	cut := func(to int) error { // of what lies between two marks
		if paints {
			if texts != 0 {
				return errForm
			}
			out.WriteString("/Artifact BMC\n")
			out.Write(content[from:to])
			out.WriteString("\nEMC\n")
			changed = true
		} else {
			out.Write(content[from:to])
		}
		from, paints = to, false
		return nil
	}
	operand := true // the tokens since begin are operands
	for {
		t := l.next()
		if operand {
			begin, operand = t.from, false
		}
		switch {
		case t.text == "":
			if depth != 0 {
				return nil, errForm
			}
			if err := cut(len(content)); err != nil || !changed {
				return nil, err
			}
			return out.Bytes(), nil
		case t.text == "BDC" || t.text == "BMC":
			if depth == 0 {
				if err := cut(begin); err != nil {
					return nil, err
				}
			}
			depth++
			operand = true
		case t.text == "EMC":
			if depth--; depth < 0 {
				return nil, errForm
			}
			if depth == 0 {
				out.Write(content[from:t.to])
				out.WriteByte('\n')
				from = t.to
			}
			operand = true
		case operator(t.text):
			switch {
			case t.text == "BT":
				texts++
			case t.text == "ET":
				texts--
			case t.text == "BI":
				return nil, errForm // an image within the content is no syntax
			}
			paints = paints || depth == 0 && painting[t.text]
			operand = true
		}
	}
}

// operator says whether a token of a content stream is neither a value nor a bracket.
func operator(s string) bool {
	switch s {
	case "true", "false", "null", "R":
		return false
	}
	c := s[0]
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '\'' || c == '"'
}

// link says where a link leads, for those who hear it without the text around it.
func (m *mending) link(n int, d *dict) error {
	if d.get("Contents") != "" {
		return nil
	}
	label := ""
	if name, ok := strings.CutPrefix(d.get("Dest"), "/"); ok {
		label = m.labels["#"+name]
	} else if a := d.get("A"); strings.HasPrefix(a, "<<") {
		action, err := (&lexer{s: []byte(a)}).dictionary()
		if err != nil {
			return err
		}
		address := literal(action.get("URI"))
		if label = m.labels[address]; label == "" {
			label = address
		}
	}
	if label == "" {
		return nil
	}
	d.set("Contents", textString(label))
	m.put(n, d, nil)
	return nil
}

// literal reads a string in brackets, as Chrome writes addresses: ASCII with backslashes.
func literal(s string) string {
	if len(s) < 2 || s[0] != '(' {
		return ""
	}
	var b strings.Builder
	for i := 1; i < len(s)-1; i++ {
		if s[i] == '\\' {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// textString writes text as a PDF has it: UTF-16 in hexadecimal digits.
func textString(s string) string {
	var b strings.Builder
	b.WriteString("<FEFF")
	for _, u := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, "%04X", u)
	}
	b.WriteString(">")
	return b.String()
}

// standardTypes are those of PDF 1.7 (14.8.4) that Chrome uses, and some that it may.
var standardTypes = set(`Document Part Art Sect Div BlockQuote Caption TOC TOCI Index NonStruct Private P H H1 H2 H3 H4 H5 H6 L LI Lbl LBody Table TR TH TD THead TBody TFoot
	Span Quote Note Reference BibEntry Code Link Annot Ruby Warichu Figure Formula Form`)

// element mends one element of the structure.
func (m *mending) element(n int, d *dict) error {
	kind := strings.TrimPrefix(d.get("S"), "/")
	if !standardTypes[kind] {
		m.mapped[kind] = true
	}
	if kind != "LI" {
		return nil
	}
	kids, err := list(d.get("K"))
	if err != nil {
		return err
	}
	var stay, body []string
	for _, k := range kids {
		if reference(k) == 0 {
			stay = append(stay, k) // what the item itself paints: its ground, its border
			continue
		}
		kid, _, err := m.object(reference(k))
		if err != nil {
			return err
		}
		if s := kid.get("S"); s == "/Lbl" || s == "/LBody" {
			stay = append(stay, k)
		} else {
			body = append(body, k)
		}
	}
	if len(body) == 0 {
		return nil
	}
	wrapped := &dict{}
	wrapped.set("Type", "/StructElem")
	wrapped.set("S", "/LBody")
	wrapped.set("P", fmt.Sprintf("%d 0 R", n))
	wrapped.set("K", "["+strings.Join(body, " ")+"]")
	at := m.put(0, wrapped, nil)
	for _, k := range body {
		kid, _, err := m.object(reference(k))
		if err != nil {
			return err
		}
		kid.set("P", fmt.Sprintf("%d 0 R", at))
		m.put(reference(k), kid, nil)
	}
	d.set("K", "["+strings.Join(append(stay, fmt.Sprintf("%d 0 R", at)), " ")+"]")
	m.put(n, d, nil)
	return nil
}

// catalog adds the metadata and maps the types of structure.
func (m *mending) catalog(title, lang string) error {
	n := reference(m.trailer.get("Root"))
	d, _, err := m.object(n)
	if err != nil {
		return err
	}
	tree := reference(d.get("StructTreeRoot"))
	root, _, err := m.object(tree)
	if err != nil {
		return err
	}
	if len(m.mapped) > 0 && root.get("RoleMap") == "" {
		roles := &dict{}
		for _, kind := range slices.Sorted(maps.Keys(m.mapped)) {
			roles.set(kind, "/Span")
		}
		root.set("RoleMap", roles.String())
		m.put(tree, root, nil)
	}
	meta := &dict{}
	meta.set("Type", "/Metadata")
	meta.set("Subtype", "/XML")
	d.set("Metadata", fmt.Sprintf("%d 0 R", m.put(0, meta, metadata(title, lang))))
	d.set("ViewerPreferences", "<</Type /ViewerPreferences\n/DisplayDocTitle true>>")
	m.put(n, d, nil)
	return nil
}

// metadata is the XMP packet: title, language and the standard that is kept.
func metadata(title, lang string) []byte {
	escaped := func(s string) string {
		var b bytes.Buffer
		_ = xml.EscapeText(&b, []byte(s)) // a buffer takes everything
		return b.String()
	}
	now := time.Now().UTC().Format(time.RFC3339)
	return fmt.Appendf(nil, `<?xpacket begin="%s" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">%s</rdf:li></rdf:Alt></dc:title>
<dc:language><rdf:Bag><rdf:li>%s</rdf:li></rdf:Bag></dc:language>
<xmp:CreatorTool>Sonde</xmp:CreatorTool><xmp:CreateDate>%s</xmp:CreateDate><xmp:ModifyDate>%s</xmp:ModifyDate>
<pdfuaid:part>1</pdfuaid:part>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>`, "\ufeff", escaped(title), escaped(lang), now, now)
}
