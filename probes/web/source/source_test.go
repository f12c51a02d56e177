package source

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes/web/finding"
)

// found is what Check says of a page in short: "unclosed-element span" for each finding, in the order of the source.
func found(list []finding.Finding) []string {
	out := []string{}
	for _, f := range list {
		out = append(out, strings.TrimPrefix(f.Rule, "sonde-")+" "+f.Selector)
	}
	return out
}

const doctype = "<!doctype html>"

// right is markup that the HTML standard allows, or whose fault is not one of ours.
var right = map[string]string{
	"small page":             `<html lang=fr><head><title>T</title></head><body><p>Texte</p></body></html>`,
	"optional tags":          `<title>T</title><p>Un<p>Deux<ul><li>a<li>b</ul><dl><dt>a<dd>b<dt>c<dd>d</dl>`,
	"upper case":             `<DIV CLASS=x><SPAN>a</span></DIV>`,
	"unquoted":               `<a href=/a/>lien</a><p class=a id=b>x`,
	"attribute alone":        `<input required disabled><details open><summary>S</summary>x</details>`,
	"void":                   `<br><br/><br /><img src=a><hr><input><wbr><col>`,
	"paragraph in parent":    `<div><p>Un</div><section><p>Deux</section>`,
	"table":                  `<table><tr><td>a<td>b<tr><th>c<td>d</table>`,
	"table parts":            `<table><caption>c<colgroup><col><col><thead><tr><th>a<tbody><tr><td>b<tfoot><tr><td>c</table>`,
	"end of implied parts":   `<table><tr><td>a</td></tr></tbody></table><table><col></colgroup><tr><td>a</td></tr></table>`,
	"nested tables":          `<table><tr><td><table><tr><td>a</table><td>b</table>`,
	"nested lists":           `<ul><li>a<ul><li>b<li>c</ul><li>d</ul>`,
	"list in division":       `<dl><div><dt>a<dd>b</div><div><dt>c<dd>d</div></dl>`,
	"select":                 `<select><option>a<option>b<optgroup label=g><option>c<optgroup label=h><option>d</select><select><option>a<hr><option>b</select>`,
	"datalist":               `<input list=l><datalist id=l><option value=a><option value=b></datalist>`,
	"ruby":                   `<ruby>漢<rp>(<rt>kan<rp>)字<rp>(</rp><rt>ji</rt><rp>)</rp></ruby>`,
	"script":                 `<script>if (a<b && c>d) document.write("<div><p></i>")</script><script></script>`,
	"script in script":       `<script><!-- document.write("<script></script>") --></script><p>x`,
	"style and title":        `<title><b>gras</title><style>a > b::after { content: "</i>" }</style><textarea><div></textarea>`,
	"frame without script":   `<noscript><div><img src=a></noscript><iframe src=a><p></iframe>`,
	"less than":              `<p>1 < 2 et 3<4 & a<</p>`,
	"comments":               `<!-- <div> --><!--><p>x</p><!-- a -- b --><!-- <![endif]-->`,
	"conditional comments":   `<!--[if lt IE 9]><div><script src=a></script><![endif]--><![if !IE]><p>x</p><![endif]><!--[if !IE]><!--><p>y</p><!--<![endif]-->`,
	"vector":                 `<svg viewBox="0 0 1 1"><path d="M0 0"/><g><title>T<b>x</b></title><circle r=1 /></g><a href=x><text>t</text></a></svg>`,
	"vector with sections":   `<svg><style><![CDATA[ a > b { } </svg> ]]></style><script><![CDATA[ if (a<b) "<p>" ]]></script></svg><p>x</p>`,
	"page in vector":         `<svg><foreignObject><div><p>a<p>b<br></div></foreignObject></svg>`,
	"mathematics":            `<math><mi>x</mi><mo>=</mo><mspace/><mtext><b>a</b></mtext><annotation-xml encoding="text/html"><p>x</p></annotation-xml></math>`,
	"paragraph in vector":    `<p>a <svg><foreignObject><div>b</div></foreignObject></svg> c</p>`,
	"custom elements":        `<my-card><span slot=a>x</span><p>y</p></my-card><fluent-button></fluent-button>`,
	"template":               `<template><tr><td>a</td></tr></template><template><li>a<li>b</template><table><template><td>x</template><tr><td>y</table>`,
	"paragraph and button":   `<p>a <button><div>b</div></button> c</p><p><object><div>x</div></object></p>`,
	"headings":               `<h1>a</h1><h2>b</h2><header><h2>c</h2></header>`,
	"formatting":             `<b>a<i>b</i></b><a href=x><div><h2>t</h2></div></a><p><b>a</b><p>b`,
	"no interactive nesting": `<a name=top><button>x</button></a><button><a name=y>z</a></button><label>L <input></label><a href=x><input type=hidden></a><label><button>x</button></label>`,
	"neighbours":             `<a href=a>1</a><a href=b>2</a><button>x</button><form><label>a</label></form><form></form>`,
	"anchor in vector":       `<a href=x><svg><a href=y></a></svg></a>`,
	"anchor in template":     `<a href=x><template><a href=y></a></template></a>`,
	"frames":                 `<frameset cols="1,1"><frame src=a><frame src=b><noframes><p>x</noframes></frameset>`,
	"form in table":          `<table><form><tr><td>x</td></tr></form></table><table><tr><form><td>x</td></form></tr></table>`,
	"slashes":                `<p/><li/><svg/><math/><a href=x/y/>z</a><br/ class=a>`,
	"solidus that is closed": `<div/></div><script src=a/></script><script src="a"/></script>`,
	"foreign upper case":     `<SVG><linearGradient></LINEARGRADIENT></SVG>`,
	"end of nothing":         `<!-- a --></html>`,
	"attributes look alike":  `<p a A1 data-a data-b aria-a x:a="1" xlink:a="2">`,
	"equals sign":            `<p =a ="b">x`,
	"quotation mark":         `<p title="L"eau de la ville et de la mer">x`,
	"media":                  `<video controls><source src=a><track src=b><p>x</video><picture><source srcset=a><img src=b></picture><map name=m><area></map>`,
	"after the body":         `<body><div>x</div></body><script></script></html>`,
	"processing instruction": `<?php echo "x" ?><p>a</p></><!ELEMENT x>`,
	"old list":               `<menu><li>a<li>b</menu><dir><li>a</dir><center>x</center>`,
	"paragraph in anchor":    `<a href=x><p>text</a><ins><p>x</ins>`,
	"long prose":             `<p>` + strings.Repeat("Texte. ", 20000) + `</p>`,
}

