package report

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/stats"
)

// Row is an outcome as CSV, JSON lines and Parquet have it: flat, with the groups of its structure. Instants are
// campaign time in RFC 3339, delays milliseconds.
type Row struct {
	Audit        string `json:"audit" parquet:"audit"`
	Campaign     string `json:"campaign" parquet:"campaign,dict"`
	Structure    string `json:"structure" parquet:"structure,dict"`
	Name         string `json:"name" parquet:"name,dict"`
	Kind         string `json:"kind" parquet:"kind,dict"`
	Sector       string `json:"sector" parquet:"sector,dict"`
	Band         string `json:"band" parquet:"band,dict"`
	Region       string `json:"region" parquet:"region,dict"`
	Channel      string `json:"channel" parquet:"channel,dict"`
	Scenario     string `json:"scenario" parquet:"scenario,dict"`
	Persona      string `json:"persona" parquet:"persona,dict"`
	Wave         string `json:"wave" parquet:"wave,dict"`
	Number       int    `json:"number" parquet:"number"`
	Due          string `json:"due" parquet:"due"`
	Deadline     string `json:"deadline" parquet:"deadline"`
	State        string `json:"state" parquet:"state,dict"`
	Result       string `json:"result" parquet:"result,dict"`
	Reason       string `json:"reason" parquet:"reason"`
	Contacted    string `json:"contacted" parquet:"contacted"`
	Answered     string `json:"answered" parquet:"answered"`
	Delay        *int64 `json:"delay_ms" parquet:"delay_ms,optional"`
	Worked       *int64 `json:"worked_ms" parquet:"worked_ms,optional"`
	WorkingDays  *int64 `json:"working_days" parquet:"working_days,optional"`
	Followed     *int64 `json:"followed_ms" parquet:"followed_ms,optional"`
	Late         bool   `json:"late" parquet:"late"`
	Acknowledged bool   `json:"acknowledged" parquet:"acknowledged"`
	AckDelay     *int64 `json:"ack_delay_ms" parquet:"ack_delay_ms,optional"`
	OutOfOffice  bool   `json:"out_of_office" parquet:"out_of_office"`
	Classes      string `json:"classes" parquet:"classes,dict"` // space-separated, in order of arrival
	Answer       string `json:"answer" parquet:"answer,dict"`
	Polite       *bool  `json:"polite" parquet:"polite,optional"`
	Junk         bool   `json:"junk" parquet:"junk"`
	Unsure       int    `json:"unsure" parquet:"unsure"`
	Evidence     string `json:"evidence" parquet:"evidence"`
	Prober       string `json:"prober" parquet:"prober,dict"`
	Events       int    `json:"events" parquet:"events"`
	Pages        int    `json:"pages" parquet:"pages"` // of a website
	Barriers     int    `json:"barriers" parquet:"barriers"`
	Doubts       int    `json:"doubts" parquet:"doubts"`
	Criteria     int    `json:"criteria_broken" parquet:"criteria_broken"`
	ItemsYes     int    `json:"items_yes" parquet:"items_yes"`
	ItemsNo      int    `json:"items_no" parquet:"items_no"`
	Checks       int    `json:"checks" parquet:"checks"`
	ChecksUp     int    `json:"checks_up" parquet:"checks_up"`
	// Of a telephone audit: made while the structure was closed, how many calls and what became of each, what the one that was picked
	// up measured, who or what answered it and how sure that is.
	Outside      bool     `json:"outside" parquet:"outside"`
	Tries        int      `json:"tries" parquet:"tries"`
	Calls        string   `json:"calls" parquet:"calls,dict"` // space-separated, in order: answered, busy, no-answer…, ours
	Person       *bool    `json:"person" parquet:"person,optional"`
	FirstAttempt *bool    `json:"first_attempt" parquet:"first_attempt,optional"`
	Ring         *int64   `json:"ring_ms" parquet:"ring_ms,optional"`
	Wait         *int64   `json:"wait_ms" parquet:"wait_ms,optional"`
	Talk         *int64   `json:"talk_ms" parquet:"talk_ms,optional"`
	First        string   `json:"first" parquet:"first,dict"`
	Sure         *float64 `json:"sure" parquet:"sure,optional"`
	Recorded     bool     `json:"recorded" parquet:"recorded"`
	Treatment    string   `json:"treatment" parquet:"treatment,dict"` // the arm of the campaign's experiment; empty: in none
}

