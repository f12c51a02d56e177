package site

import (
	"context"
	"fmt"
	"net/http"
	"sort"

	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/score"
	"github.com/sonde-fleet/sonde/site/openapi"
)

// scores returns the scored campaign of the name, the newest without one.
func (v *view) scores(campaign string) (string, *judged, error) {
	if campaign == "" && len(v.Launches) > 0 {
		campaign = v.Launches[0].Campaign
	}
	if v.launched(campaign) == nil {
		return "", nil, missing("campaign " + campaign)
	}
	j, err := v.judged(campaign)
	if err != nil {
		return "", nil, &refusal{http.StatusInternalServerError, "", fmt.Sprintf("the campaign cannot be scored: %v", err)}
	}
	return campaign, j, nil
}

// ListScores is part of openapi.StrictServerInterface.
func (a *api) ListScores(_ context.Context, q openapi.ListScoresRequestObject) (openapi.ListScoresResponseObject, error) {
	const of = "scores"
	c, err := readCursor(q.Params.Cursor, of, 1)
	if err != nil {
		return nil, err
	}
	campaign, j, err := a.views.get().scores(value(q.Params.Campaign))
	if err != nil {
		return nil, err
	}
	out := openapi.ListScores200JSONResponse{Campaign: campaign, Grid: j.sheet.Grid.Version, Norms: j.sheet.Norms.Profile, Items: []openapi.Score{}}
	from := 0
	if c != nil {
		from = sort.Search(len(j.sheet.Bodies), func(i int) bool { return string(j.sheet.Bodies[i].ID) > c.Keys[0] })
	}
	end := min(from+limitOf(q.Params.Limit), len(j.sheet.Bodies))
	for i := from; i < end; i++ {
		out.Items = append(out.Items, scoreOf(j.sheet, &j.sheet.Bodies[i]))
	}
	if end < len(j.sheet.Bodies) && end > from {
		next := cursor{of, []string{string(j.sheet.Bodies[end-1].ID)}}.String()
		out.Next = &next
	}
	return out, nil
}

func scoreOf(s *score.Sheet, b *score.Body) openapi.Score {
	out := openapi.Score{Structure: string(b.ID), Name: b.Name, Category: b.Category, Audits: b.Audits, Spoiled: b.Spoiled, Open: b.Open,
		Coverage: defined(b.Coverage), Score: meanOf(b.Score), Shrunk: meanOf(b.Shrunk), Rank: b.Rank, RankLow: b.RankLow, RankHigh: b.RankHigh,
		Peers: b.Peers, ChanceOfBeingBest: b.Best, Determinants: map[string]openapi.Mean{}, Stages: map[string]openapi.Mean{}, Channels: map[string]openapi.Mean{}}
	for i, d := range s.Grid.Determinants {
		out.Determinants[d.Code] = meanOf(b.Determinants[i])
	}
	for i, st := range grid.Stages {
		out.Stages[string(st)] = meanOf(b.Stages[i])
	}
	for i, c := range probes.Channels {
		out.Channels[string(c)] = meanOf(b.Channels[i])
	}
	return out
}

func meanOf(m score.Mean) openapi.Mean {
	return openapi.Mean{Value: defined(m.Value), Low: defined(m.Low), High: defined(m.High), Audits: m.N}
}

// ListStructureItems is part of openapi.StrictServerInterface.
func (a *api) ListStructureItems(_ context.Context, q openapi.ListStructureItemsRequestObject) (openapi.ListStructureItemsResponseObject, error) {
	v := a.views.get()
	b := v.body(probes.StructureID(q.Structure))
	if b == nil {
		return nil, missing("structure " + q.Structure)
	}
	campaign := value(q.Params.Campaign)
	if in := v.campaignsOf(b, false); campaign == "" && len(in) > 0 {
		campaign = in[0].Campaign
	}
	campaign, j, err := v.scores(campaign)
	if err != nil {
		return nil, err
	}
	k := j.sheet.Body(b.ID)
	if k < 0 {
		return nil, missing("structure " + q.Structure + " in campaign " + campaign)
	}
	out := openapi.ListStructureItems200JSONResponse{Campaign: campaign, Items: []openapi.ItemScore{}}
	for _, x := range j.sheet.Detail(k, j.outcomes) {
		row := openapi.ItemScore{Item: string(x.Item.Code), Name: x.Item.Name.EN, Points: defined(x.Points), Observed: x.Observed, Silent: x.Silent,
			NotApplicable: x.NotHere, Missing: x.Unobserved, Gain: x.Gain, Audits: []string{}}
		for _, i := range x.Audits {
			row.Audits = append(row.Audits, string(j.outcomes[i].ID))
		}
		out.Items = append(out.Items, row)
	}
	return out, nil
}
