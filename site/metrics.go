package site

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/stats"
)

// gauges gives the snapshot to Prometheus. No label names a structure: a structure is never singled out in a metric.
type gauges struct {
	views             *views
	audits, unmatched *prometheus.Desc
	unsure            *prometheus.Desc
}

// metrics makes the handler of /metrics, on a registry of its own.
func (s *server) metrics() (http.Handler, error) {
	g := &gauges{s.views,
		prometheus.NewDesc("sonde_audits", "Audits by channel, state and result.", []string{"channel", "state", "result"}, nil),
		prometheus.NewDesc("sonde_unmatched_mails", "Mails in the holding pen: they belong to no audit for sure.", nil, nil),
		prometheus.NewDesc("sonde_unsure_mails", "Mails whose match to an audit must be confirmed.", nil, nil)}
	r := prometheus.NewRegistry()
	for _, c := range []prometheus.Collector{g, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{}), nil
}

// Describe is part of prometheus.Collector.
func (g *gauges) Describe(c chan<- *prometheus.Desc) {
	c <- g.audits
	c <- g.unmatched
	c <- g.unsure
}

// Collect is part of prometheus.Collector.
func (g *gauges) Collect(c chan<- prometheus.Metric) {
	type key struct {
		channel probes.Channel
		status  probes.Status
		result  stats.Result
	}
	v := g.views.get()
	count := map[key]int{}
	unsure := 0
	for i := range v.Outcomes {
		o := &v.Outcomes[i]
		count[key{o.Channel, o.Status, o.Result}]++
		unsure += o.Unsure
	}
	for k, n := range count {
		c <- prometheus.MustNewConstMetric(g.audits, prometheus.GaugeValue, float64(n), string(k.channel), string(k.status), string(k.result))
	}
	c <- prometheus.MustNewConstMetric(g.unmatched, prometheus.GaugeValue, float64(v.Unmatched))
	c <- prometheus.MustNewConstMetric(g.unsure, prometheus.GaugeValue, float64(unsure))
}
