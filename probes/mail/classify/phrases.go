package classify

import (
	"embed"
	"strings"
	"sync"
)

//go:embed rules/*.txt
var ruleFiles embed.FS

// phrases finds every phrase of every rule in one pass over a folded text (Aho and Corasick 1975). It is built once, at the
// first text (a third of a second that no other command waits for), and never changes.
//
// A rule file holds "[rule]" lines, each followed by its phrases in folded form, one a line. A phrase stands between
// word boundaries; "*" at its end lets the word go on; " .. " lets up to 80 octets lie between two pieces.
type phrases struct {
	rules   []string
	index   map[string]int
	texts   []string // of the pieces
	built   sync.Once
	class   [256]uint8
	classes int
	next    []int32 // state*classes + class
	outs    [][]int32
	pieces  []piece
}

// piece is a phrase or a part of one.
type piece struct {
	rule    int
	len     int
	prefix  bool  // the last word may go on
	after   int32 // the piece that must have come before, -1 if none
	last    bool  // completes the phrase
	boundLo bool  // begins with a letter or digit
	boundHi bool
}

const gap = 80

func newPhrases(files embed.FS, dir string) *phrases {
	p := &phrases{index: map[string]int{}}
	entries, err := files.ReadDir(dir)
	if err != nil {
		panic(err) // embedded: cannot fail in a binary that was built
	}
	for _, e := range entries {
		b, err := files.ReadFile(dir + "/" + e.Name())
		if err != nil {
			panic(err)
		}
		rule := -1
		for line := range strings.Lines(string(b)) {
			line = strings.TrimSpace(line)
			switch {
			case line == "" || line[0] == '#':
			case line[0] == '[' && strings.HasSuffix(line, "]"):
				rule = p.rule(line[1 : len(line)-1])
			default:
				after := int32(-1)
				parts := strings.Split(line, " .. ")
				for i, t := range parts {
					prefix := strings.HasSuffix(t, "*")
					t = strings.TrimSuffix(t, "*")
					p.pieces = append(p.pieces, piece{rule: rule, len: len(t), prefix: prefix, after: after, last: i == len(parts)-1,
						boundLo: wordByte(t[0]), boundHi: wordByte(t[len(t)-1])})
					p.texts = append(p.texts, t)
					after = int32(len(p.pieces) - 1)
				}
			}
		}
	}
	return p
}

func (p *phrases) rule(name string) int {
	if i, ok := p.index[name]; ok {
		return i
	}
	p.index[name] = len(p.rules)
	p.rules = append(p.rules, name)
	return len(p.rules) - 1
}

func wordByte(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }

// build makes the automaton: a trie whose missing edges are filled with those of the longest proper suffix.
func (p *phrases) build(texts []string) {
	p.classes = 1 // 0: any octet that no phrase holds
	for _, t := range texts {
		for i := 0; i < len(t); i++ {
			if p.class[t[i]] == 0 {
				p.class[t[i]] = uint8(p.classes)
				p.classes++
			}
		}
	}
	state := func() int32 {
		p.next = append(p.next, make([]int32, p.classes)...)
		p.outs = append(p.outs, nil)
		return int32(len(p.outs) - 1)
	}
	state()
	for n, t := range texts {
		s := int32(0)
		for i := 0; i < len(t); i++ {
			at := int(s)*p.classes + int(p.class[t[i]])
			if p.next[at] == 0 {
				fresh := state()
				p.next[at] = fresh
			}
			s = p.next[at]
		}
		p.outs[s] = append(p.outs[s], int32(n))
	}
	fail := make([]int32, len(p.outs))
	var queue []int32
	for c := range p.classes {
		if s := p.next[c]; s != 0 {
			queue = append(queue, s)
		}
	}
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		p.outs[s] = append(p.outs[s], p.outs[fail[s]]...)
		for c := range p.classes {
			at := int(s)*p.classes + c
			f := p.next[int(fail[s])*p.classes+c]
			if t := p.next[at]; t != 0 {
				fail[t] = f
				queue = append(queue, t)
			} else {
				p.next[at] = f
			}
		}
	}
}

// hits says for each rule where its first phrase ended in a text; 0 means nowhere.
type hits []int32

func (h hits) has(i int) bool { return h[i] > 0 }

// scan looks for every rule in the folded text s.
func (p *phrases) scan(s string) hits {
	p.built.Do(func() { p.build(p.texts) })
	h := make(hits, len(p.rules))
	var ends map[int32]int // where a first piece last ended
	state := int32(0)
	for i := 0; i < len(s); i++ {
		state = p.next[int(state)*p.classes+int(p.class[s[i]])]
		for _, n := range p.outs[state] {
			q := &p.pieces[n]
			start := i + 1 - q.len
			if q.boundLo && start > 0 && wordByte(s[start-1]) || q.boundHi && !q.prefix && i+1 < len(s) && wordByte(s[i+1]) {
				continue
			}
			if q.after >= 0 {
				if e, ok := ends[q.after]; !ok || start < e || start-e > gap {
					continue
				}
			}
			if !q.last {
				if ends == nil {
					ends = map[int32]int{}
				}
				ends[n] = i + 1
				continue
			}
			if h[q.rule] == 0 {
				h[q.rule] = int32(i + 1)
			}
		}
	}
	return h
}

// first returns the first rule of the given prefix, in the order of the files, that was hit.
func (p *phrases) first(h hits, prefix string) string {
	for i, at := range h {
		if at > 0 && strings.HasPrefix(p.rules[i], prefix) {
			return p.rules[i]
		}
	}
	return ""
}