// wrong is markup with a fault, and what is to be told.
var wrong = map[string]struct {
	source string
	want   []string
}{
	"attribute twice":            {`<p class=a id=x class=b>x</p>`, []string{"duplicate-attribute p#x"}},
	"attribute twice, cases":     {`<P CLASS="a" Class='a'>x</P>`, []string{"duplicate-attribute p"}},
	"attribute twice, alone":     {`<input required disabled required>`, []string{"duplicate-attribute input"}},
	"attribute twice in vector":  {`<svg width=1 width=1></svg>`, []string{"duplicate-attribute svg"}},
	"attribute thrice":           {`<p a a a>x`, []string{"duplicate-attribute p"}},
	"attribute twice, of many":   {`<p a1 a2 a3 a4 a5 a6 a7 a8 a9 a10 a11 a12 a13 a14 a3>x`, []string{"duplicate-attribute p"}},
	"attributes glued":           {`<p class="a"class="b">x`, []string{"duplicate-attribute p"}},
	"unclosed":                   {`<div><span></div>`, []string{"unclosed-element span"}},
	"unclosed at the end":        {`<div id=a><div>x</div>`, []string{"unclosed-element div#a"}},
	"unclosed before body's end": {`<body><div><p>x</p></body></html>`, []string{"unclosed-element div"}},
	"two unclosed at once":       {`<div><span><b></div><p>x</p>`, []string{"unclosed-element span"}},
	"unclosed in cell":           {`<table><tr><td><b>a<td>b</table>`, []string{"unclosed-element b"}},
	"unclosed in item":           {`<ul><li><a href=x>a<li>b</ul>`, []string{"unclosed-element a"}},
	"unclosed in vector":         {`<svg><g><path></g></svg>`, []string{"unclosed-element path"}},
	"unclosed vector":            {`<div><svg><path/></div>`, []string{"unclosed-element svg"}},
	"page breaks out of vector":  {`<svg><g><p>x</p></g></svg>`, []string{"misnested svg"}},
	"unclosed title":             {`<title>T<p>x<div><b>`, []string{"unclosed-element title"}},
	"unclosed script":            {`<div><script>x`, []string{"unclosed-element script"}},
	"unclosed heading":           {`<h2>a<h3>b</h3>`, []string{"unclosed-element h2"}},
	"another heading's end":      {`<h2>a</h3><p>b</p>`, []string{"unclosed-element h2"}},
	"unclosed list in list":      {`<ul><li>a<ul><li>b</li></li></ul><p>x</p>`, []string{"stray-end-tag li"}},
	"unclosed table in table":    {`<div><table><tr><td><table><tr><td>a</td></tr></td></tr></table></div>`, []string{"stray-end-tag td"}},
	"solidus":                    {`<div><div/>a</div>`, []string{"unclosed-element div"}},
	"solidus in parent":          {`<p>a <i class=x /> b</p>`, []string{"unclosed-element i"}},
	"solidus of anchors":         {`<div><a name=x /><a href=y>z</a></div>`, []string{"unclosed-element a"}},
	"solidus of script":          {`<script src=a /><script>b</script>`, []string{"unclosed-element script"}},
	"paragraph's end":            {`<p>a<div>b</div></p>`, []string{"stray-end-tag p"}},
	"paragraph's end after list": {`<p>a<ul><li>b</ul>c</p>`, []string{"stray-end-tag p"}},
	"paragraph, table":           {`<p><table><tr><td>x</table></p>`, []string{"stray-end-tag p"}},
	"break's end":                {`<p>a</br>b</p>`, []string{"stray-end-tag br"}},
	"void's end":                 {`<input></input><img src=a></img>`, []string{"stray-end-tag input", "stray-end-tag img"}},
	"too many ends":              {`<div>a</div></div><p>x</p>`, []string{"stray-end-tag div"}},
	"too many ends within":       {`<div><section><main>a</div></main></section></div><p>x</p>`, []string{"misnested section"}},
	"span's end":                 {`<p>a</span> b</p>`, []string{"stray-end-tag span"}},
	"item's end":                 {`<ul><li>a</li></li></ul>`, []string{"stray-end-tag li"}},
	"two ends of the body":       {`<body>x</body></html></body></html>`, []string{"stray-end-tag body", "stray-end-tag html"}},
	"overlap":                    {`<p><b><i>a</b></i></p>`, []string{"misnested i"}},
	"overlap of blocks":          {`<div><span>a</div></span>`, []string{"misnested span"}},
	"overlap of a link":          {`<a href=x><div><ul><li>a</a></li></ul></div>`, []string{"misnested li"}},
	"overlap with paragraph":     {`<b><p>a</b></p>`, []string{"misnested p"}},
	"block in paragraph's span":  {`<p><span>a<div>b</div></span></p>`, []string{"misnested span"}},
	"bold over paragraphs":       {`<p><b>a</p><p>b</b></p>`, []string{"misnested b"}},
	"form over cells":            {`<form><table><tr><td>a</form></td></tr></table>`, []string{"misnested form"}},
	"form over rows":             {`<table><tr><form><td>a</td></tr></form></table>`, []string{"misnested form"}},
	"span over blocks":           {`<span><div>a</span></div>`, []string{"misnested span"}},
	"link in link":               {`<a href=x>a <a href=y>b</a></a>`, []string{"interactive-nesting a"}},
	"link that is not closed":    {`<p><a href=x>a <a href=y>b</a></p>`, []string{"interactive-nesting a"}},
	"anchor round link":          {`<a name=x><a href=y>b</a></a>`, []string{"misnested a"}},
	"button in link":             {`<a href=x><span><button id=b>a</button></span></a>`, []string{"interactive-nesting button#b"}},
	"link in button":             {`<button><a href=x>a</a></button>`, []string{"interactive-nesting a"}},
	"field in link":              {`<a href=x><input><input></a>`, []string{"interactive-nesting input"}},
	"select in button":           {`<button><select></select></button>`, []string{"interactive-nesting select"}},
	"button in button":           {`<button>a<button>b</button></button>`, []string{"interactive-nesting button"}},
	"label in label":             {`<label>a<label>b</label></label>`, []string{"interactive-nesting label"}},
	"form in form":               {`<form><div><form></form></div></form>`, []string{"interactive-nesting form"}},
	"link in cell in link":       {`<a href=x><table><tr><td><a href=y>z</a></table></a>`, []string{"interactive-nesting a"}},
}

