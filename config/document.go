package config

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// document is one YAML file while it is read. goccy/go-yaml parses it and converts its scalars; the walk over it is ours,
// because the library's strict decoder stops at the first fault and we want them all, each with its place.
type document struct {
	file        string
	folder      string
	environment bool // ${NAME} in texts is replaced
	root        ast.Node
	anchors     map[string]ast.Node
	nodes       int // walked so far
	source
	faults Faults
	broken map[string]bool // paths whose form is wrong: no rule is held against them
}

// source remembers where each key of a file is, for faults that are found later.
type source struct {
	places map[string]*token.Position
}

// maxNodes bounds what aliases can make of a small file.
const maxNodes = 1_000_000

// parse reads the text; faults of its syntax end up in d.faults and leave an empty document.
func (d *document) parse(data []byte) {
	d.places, d.broken = map[string]*token.Position{}, map[string]bool{}
	file, err := parseYAML(data)
	if err != nil {
		f := Fault{File: d.file, Problem: err.Error(), Mend: "correct the YAML syntax"}
		var at yaml.Error
		if errors.As(err, &at) {
			f.Problem = at.GetMessage()
			if t := at.GetToken(); t != nil && t.Position != nil {
				f.Line, f.Column = t.Position.Line, t.Position.Column
			}
		}
		d.faults = append(d.faults, f)
		return
	}
	for _, doc := range file.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.CommentType {
			continue
		}
		if d.root != nil {
			d.faultAt(doc.Body, "", "there is a second document", "write one document a file")
			break
		}
		d.root = doc.Body
	}
	if d.root == nil {
		d.faults = append(d.faults, Fault{File: d.file, Line: 1, Column: 1, Problem: "the file is empty", Mend: "start from a file of the folder examples"})
		return
	}
	d.anchors = map[string]ast.Node{}
	for _, node := range ast.Filter(ast.AnchorType, d.root) {
		if anchor, ok := node.(*ast.AnchorNode); ok && anchor.Name != nil {
			d.anchors[anchor.Name.GetToken().Value] = anchor.Value
		}
	}
}

// parseYAML turns a panic of the parser into an error.
func parseYAML(data []byte) (file *ast.File, err error) {
	defer func() {
		if r := recover(); r != nil {
			file, err = nil, fmt.Errorf("the YAML parser gives up: %v", r)
		}
	}()
	return parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
}

// add files a fault at a path, unless its form is known to be wrong already. A key that is not in the file has the place
// of the nearest one above it.
func (d *document) add(path, problem, mend string) {
	for above := path; above != ""; above = parent(above) {
		if d.broken[above] {
			return
		}
	}
	d.faults = append(d.faults, d.fault(d.file, path, problem, mend))
}

// parent returns the path of the mapping or list that holds a key.
func parent(path string) string { return path[:max(strings.LastIndexAny(path, ".["), 0)] }

func (s source) fault(file, path, problem, mend string) Fault {
	f := Fault{File: file, Path: path, Problem: problem, Mend: mend}
	for near := path; ; near = parent(near) {
		if at := s.places[near]; at != nil {
			f.Line, f.Column = at.Line, at.Column
			return f
		}
		if near == "" {
			return f
		}
	}
}

func (d *document) faultAt(node ast.Node, path, problem, mend string) {
	f := Fault{File: d.file, Path: path, Problem: problem, Mend: mend}
	if at := position(node); at != nil {
		f.Line, f.Column = at.Line, at.Column
	}
	d.faults = append(d.faults, f)
	if path != "" {
		d.broken[path] = true
	}
}

// position returns where a node begins; of a block mapping the parser gives the first colon, we want the first key.
func position(node ast.Node) *token.Position {
	switch n := node.(type) {
	case *ast.MappingNode:
		if len(n.Values) > 0 && !n.IsFlowStyle {
			return position(n.Values[0])
		}
	case *ast.MappingValueNode:
		return n.Key.GetToken().Position
	}
	if node == nil || node.GetToken() == nil {
		return nil
	}
	return node.GetToken().Position
}

// decode fills the struct that v points to and files every fault of form.
func (d *document) decode(v any) {
	if d.root != nil {
		d.walk(d.root, reflect.ValueOf(v).Elem(), "")
	}
}

// plain follows anchors, aliases and tags to the node that holds the value.
func (d *document) plain(node ast.Node) ast.Node {
	for range 100 {
		switch n := node.(type) {
		case *ast.AnchorNode:
			node = n.Value
		case *ast.AliasNode:
			node = d.anchors[n.Value.GetToken().Value]
		case *ast.TagNode:
			node = n.Value
		default:
			return node
		}
	}
	return nil
}

