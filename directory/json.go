package directory

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/sonde-fleet/sonde/probes"
)

// fieldContacts is the key of the object that holds a list of contacts per channel.
const fieldContacts = "contacts"

// jsonReader walks the tokens of a JSON file so that every value keeps its place.
type jsonReader struct {
	*checker
	data []byte
	dec  *json.Decoder
	// The place is computed onwards from the last one, so that a large file is counted once.
	line, lineStart, counted int
}

// errForm stops the reading: what follows cannot be understood.
var errForm = errors.New("form")

// json reads the rows of a JSON file and adds the faults of its form.
func (c *checker) json(data []byte) []row {
	r := &jsonReader{checker: c, data: data, dec: json.NewDecoder(bytes.NewReader(data)), line: 1}
	var rows []row
	err := r.list("", "the file", func(int) error {
		one, ok, err := r.structure()
		if err == nil && ok {
			rows = append(rows, one)
		}
		return err
	})
	if err == nil {
		at := r.next()
		if _, err := r.dec.Token(); !errors.Is(err, io.EOF) {
			c.add(at, "", "there is more after the end of the array", "one array holds all structures")
		}
	}
	return rows
}

// next returns the place where the next value begins.
func (r *jsonReader) next() cell {
	at := int(r.dec.InputOffset())
	for at < len(r.data) && strings.IndexByte(" \t\r\n:,", r.data[at]) >= 0 {
		at++
	}
	for ; r.counted < at; r.counted++ {
		if r.data[r.counted] == '\n' {
			r.line++
			r.lineStart = r.counted + 1
		}
	}
	return cell{line: r.line, column: at - r.lineStart + 1}
}

func (r *jsonReader) token() (json.Token, cell, error) {
	at := r.next()
	token, err := r.dec.Token()
	if err != nil {
		problem := err.Error()
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			if syntax.Offset > 0 { // 0: the decoder refuses the token at the place that we know
				at.line, at.column = place(r.data, int(syntax.Offset)-1)
			}
		} else if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			problem = "the file ends in the middle"
		}
		r.add(at, "", problem, "the file is a JSON array of objects")
		return nil, at, errForm
	}
	return token, at, nil
}

// list reads an array and calls f before each element.
func (r *jsonReader) list(path, what string, f func(i int) error) error {
	token, at, err := r.token()
	if err != nil {
		return err
	}
	if token != json.Delim('[') {
		r.add(at, path, what+" is not a list", "write [ … ]")
		return r.skip(token)
	}
	for i := 0; r.dec.More(); i++ {
		if err := f(i); err != nil {
			return err
		}
	}
	_, _, err = r.token()
	return err
}

// object reads an object and calls f at each key; ok is false if it was something else.
func (r *jsonReader) object(path, what string, f func(key string, at cell) error) (ok bool, err error) {
	token, at, err := r.token()
	if err != nil {
		return false, err
	}
	if token != json.Delim('{') {
		r.add(at, path, what+" is not an object", "write { … }")
		return false, r.skip(token)
	}
	seen := map[string]bool{}
	for r.dec.More() {
		token, at, err := r.token()
		if err != nil {
			return false, err
		}
		key := token.(string) // the decoder lets no other key pass
		if seen[key] {
			r.add(at, key, "the key is there twice", "remove one")
		}
		seen[key] = true
		if err := f(key, at); err != nil {
			return false, err
		}
	}
	_, _, err = r.token()
	return true, err
}

// skip reads to the end of a value that has begun with token.
func (r *jsonReader) skip(token json.Token) error {
	depth := 0
	for {
		switch token {
		case json.Delim('['), json.Delim('{'):
			depth++
		case json.Delim(']'), json.Delim('}'):
			depth--
		}
		if depth == 0 {
			return nil
		}
		var err error
		if token, _, err = r.token(); err != nil {
			return err
		}
	}
}

// structure reads one element; ok is false if it was no object.
func (r *jsonReader) structure() (one row, ok bool, err error) {
	one = row{wrong: map[string]bool{}, fields: make(map[string]cell, len(fields)), contacts: map[probes.Channel][]cell{}}
	at := r.next()
	one.line, one.column = at.line, at.column
	ok, err = r.object("", "a structure", func(key string, at cell) error {
		switch {
		case key == fieldContacts:
			return r.contacts(&one)
		case slices.Contains(fields, key):
			value, err := r.scalar(key)
			one.fields[key], one.wrong[key] = value, value.line == 0
			return err
		}
		r.add(at, key, "the key is not known", "the keys are "+strings.Join(append(slices.Clone(fields), fieldContacts), " "))
		token, _, err := r.token()
		if err != nil {
			return err
		}
		return r.skip(token)
	})
	return one, ok, err
}

// scalar reads a text or, for shared, true or false. A fault leaves the line of the cell at 0.
func (r *jsonReader) scalar(path string) (cell, error) {
	token, at, err := r.token()
	if err != nil {
		return cell{}, err
	}
	switch v := token.(type) {
	case string:
		at.text = strings.TrimSpace(v)
		return at, nil
	case nil:
		return at, nil
	case bool:
		if path == fieldShared {
			at.text = fmt.Sprint(v)
			return at, nil
		}
	}
	r.add(at, path, fmt.Sprintf("%v is not a text", token), "write it between quotes")
	return cell{}, r.skip(token)
}

func (r *jsonReader) contacts(one *row) error {
	_, err := r.object(fieldContacts, "contacts", func(key string, at cell) error {
		channel := probes.Channel(key)
		path := fieldContacts + "." + key
		if !slices.Contains(probes.Channels[:], channel) {
			r.add(at, path, "the channel is not known", "the channels are mail web phone social post visit")
			token, _, err := r.token()
			if err != nil {
				return err
			}
			return r.skip(token)
		}
		return r.list(path, "the contact", func(i int) error {
			value, err := r.scalar(fmt.Sprintf("%s[%d]", path, i))
			if value.text != "" {
				one.contacts[channel] = append(one.contacts[channel], value)
			}
			return err
		})
	})
	return err
}