func TestRight(t *testing.T) {
	for name, source := range right {
		if got := Check("", []byte(doctype+source), true); len(got) > 0 {
			t.Errorf("%s: %q\n\t%s", name, found(got), got[0].Message)
		}
	}
}

func TestWrong(t *testing.T) {
	for name, x := range wrong {
		got := Check("p", []byte(doctype+x.source), true)
		if !slices.Equal(found(got), x.want) {
			t.Errorf("%s: %q, wanted %q", name, found(got), x.want)
		}
		for _, f := range got {
			if f.Outcome != finding.Failed || f.Page != "p" || !strings.Contains(f.Message, "line 1") || f.Snippet == "" || len(f.Snippet) > maxSnippet {
				t.Errorf("%s: %+v", name, f)
			}
		}
	}
}

func TestDoctype(t *testing.T) {
	for source, want := range map[string]bool{
		"<!DOCTYPE html><p>x":       true,
		"\ufeff\n<!doctype HTML>x":  true,
		"<!-- a --> <!doctype html": true,
		"<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\" \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd\"><p>x":       true,
		"<?xml version=\"1.0\"?>\n<!DOCTYPE html\nPUBLIC \"-//W3C//DTD HTML 4.01//EN\" \"http://www.w3.org/TR/html4/strict.dtd\"><p>": true,
		"<!doctype html SYSTEM 'about:legacy-compat'><p>x":                                                                            true,
		"<!doctypehtml><p>x":          true,
		"<p>x":                        false,
		"x <!doctype html><p>x":       false,
		"<html><!doctype html><p>x":   false,
		"<!doctype svg><p>x":          false,
		"<!doctype><p>x":              false,
		"<br>\n\n<!doctype html><p>x": false,
		"":                            true, // not kept
		" <!-- -->":                   true, // nothing there
		"\xff\xfe<\x00p\x00>\x00":     true, // not decoded
	} {
		got := found(Check("", []byte(source), true))
		if ok := len(got) == 0 || !slices.Equal(got, []string{"no-doctype html"}); want != ok || !want && ok || len(got) > 1 {
			t.Errorf("%q: %q", source, got)
		}
	}
	// What is old ends no paragraph before a table.
	if got := found(Check("", []byte(`<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN"><p><table></table></p>`), true)); len(got) > 0 {
		t.Error(got)
	}
}