// RowOf flattens an outcome.
func RowOf(o *stats.Outcome) Row {
	r := Row{Audit: string(o.ID), Campaign: o.Campaign, Structure: string(o.Structure), Name: o.Body.Name, Kind: o.Body.Kind,
		Sector: o.Body.Sector, Band: o.Body.Band, Region: o.Body.Region, Channel: string(o.Channel), Scenario: o.Scenario,
		Persona: o.Persona, Wave: o.Wave, Number: o.Number, Due: stamp(o.Due), Deadline: stamp(o.Deadline), State: string(o.Status),
		Result: string(o.Result), Reason: o.Reason, Contacted: stamp(o.Sent), Answered: stamp(o.Replied), Late: o.Late,
		Acknowledged: o.Acked, OutOfOffice: o.Absent, Classes: strings.Join(o.Classes, " "), Answer: o.Answer, Polite: o.Polite,
		Junk: o.Junk, Unsure: o.Unsure, Evidence: string(o.Evidence), Prober: o.Prober, Events: o.Events,
		Pages: o.Pages, Barriers: o.Barriers, Doubts: o.Doubts, Criteria: o.Criteria,
		ItemsYes: o.ItemsYes, ItemsNo: o.ItemsNo, Checks: o.Checks, ChecksUp: o.ChecksUp, Treatment: o.Treatment}
	if o.Result == stats.Answered {
		days := int64(o.Days)
		r.Delay, r.Worked, r.WorkingDays = &o.Delay, &o.Worked, &days
	}
	if o.Counted() {
		r.Followed = &o.Followed
	}
	if o.Acked {
		r.AckDelay = &o.AckDelay
	}
	r.Outside = o.Outside
	if o.Call != nil {
		r.ofCall(o.Call)
	}
	return r
}

func (r *Row) ofCall(c *stats.Call) {
	var classes []string
	for i := range c.Tries {
		if class := c.Tries[i].Class; class != "" {
			classes = append(classes, class)
		}
	}
	r.Tries, r.Calls, r.Person, r.FirstAttempt, r.Wait, r.First, r.Recorded = len(c.Tries), strings.Join(classes, " "), c.Person, c.FirstAttempt, c.Wait, c.First, c.Recorded
	if last := c.Last(); last != nil && last.Class == stats.TryAnswered {
		r.Ring, r.Talk = &c.Ring, &c.Talk
	}
	if c.Sure > 0 {
		r.Sure = &c.Sure
	}
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z07:00")
}

// OutcomesJSON writes one outcome a line.
func OutcomesJSON(w io.Writer, outcomes []stats.Outcome) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for i := range outcomes {
		if err := e.Encode(RowOf(&outcomes[i])); err != nil {
			return err
		}
	}
	return nil
}

// columns are the headings of the CSV file, in the order of Row.
var columns = strings.Fields("audit campaign structure name kind sector band region channel scenario persona wave number due deadline " +
	"state result reason contacted answered delay_ms worked_ms working_days followed_ms late acknowledged ack_delay_ms out_of_office " +
	"classes answer polite junk unsure evidence prober events pages barriers doubts criteria_broken items_yes items_no checks checks_up " +
	"outside tries calls person first_attempt ring_ms wait_ms talk_ms first sure recorded treatment")

// OutcomesCSV writes the outcomes as a table. A cell that a spreadsheet would take for a formula gets an apostrophe in
// front, because strangers write some of them.
func OutcomesCSV(w io.Writer, outcomes []stats.Outcome) error {
	c := csv.NewWriter(w)
	if err := c.Write(columns); err != nil {
		return err
	}
	for i := range outcomes {
		r := RowOf(&outcomes[i])
		row := []string{r.Audit, r.Campaign, r.Structure, r.Name, r.Kind, r.Sector, r.Band, r.Region, r.Channel, r.Scenario, r.Persona,
			r.Wave, strconv.Itoa(r.Number), r.Due, r.Deadline, r.State, r.Result, r.Reason, r.Contacted, r.Answered, whole(r.Delay),
			whole(r.Worked), whole(r.WorkingDays), whole(r.Followed), strconv.FormatBool(r.Late), strconv.FormatBool(r.Acknowledged),
			whole(r.AckDelay), strconv.FormatBool(r.OutOfOffice), r.Classes, r.Answer, truth(r.Polite), strconv.FormatBool(r.Junk),
			strconv.Itoa(r.Unsure), r.Evidence, r.Prober, strconv.Itoa(r.Events), strconv.Itoa(r.Pages),
			strconv.Itoa(r.Barriers), strconv.Itoa(r.Doubts), strconv.Itoa(r.Criteria),
			strconv.Itoa(r.ItemsYes), strconv.Itoa(r.ItemsNo), strconv.Itoa(r.Checks), strconv.Itoa(r.ChecksUp),
			strconv.FormatBool(r.Outside), strconv.Itoa(r.Tries), r.Calls, truth(r.Person), truth(r.FirstAttempt), whole(r.Ring), whole(r.Wait),
			whole(r.Talk), r.First, cell(r.Sure), strconv.FormatBool(r.Recorded), r.Treatment}
		for i, s := range row {
			if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
				row[i] = "'" + s
			}
		}
		if err := c.Write(row); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

func whole(n *int64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(*n, 10)
}

func truth(b *bool) string {
	if b == nil {
		return ""
	}
	return strconv.FormatBool(*b)
}
