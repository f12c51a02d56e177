package item

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func hasAttr(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

// hidden says whether the element or one around it is invisible.
func hidden(n *html.Node) bool {
	for p := n; p != nil; p = p.Parent {
		if p.Type == html.ElementNode && invisible(p) {
			return true
		}
	}
	return false
}

// textOf is the text below a node, without regard to what is hidden, of about most octets.
func textOf(n *html.Node, most int) string {
	var b strings.Builder
	var walk func(*html.Node, int)
	walk = func(n *html.Node, depth int) {
		if depth > maxDepth || b.Len() > most {
			return
		}
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		if n.Type == html.ElementNode && (n.DataAtom == atom.Script || n.DataAtom == atom.Style) {
			return
		}
		if n.DataAtom == atom.Br || blocks[n.DataAtom] {
			b.WriteByte(' ')
		}
		for c := n.FirstChild; c != nil && b.Len() <= most; c = c.NextSibling {
			walk(c, depth+1)
		}
	}
	walk(n, 0)
	return b.String()
}

// itemprop is the microdata property that an element's text is the value of.
func itemprop(n *html.Node) string {
	for p := n; p != nil; p = p.Parent {
		if v := attr(p, "itemprop"); v != "" {
			return v
		}
	}
	return ""
}

// regionOf is the landmark around an element.
func regionOf(n *html.Node) string {
	for p := n; p != nil; p = p.Parent {
		if p.Type != html.ElementNode {
			continue
		}
		role := attr(p, "role")
		switch {
		case p.DataAtom == atom.Main || role == "main":
			return "main"
		case p.DataAtom == atom.Nav || role == "navigation":
			return "nav"
		case p.DataAtom == atom.Footer || role == "contentinfo":
			return "footer"
		case p.DataAtom == atom.Header || role == "banner":
			if inside(p, atom.Main, atom.Article, atom.Section) {
				continue
			}
			return "header"
		case p.DataAtom == atom.Aside || role == "complementary":
			return "aside"
		}
		name := strings.ToLower(attr(p, "id") + " " + attr(p, "class"))
		switch {
		case p.DataAtom == atom.Div && (hasWord(name, "footer") || hasWord(name, "pied") || hasWord(name, "bas")):
			return "footer"
		case p.DataAtom == atom.Div && (hasWord(name, "header") || hasWord(name, "entete") || hasWord(name, "bandeau")) && p.Parent != nil && p.Parent.DataAtom == atom.Body:
			return "header"
		}
	}
	return ""
}

func inside(n *html.Node, around ...atom.Atom) bool {
	for p := n.Parent; p != nil; p = p.Parent {
		if slices.Contains(around, p.DataAtom) {
			return true
		}
	}
	return false
}

// hasWord says whether w stands in s as a word of its own: "site-footer" has "footer".
func hasWord(s, w string) bool {
	for f := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ' ' || r == '-' || r == '_' }) {
		if f == w {
			return true
		}
	}
	return false
}

// selector is a CSS selector that finds the element: from the nearest identifier down.
func selector(n *html.Node) string {
	var parts []string
	for p := n; p != nil && p.Type == html.ElementNode && len(parts) < 12; p = p.Parent {
		if id := attr(p, "id"); id != "" && plainName(id) {
			parts = append(parts, "#"+id)
			break
		}
		if p.DataAtom == atom.Body || p.DataAtom == atom.Html {
			parts = append(parts, p.Data)
			break
		}
		k, same := 1, 0
		if p.Parent != nil {
			for s := p.Parent.FirstChild; s != nil; s = s.NextSibling {
				if s.Type == html.ElementNode && s.Data == p.Data {
					if same++; s == p {
						k = same
					}
				}
			}
		}
		if same > 1 {
			parts = append(parts, fmt.Sprintf("%s:nth-of-type(%d)", p.Data, k))
		} else {
			parts = append(parts, p.Data)
		}
	}
	slices.Reverse(parts)
	return strings.Join(parts, " > ")
}

func plainName(s string) bool {
	if s == "" || len(s) > 80 || s[0] >= '0' && s[0] <= '9' || s[0] == '-' {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_')
	})
}