func TestCut(t *testing.T) {
	const page = doctype + `<div><p class=a class=b><b>x`
	if got := found(Check("", []byte(page), false)); !slices.Equal(got, []string{"duplicate-attribute p"}) {
		t.Error(got)
	}
	for _, end := range []string{"<!-- ", "<a href=\"", "<!-- x >", "</"} { // the rest of the page is lost in it
		for _, f := range found(Check("", []byte(doctype+"<div>"+end), true)) {
			if end != "</" {
				t.Error(end, f)
			}
		}
	}
}

func TestLimits(t *testing.T) {
	got := Check("", []byte(strings.Repeat("<div><span a a></div></i>\n", 1000)), true)
	counts := map[string]int{}
	for _, f := range got {
		counts[f.Rule]++
	}
	if len(got) != maxOfPage || counts["sonde-unclosed-element"] > maxOfRule || counts["sonde-stray-end-tag"] > maxOfRule {
		t.Error(len(got), counts)
	}
	if !strings.Contains(got[5].Message, "line 2") && !strings.Contains(got[5].Message, "line 3") {
		t.Error(got[5].Message)
	}
}

// Where a tag is so long that the tokenizer is made anew, what follows is read as before.
func TestLongTags(t *testing.T) {
	long := strings.Repeat("x", maxTag)
	for _, tag := range []string{"div", "script", "title", "style"} {
		page := doctype + "<" + tag + " data-a=" + long + "><b></" + tag + "><p>x</p>"
		want := []string{}
		if tag == "div" {
			want = []string{"unclosed-element b"}
		}
		if got := found(Check("", []byte(page), true)); !slices.Equal(got, want) {
			t.Errorf("%s: %q", tag, got)
		}
	}
}

