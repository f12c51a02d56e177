package opendata

import (
	"fmt"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/report"
)

// dataPackage is the description of the files: a Frictionless Data Package (specs.frictionlessdata.io), with French beside English.
type dataPackage struct {
	Profile       string     `json:"profile"`
	Name          string     `json:"name"`
	Title         string     `json:"title"`
	Description   string     `json:"description"`
	DescriptionFR string     `json:"description_fr"`
	Created       string     `json:"created"`
	Licenses      []license  `json:"licenses"`
	Anonymity     Summary    `json:"anonymity"`
	Resources     []resource `json:"resources"`
}

type license struct {
	Name  string `json:"name"`
	Path  string `json:"path"`
	Title string `json:"title"`
}

type resource struct {
	Profile       string   `json:"profile"`
	Name          string   `json:"name"`
	Path          string   `json:"path"`
	Description   string   `json:"description"`
	DescriptionFR string   `json:"description_fr"`
	Format        string   `json:"format"`
	Mediatype     string   `json:"mediatype"`
	Encoding      string   `json:"encoding"`
	Schema        fieldSet `json:"schema"`
}

type fieldSet struct {
	Fields        []field  `json:"fields"`
	MissingValues []string `json:"missingValues"`
}

type field struct {
	Name          string `json:"name"`
	Type          string `json:"type"` // string, integer, number, boolean
	Description   string `json:"description"`
	DescriptionFR string `json:"description_fr"`
}

