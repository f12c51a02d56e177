package config

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"github.com/sonde-fleet/sonde/probes"
)

var language = regexp.MustCompile(`^[a-z]{2}$`)

// Fields are the names that a scenario's text may use, as {{.Name}}.
var Fields = []string{"Structure", "Given", "Family", "Civility", "Town", "Phone"}

// fields returns what the texts of the campaign may use, and a value of each to try them with.
func (c *Campaign) fields() (names []string, sample map[string]any) {
	sample = map[string]any{}
	for _, name := range Fields {
		sample[name] = name
	}
	keys := c.Experiment.Keys()
	if len(keys) == 0 {
		return Fields, sample
	}
	arm := map[string]string{}
	names = slices.Clone(Fields)
	for _, key := range keys {
		arm[key] = key
		names = append(names, "Arm."+key)
	}
	sample["Arm"] = arm
	return names, sample
}

// call checks what a scenario says of calls.
func (d *document) call(s *Scenario, path string) {
	if s.By == "" {
		s.By = "agent"
	}
	d.among(path+".by", s.By, "agent", "person")
	if strings.Trim(s.Keys, "0123456789*#") != "" {
		d.add(path+".keys", fmt.Sprintf("%q are not keys of a telephone", s.Keys), "write digits, * and #, for example \"13\"")
	}
	for _, x := range []struct {
		key   string
		given bool
	}{{"keys", s.Keys != ""}, {"say", s.Say != ""}, {"by", s.By != "agent"}} {
		if x.given && !slices.Contains(s.Channels, string(probes.Phone)) {
			d.add(path+"."+x.key, "the scenario makes no calls", "remove it, or add phone to its channels")
		}
	}
	if s.By == "person" && (s.Keys != "" || s.Say != "") {
		d.add(path+".by", "a person presses keys and speaks without being told how", "remove keys and say, or write by: agent")
	}
	d.resolve(&s.Say)
	d.readable(path+".say", s.Say)
}

func (d *document) scenarios(c *Campaign) {
	if len(c.Scenarios) == 0 {
		d.add("scenarios", "there is no scenario", "write at least one")
	}
	ids := map[string]bool{}
	for i := range c.Scenarios {
		s, path := &c.Scenarios[i], fmt.Sprintf("scenarios[%d]", i)
		d.name(path+".id", s.ID)
		if ids[s.ID] {
			d.add(path+".id", s.ID+" is there twice", "give each scenario an id of its own")
		}
		ids[s.ID] = true
		if s.Language == "" {
			s.Language = "fr"
		}
		if !language.MatchString(s.Language) {
			d.add(path+".language", fmt.Sprintf("%q is not a language", s.Language), "write two letters, for example fr")
		}
		if len(s.Channels) == 0 {
			d.add(path+".channels", "there is no channel", mendChannel)
		}
		for j, name := range s.Channels {
			at := fmt.Sprintf("%s.channels[%d]", path, j)
			if !channel(name) {
				d.add(at, fmt.Sprintf("the channel %q is not known", name), mendChannel)
			} else if slices.Index(s.Channels, name) < j {
				d.add(at, name+" is there twice", "write it once")
			}
		}
		d.call(s, path)
		if len(s.Subjects) == 0 && slices.Contains(s.Channels, "mail") {
			d.add(path+".subjects", "there is no subject", "a mail needs at least one")
		}
		if len(s.Bodies) == 0 {
			d.add(path+".bodies", "there is no text", "write at least one")
		}
		d.texts(c, path+".subjects", s.Subjects)
		d.texts(c, path+".bodies", s.Bodies)
		for j, subject := range s.Subjects {
			if strings.ContainsAny(strings.TrimSpace(subject), "\r\n") {
				d.add(fmt.Sprintf("%s.subjects[%d]", path, j), "it has several lines", "write a subject on one line")
			}
		}
		d.facts(path, s.Facts)
	}
}

// texts checks that each text says something, that its template can be filled and that its choices are well formed.
func (d *document) texts(c *Campaign, path string, texts []string) {
	names, sample := c.fields()
	for i, text := range texts {
		at := fmt.Sprintf("%s[%d]", path, i)
		if strings.TrimSpace(text) == "" {
			d.add(at, "it is empty", "write what the citizen says")
			continue
		}
		if problem := tryTemplate(text, sample); problem != "" {
			d.add(at, problem, "the fields are {{."+strings.Join(names, "}} {{.")+"}}")
		} else if problem := choices(text); problem != "" {
			d.add(at, problem, "write {one|or another}")
		}
	}
}

// tryTemplate fills a text with sample values and says what is wrong with it, or nothing.
func tryTemplate(text string, sample map[string]any) string {
	t, err := template.New("text").Option("missingkey=error").Parse(text)
	if err == nil {
		err = t.Execute(io.Discard, sample)
	}
	if err == nil {
		return ""
	}
	reason := err.Error()
	if _, name, ok := strings.Cut(reason, "map has no entry for key "); ok {
		return fmt.Sprintf("the field %s is not known", name)
	}
	if parts := strings.SplitN(reason, ": ", 3); len(parts) == 3 { // "template", "text:1" and what is wrong
		reason = parts[2]
	}
	return "the text cannot be filled (" + reason + ")"
}

var action = regexp.MustCompile(`(?s)\{\{.*?\}\}`)

// choices says what is wrong with the {a|b|c} of a text, or nothing. Choices may stand within choices.
func choices(text string) string {
	var parts []int // of each choice that is open
	for _, r := range action.ReplaceAllString(text, "") {
		switch {
		case r == '{':
			parts = append(parts, 1)
		case r == '|' && len(parts) > 0:
			parts[len(parts)-1]++
		case r == '}' && len(parts) == 0:
			return "a } closes no choice"
		case r == '}':
			if parts[len(parts)-1] < 2 {
				return "a choice has one part only"
			}
			parts = parts[:len(parts)-1]
		}
	}
	if len(parts) > 0 {
		return "a choice is not closed"
	}
	return ""
}

func (d *document) facts(path string, facts []Fact) {
	ids := map[string]bool{}
	for i, fact := range facts {
		at := fmt.Sprintf("%s.facts[%d]", path, i)
		d.name(at+".id", fact.ID)
		if ids[fact.ID] {
			d.add(at+".id", fact.ID+" is there twice", "give each fact of a scenario an id of its own")
		}
		ids[fact.ID] = true
		if len(fact.Any) == 0 {
			d.add(at+".any", "there is no expression", "write at least one that a good answer matches")
		}
		for j, expression := range fact.Any {
			below := fmt.Sprintf("%s.any[%d]", at, j)
			if _, err := regexp.Compile(expression); err != nil {
				d.add(below, strings.TrimPrefix(err.Error(), "error parsing regexp: "), "write a regular expression of Go (RE2)")
			} else if expression == "" || regexp.MustCompile(expression).MatchString("") {
				d.add(below, "it matches an answer that says nothing", "make it match some text at least")
			}
		}
	}
}