func (d *document) walk(node ast.Node, v reflect.Value, path string) {
	if at := position(node); at != nil && d.places[path] == nil {
		d.places[path] = at
	}
	here := node
	node = d.plain(node)
	if d.nodes++; d.nodes == maxNodes {
		d.faultAt(here, path, "the file is too large once its aliases are followed", "write less")
	}
	if d.nodes >= maxNodes {
		return
	}
	switch {
	case node == nil:
		d.faultAt(here, path, "the alias names no anchor", "define it with &name first")
		return
	case node.Type() == ast.NullType: // a key without a value keeps its default
		return
	case v.Kind() == reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		d.walk(here, v.Elem(), path)
		return
	case v.Type() == reflect.TypeFor[time.Duration](), v.Type() == reflect.TypeFor[Days]():
		d.scalar(node, path, "a duration", "write for example 90s, 36h or 15d", func(text string) error {
			length, err := parseDays(text)
			v.SetInt(int64(length))
			return err
		})
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.mapping(node, path, func(key string, value *ast.MappingValueNode, path string) {
			field, known := fieldOf(v, key)
			if !known {
				d.faultAt(value.Key, path, "the key is not known", "the keys here are "+strings.Join(keysOf(v.Type()), " "))
				return
			}
			d.walk(value.Value, field, path)
		})
	case reflect.Map:
		fill := reflect.MakeMap(v.Type())
		d.mapping(node, path, func(key string, value *ast.MappingValueNode, path string) {
			element := reflect.New(v.Type().Elem()).Elem()
			d.walk(value.Value, element, path)
			fill.SetMapIndex(reflect.ValueOf(key), element)
		})
		v.Set(fill)
	case reflect.Slice:
		list, ok := node.(*ast.SequenceNode)
		if !ok {
			d.faultAt(node, path, "it is not a list", "begin each element with \"- \"")
			return
		}
		fill := reflect.MakeSlice(v.Type(), len(list.Values), len(list.Values))
		for i, value := range list.Values {
			d.walk(value, fill.Index(i), path+"["+strconv.Itoa(i)+"]")
		}
		v.Set(fill)
	case reflect.String:
		d.scalar(node, path, "a text", "write it on one line, or after | over several", func(text string) error {
			v.SetString(d.expand(text, path))
			return nil
		})
	case reflect.Float64:
		d.scalar(node, path, "a number", "write for example 0.05", func(string) error {
			if t := node.Type(); t != ast.IntegerType && t != ast.FloatType {
				return errors.ErrUnsupported
			}
			return yaml.NodeToValue(node, v.Addr().Interface())
		})
	case reflect.Bool:
		d.scalar(node, path, "true or false", "write true or false", func(string) error { return yaml.NodeToValue(node, v.Addr().Interface()) })
	default:
		d.scalar(node, path, "a whole number", "write digits alone", func(string) error {
			if node.Type() != ast.IntegerType { // the library cuts 1.5 down to 1
				return errors.ErrUnsupported
			}
			return yaml.NodeToValue(node, v.Addr().Interface())
		})
	}
}

// scalar calls set with the text of a scalar and files a fault if there is none or set refuses it.
func (d *document) scalar(node ast.Node, path, what, mend string, set func(text string) error) {
	text := ""
	switch n := node.(type) {
	case *ast.StringNode:
		text = n.Value
	case *ast.LiteralNode:
		text = n.Value.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		text = n.GetToken().Value
	default:
		d.faultAt(node, path, "it is not "+what, mend)
		return
	}
	if set(text) != nil {
		d.faultAt(node, path, fmt.Sprintf("%q is not %s", text, what), mend)
	}
}

// mapping calls f for each key of a mapping and files a fault for one that is there twice.
func (d *document) mapping(node ast.Node, path string, f func(key string, value *ast.MappingValueNode, path string)) {
	var values []*ast.MappingValueNode
	switch n := node.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		d.faultAt(node, path, "it is not a mapping", "write key: value lines, indented")
		return
	}
	seen := map[string]bool{}
	for _, value := range values {
		key := value.Key.GetToken().Value
		below := key
		if path != "" {
			below = path + "." + key
		}
		switch {
		case value.Key.IsMergeKey():
			d.faultAt(value.Key, below, "merge keys are not read", "write the keys out")
			continue
		case seen[key]:
			d.faultAt(value.Key, below, "the key is there twice", "remove one")
			continue
		}
		seen[key] = true
		d.places[below] = value.Key.GetToken().Position
		f(key, value, below)
	}
}

// fieldOf returns the field of the struct v for a key, also within inlined structs.
func fieldOf(v reflect.Value, key string) (reflect.Value, bool) {
	for i := range v.NumField() {
		name, inline := tagOf(v.Type().Field(i))
		if inline {
			if field, ok := fieldOf(v.Field(i), key); ok {
				return field, true
			}
		} else if name == key && name != "" {
			return v.Field(i), true
		}
	}
	return reflect.Value{}, false
}

func tagOf(f reflect.StructField) (name string, inline bool) {
	name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	return name, options == "inline"
}

// keysOf lists the keys of a struct in the order of its declaration.
func keysOf(t reflect.Type) []string {
	var keys []string
	for i := range t.NumField() {
		name, inline := tagOf(t.Field(i))
		if inline {
			keys = append(keys, keysOf(t.Field(i).Type)...)
		} else if name != "" {
			keys = append(keys, name)
		}
	}
	return keys
}