// dictionary says of every column what it is: type, English, French.
var dictionary = map[string]field{
	"kind":                {Type: "string", Description: "kind of structure", DescriptionFR: "type de structure"},
	"sector":              {Type: "string", Description: "public or private", DescriptionFR: "public ou privé"},
	"band":                {Type: "string", Description: "population band", DescriptionFR: "tranche de population"},
	"region":              {Type: "string", Description: "region", DescriptionFR: "région"},
	"channel":             {Type: "string", Description: "mail, web, phone, social, post or visit", DescriptionFR: "courriel, site, téléphone, réseaux, courrier ou visite"},
	"period":              {Type: "string", Description: "ISO 8601 week of the contact, or its month where a week would tell too much", DescriptionFR: "semaine ISO 8601 du contact, ou son mois quand la semaine en dirait trop"},
	"generalisation":      {Type: "string", Description: "what was taken out of the row so that nobody can tell whose it is; each level has the ones before it in it", DescriptionFR: "ce qui a été retiré de la ligne pour que nul ne sache de qui elle est ; chaque niveau comprend les précédents"},
	"result":              {Type: "string", Description: "answered, silent, unreachable; of a website: visited, blocked (keeps robots out), offline; of a call: reached (a person spoke), no person, picked up (not known by whom), not reached", DescriptionFR: "répondu, sans réponse, injoignable ; d’un site : visité, fermé aux robots, hors ligne ; d’un appel : reached (une personne a parlé), no person (décroché sans personne), picked up (on ne sait par qui), not reached (non joint)"},
	"late":                {Type: "boolean", Description: "the answer came after the deadline", DescriptionFR: "la réponse est venue après l’échéance"},
	"acknowledged":        {Type: "boolean", Description: "an automatic acknowledgement came", DescriptionFR: "un accusé de réception automatique est venu"},
	"delay_min":           {Type: "integer", Description: "minutes to the answer of a person", DescriptionFR: "minutes jusqu’à la réponse d’une personne"},
	"worked_min":          {Type: "integer", Description: "the same in opening time", DescriptionFR: "de même, en temps d’ouverture"},
	"working_days":        {Type: "integer", Description: "the same in working days", DescriptionFR: "de même, en jours ouvrés"},
	"answer":              {Type: "string", Description: "what the answer does: answer, transferred, asks-more, refers", DescriptionFR: "ce que fait la réponse : répond, transmet, demande des précisions, renvoie ailleurs"},
	"polite":              {Type: "boolean", Description: "the answer ends with a politeness formula", DescriptionFR: "la réponse finit par une formule de politesse"},
	"pages":               {Type: "integer", Description: "pages of the website that were looked at", DescriptionFR: "pages du site qui ont été examinées"},
	"barriers":            {Type: "integer", Description: "certain accessibility barriers on them", DescriptionFR: "obstacles certains à l’accessibilité relevés"},
	"criteria_broken":     {Type: "integer", Description: "criteria of RGAA or WCAG that they break", DescriptionFR: "critères du RGAA ou des WCAG non respectés"},
	"outside":             {Type: "boolean", Description: "a call made while the structure was closed, on purpose", DescriptionFR: "appel passé à dessein pendant la fermeture"},
	"tries":               {Type: "integer", Description: "calls of the audit", DescriptionFR: "appels de l’audit"},
	"first_attempt":       {Type: "boolean", Description: "the first call got through to a person or a voice service", DescriptionFR: "le premier appel a abouti à une personne ou à un serveur vocal"},
	"person":              {Type: "boolean", Description: "a person spoke; empty: not picked up, or nobody listened", DescriptionFR: "une personne a parlé ; vide : pas de décroché, ou personne n’écoutait"},
	"wait_s":              {Type: "integer", Description: "seconds from the first ring to a person's first word", DescriptionFR: "secondes de la première sonnerie au premier mot d’une personne"},
	"calls":               {Type: "integer", Description: "calls; those that our own line did not take are left out", DescriptionFR: "appels ; ceux que notre ligne n’a pas pris sont écartés"},
	"first_attempt_share": {Type: "number", Description: "share of audits whose first call got through", DescriptionFR: "part des audits dont le premier appel a abouti"},
	"first_attempt_low":   {Type: "number", Description: "the same, lower end of the 95 % interval (Wilson)", DescriptionFR: "de même, borne basse de l’intervalle à 95 % (Wilson)"},
	"first_attempt_high":  {Type: "number", Description: "the same, upper end", DescriptionFR: "de même, borne haute"},
	"person_share":        {Type: "number", Description: "share of calls that a person answered, of those in which somebody listened", DescriptionFR: "part des appels décrochés par une personne, parmi les appels écoutés"},
	"person_low":          {Type: "number", Description: "the same, lower end of the 95 % interval (Wilson)", DescriptionFR: "de même, borne basse de l’intervalle à 95 % (Wilson)"},
	"person_high":         {Type: "number", Description: "the same, upper end", DescriptionFR: "de même, borne haute"},
	"mean_wait_s":         {Type: "number", Description: "mean seconds to a person's first word, over the audits that reached one", DescriptionFR: "secondes moyennes jusqu’au premier mot d’une personne, sur les audits qui en ont joint une"},
	"median_wait_s":       {Type: "number", Description: "median of the same (Kaplan–Meier): who reached nobody is censored when the last call ended", DescriptionFR: "médiane de même (Kaplan–Meier) : qui n’a joint personne est censuré à la fin du dernier appel"},
	"within_5_rings":      {Type: "number", Description: "share of calls picked up within five rings, of those that rang", DescriptionFR: "part des appels décrochés en cinq sonneries, parmi ceux qui ont sonné"},
	"busy_share":          {Type: "number", Description: "share of calls that found the line engaged", DescriptionFR: "part des appels ayant trouvé la ligne occupée"},
	"dropped_share":       {Type: "number", Description: "share of audits cut off while waiting for a person", DescriptionFR: "part des audits coupés pendant l’attente d’une personne"},
	"asr":                 {Type: "number", Description: "answer-seizure ratio (ITU-T E.425): share of calls picked up by anything", DescriptionFR: "taux de prise avec réponse (UIT-T E.425) : part des appels décrochés, par quoi que ce soit"},
	"ner":                 {Type: "number", Description: "network effectiveness ratio (ITU-T E.425): share of calls that the network delivered", DescriptionFR: "taux d’efficacité du réseau (UIT-T E.425) : part des appels que le réseau a remis"},
	"audits_outside":      {Type: "integer", Description: "audits made out of hours; they are in no other figure", DescriptionFR: "audits hors horaires ; ils n’entrent dans aucun autre chiffre"},
	"message_share":       {Type: "number", Description: "share of them that a message answered", DescriptionFR: "part de ceux-ci auxquels un message a répondu"},
	"points":              {Type: "number", Description: "weighted mean of the audit's items, 0 to 100", DescriptionFR: "moyenne pondérée des items de l’audit, de 0 à 100"},
	"by":                  {Type: "string", Description: "dimension of the group", DescriptionFR: "dimension du groupe"},
	"group":               {Type: "string", Description: "group", DescriptionFR: "groupe"},
	"structures":          {Type: "integer", Description: "structures in it", DescriptionFR: "structures qu’il contient"},
	"audits":              {Type: "integer", Description: "audits in it", DescriptionFR: "audits qu’il contient"},
	"counted":             {Type: "integer", Description: "denominator of the rates: spoiled by us and in doubt are left out", DescriptionFR: "dénominateur des taux : les audits gâchés par nous ou douteux n’y sont pas"},
	"answered":            {Type: "integer", Description: "audits that were answered", DescriptionFR: "audits ayant reçu une réponse"},
	"silent":              {Type: "integer", Description: "audits without an answer", DescriptionFR: "audits sans réponse"},
	"unreachable":         {Type: "integer", Description: "audits whose address did not work", DescriptionFR: "audits dont l’adresse ne fonctionnait pas"},
	"median_delay_min":    {Type: "number", Description: "median minutes to the answer (Kaplan–Meier); empty while fewer than half are answered", DescriptionFR: "médiane des minutes jusqu’à la réponse (Kaplan–Meier) ; vide si moins de la moitié ont répondu"},
	"acknowledged_share":  {Type: "number", Description: "share acknowledged", DescriptionFR: "part ayant donné lieu à un accusé"},
	"polite_share":        {Type: "number", Description: "share of answers with a politeness formula", DescriptionFR: "part des réponses avec formule de politesse"},
	"category":            {Type: "string", Description: "kind and population band", DescriptionFR: "type et tranche de population"},
	"mean":                {Type: "number", Description: "mean of the structures' true scores (hierarchical model)", DescriptionFR: "moyenne des scores vrais des structures (modèle hiérarchique)"},
	"spread":              {Type: "number", Description: "standard deviation between true scores", DescriptionFR: "écart-type entre scores vrais"},
	"item":                {Type: "string", Description: "code of the item", DescriptionFR: "code de l’item"},
	"stage":               {Type: "string", Description: "access, information or handling", DescriptionFR: "accès, information ou traitement"},
	"determinant":         {Type: "string", Description: "one of the twenty determinants", DescriptionFR: "l’un des vingt déterminants"},
	"observer":            {Type: "string", Description: "who tells the value: agent, auditor, both", DescriptionFR: "qui dit la valeur : agent, auditeur, les deux"},
	"how":                 {Type: "string", Description: "observation, measure or form", DescriptionFR: "observation, mesure ou formulaire"},
	"unit":                {Type: "string", Description: "unit of a number; empty: yes or no", DescriptionFR: "unité d’un nombre ; vide : oui ou non"},
	"rule":                {Type: "string", Description: "how a value becomes points: yes, no, at-most, at-least, linear", DescriptionFR: "comment une valeur donne des points : yes, no, at-most, at-least, linear"},
	"a":                   {Type: "number", Description: "figure of the rule: 100 points up to it, from it on, or at it (linear)", DescriptionFR: "chiffre de la règle : 100 points jusque-là, à partir de là, ou à ce point (linear)"},
	"b":                   {Type: "number", Description: "linear: no points at it", DescriptionFR: "linear : aucun point à ce chiffre"},
	"weight":              {Type: "number", Description: "weight of the item in its determinant, stage and channel", DescriptionFR: "poids de l’item dans son déterminant, son étape et son canal"},
	"channel_weight":      {Type: "number", Description: "weight of the channel", DescriptionFR: "poids du canal"},
	"stage_weight":        {Type: "number", Description: "weight of the stage", DescriptionFR: "poids de l’étape"},
	"determinant_weight":  {Type: "number", Description: "weight of the determinant", DescriptionFR: "poids du déterminant"},
	"silence":             {Type: "string", Description: "what silence is worth: zero points, or skip (there was nothing to judge)", DescriptionFR: "ce que vaut le silence : zero point, ou skip (il n’y avait rien à juger)"},
	"source":              {Type: "string", Description: "norm or scheme that asks for it", DescriptionFR: "norme ou référentiel qui le demande"},
	"en":                  {Type: "string", Description: "wording in English", DescriptionFR: "libellé en anglais"},
	"fr":                  {Type: "string", Description: "wording in French", DescriptionFR: "libellé en français"},
}