func TestHostile(t *testing.T) {
	var many bytes.Buffer
	many.WriteString(doctype + "<p")
	for i := range 200000 {
		many.WriteString(" a")
		many.WriteString(strings.Repeat("x", i%7))
		many.WriteByte(byte('a' + i%26))
		many.WriteByte(byte('a' + i/26%26))
		many.WriteByte(byte('a' + i/676%26))
		many.WriteByte(byte('a' + i/17576%26))
	}
	many.WriteString(">" + strings.Repeat("<p a>", 400000))
	for name, page := range map[string]string{
		"deep":            strings.Repeat("<div>", 1e6),
		"deep, closed":    strings.Repeat("<div>", 1e6) + strings.Repeat("</div>", 1e6),
		"deep, bold":      strings.Repeat("<b>", 500) + strings.Repeat("<i></i>", 2e5),
		"deep, items":     "<ul><li>" + strings.Repeat("<span>", 500) + strings.Repeat("<p></p>", 5e4),
		"deep, links":     "<a href=x>" + strings.Repeat("<span>", 500) + strings.Repeat("<input type=hidden>", 1e5),
		"strays":          strings.Repeat("</x>", 1e6),
		"pending":         strings.Repeat("<div><x><y></div>", 3e5) + strings.Repeat("</y>", 3e5),
		"attributes":      many.String(),
		"long attribute":  "<p a=\"" + strings.Repeat("x", 5e6) + "\">",
		"less than":       strings.Repeat("<", 5e6),
		"vector":          strings.Repeat("<svg>", 1e6),
		"comments":        strings.Repeat("<!--", 1e6),
		"ends of comment": strings.Repeat("<!-->", 1e6),
		"titles":          strings.Repeat("<title>", 1e6),
		"tables":          strings.Repeat("<table><tr><td>", 3e5),
	} {
		began := time.Now()
		Check("", []byte(doctype+page), true)
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("%s: %s", name, took)
		} else {
			t.Log(name, took)
		}
	}
}

// Pages that were written by people who knew: nothing may be said of them.
func TestCleanSources(t *testing.T) {
	pages, err := filepath.Glob("../testdata/clean/*.html")
	if err != nil || len(pages) < 21 {
		t.Fatal(len(pages), err)
	}
	for _, name := range pages {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range Check(name, data, true) {
			t.Errorf("%s: %s: %s", name, f.Message, f.Snippet)
		}
	}
}

func TestRules(t *testing.T) {
	for _, x := range Rules() {
		if !strings.HasPrefix(x.ID, "sonde-") || x.Title.EN == "" || x.Title.FR == "" || x.Mend.EN == "" || x.Mend.FR == "" || len(x.Criteria) == 0 {
			t.Errorf("%+v", x)
		}
	}
}

// Whatever comes, it ends, stays within its limits and quotes what is there; a page that is cut tells no more than a whole one.
func FuzzCheck(f *testing.F) {
	for _, source := range right {
		if len(source) < 1000 {
			f.Add([]byte(doctype+source), true)
		}
	}
	for _, x := range wrong {
		f.Add([]byte(doctype+x.source), false)
	}
	f.Fuzz(func(t *testing.T, raw []byte, whole bool) {
		got := Check("p", raw, whole)
		counts := map[string]int{}
		for _, x := range got {
			if counts[x.Rule]++; counts[x.Rule] > maxOfRule || x.Selector == "" || len(x.Snippet) > finding.MaxSnippet {
				t.Fatalf("%+v", x)
			}
		}
		if len(got) > maxOfPage {
			t.Fatal(len(got))
		}
		if cut := Check("p", raw, false); len(cut) > len(got) {
			t.Fatalf("cut %q, whole %q", found(cut), found(got))
		}
	})
}

// One fault is one finding: without one of its end tags a clean page has one, or in few cases two.
func TestOneFaultOneFinding(t *testing.T) {
	pages, _ := filepath.Glob("../testdata/clean/*.html")
	required := regexp.MustCompile(`</(div|span|a|ul|section|main|header|footer|nav|h2|button|form|table|svg|label|strong|fieldset)>`)
	faults, told := 0, 0
	for _, name := range pages {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range required.FindAllIndex(data, -1) {
			got := Check("", slices.Concat(data[:at[0]], data[at[1]:]), true)
			faults++
			told += len(got)
			if len(got) == 0 || len(got) > 3 {
				t.Errorf("%s without %s at %d: %q", name, data[at[0]:at[1]], at[0], found(got))
			}
		}
	}
	if faults < 500 || float64(told) > 1.1*float64(faults) {
		t.Errorf("%d findings of %d faults", told, faults)
	}
	t.Log(faults, told)
}