// about says of a column what it is; those of a family are made of their name.
func about(column string) (field, error) {
	f, ok := dictionary[column]
	if !ok {
		var hours, p int
		switch {
		case strings.HasPrefix(column, "within_"):
			end := strings.TrimLeft(column[len("within_"):], "0123456789")
			if _, err := fmt.Sscanf(column, "within_%dh", &hours); err != nil {
				return f, fmt.Errorf("column %s is in no dictionary", column)
			}
			f = field{Type: "number", Description: fmt.Sprintf("share answered within %d hours (Kaplan–Meier)", hours), DescriptionFR: fmt.Sprintf("part ayant reçu une réponse sous %d heures (Kaplan–Meier)", hours)}
			switch end {
			case "h_low":
				f.Description, f.DescriptionFR = f.Description+", lower end of the 95 % interval", f.DescriptionFR+", borne basse de l’intervalle à 95 %"
			case "h_high":
				f.Description, f.DescriptionFR = f.Description+", upper end of the 95 % interval", f.DescriptionFR+", borne haute de l’intervalle à 95 %"
			}
		default:
			if _, err := fmt.Sscanf(column, "p%d", &p); err != nil {
				return f, fmt.Errorf("column %s is in no dictionary", column)
			}
			f = field{Type: "number", Description: fmt.Sprintf("percentile %d of the structures' scores", p), DescriptionFR: fmt.Sprintf("percentile %d des scores des structures", p)}
		}
	}
	f.Name = column
	return f, nil
}

var files = map[string][2]string{
	"audits":     {"One row per audit, of which nobody can tell whose it is.", "Une ligne par audit, dont nul ne peut dire de qui elle est."},
	"figures":    {"Rates and delays by channel and group.", "Taux et délais par canal et par groupe."},
	"calls":      {"First attempts, persons and waits on the telephone by group.", "Premières tentatives, personnes et attentes au téléphone, par groupe."},
	"categories": {"Scores of the categories of structures.", "Scores des catégories de structures."},
	"grid":       {"The items that the campaign was judged by, with weights and rules.", "Les items qui ont servi à juger la campagne, avec poids et règles."},
}

// describe makes the description of the tables. A column without an entry in the dictionary is an error of ours that a test finds.
func describe(in Input, s Summary, tables []*report.Table) (dataPackage, error) {
	title := in.Launch.Title
	if title == "" {
		title = in.Launch.Campaign
	}
	p := dataPackage{Profile: "tabular-data-package", Name: strings.ToLower(in.Launch.Campaign), Title: title, Created: in.At.UTC().Format(time.RFC3339), Anonymity: s,
		Description: fmt.Sprintf("Measured by agents that contacted public services as citizens do. Grid %s (SHA-256 %s), norms %s of %s. Instants and names are left out; delays are rounded to the minute, waits on the telephone to the second.",
			in.Sheet.Grid.Version, in.Sheet.Grid.Hash, in.Sheet.Norms.Profile, in.Sheet.Norms.Date),
		DescriptionFR: fmt.Sprintf("Mesuré par des agents qui contactent les services publics comme le font les citoyens. Grille %s (SHA-256 %s), normes %s du %s. Ni instants ni noms ; les délais sont arrondis à la minute, les attentes au téléphone à la seconde.",
			in.Sheet.Grid.Version, in.Sheet.Grid.Hash, in.Sheet.Norms.Profile, in.Sheet.Norms.Date),
		Licenses: []license{{"etalab-2.0", "https://www.etalab.gouv.fr/licence-ouverte-open-licence/", "Licence Ouverte 2.0"}}}
	for _, t := range tables {
		r := resource{Profile: "tabular-data-resource", Name: t.Name, Path: t.Name + ".csv", Description: files[t.Name][0], DescriptionFR: files[t.Name][1],
			Format: "csv", Mediatype: "text/csv", Encoding: "utf-8", Schema: fieldSet{MissingValues: []string{""}}}
		for _, c := range t.Columns {
			f, err := about(c)
			if err != nil {
				return p, fmt.Errorf("%s.csv: %w", t.Name, err)
			}
			r.Schema.Fields = append(r.Schema.Fields, f)
		}
		p.Resources = append(p.Resources, r)
	}
	return p, nil
}
