// Package metrics counts what pullfix does, for Prometheus. No label holds a
// name that people or tenants can make up: what is counted stays small.
package metrics

import (
	"net/http"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are all that is counted, in a registry of their own.
type Metrics struct {
	registry *prometheus.Registry

	opened, resolved, closed *prometheus.CounterVec
	current                  *prometheus.GaugeVec
	diagnose, decide         prometheus.Histogram
	recover                  prometheus.Histogram
	escalations              *prometheus.CounterVec
	pending                  *prometheus.GaugeVec

	overdue, unconfirmed, content, looked prometheus.Gauge
	heartbeats                            *prometheus.CounterVec

	slack, kubernetes, store *prometheus.CounterVec
	reached                  *prometheus.GaugeVec
	pullErrors               *prometheus.CounterVec
	failing                  *prometheus.GaugeVec

	calls    calls
	failures failures
}

// New makes the metrics of a pullfix of that version.
func New(version string) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.gauge("build_info", "Is 1; the labels say what runs.", "version", "go").WithLabelValues(version, runtime.Version()).Set(1)
	m.ofIncidents()
	m.ofWatch()
	m.ofCalls()
	return m
}

func (m *Metrics) ofIncidents() {
	m.opened = m.counter("incidents_opened_total", "Incidents whose cause was found, also those that were opened again.", "cause", "severity")
	m.resolved = m.counter("incidents_resolved_total", "Incidents whose recovery was proven.", "cause", "severity")
	m.closed = m.counter("incidents_closed_total", "Incidents that somebody closed, or that turned out to be nothing.", "cause", "severity")
	m.current = m.gauge("incidents_open", "Incidents that are not over.", "cause", "severity")
	m.diagnose = m.histogram("time_to_diagnose_seconds", "From the opening of an incident to its first verdict.", .25, .5, 1, 2, 5, 10, 30, 60, 300)
	m.decide = m.histogram("time_to_decide_seconds", "From the opening of an incident to the approval that was carried out.", 10, 30, 60, 120, 300, 600, 1200, 3600)
	m.recover = m.histogram("time_to_recover_seconds", "From the opening of an incident to proven recovery.", 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 86400)
	m.escalations = m.counter("escalations_total", "Escalations by the row of the table and by what became of them: told, failed (no target confirmed it) or nobody (none is configured).", "condition", "outcome")
	m.pending = m.gauge("pending_effects", "What is recorded and has still to be done, by kind: the depth of the queues.", "kind")
}

func (m *Metrics) ofWatch() {
	m.overdue = m.single("overdue_seconds", "How long the oldest deadline has passed without being acted on; 0 when none has.")
	m.unconfirmed = m.single("unconfirmed_page_seconds", "How long the oldest escalation has waited for a target to confirm it; 0 when none does.")
	m.content = m.single("watchdog_content", "1 while deadlines are acted on and the desk answers, else 0.")
	m.looked = m.single("watchdog_last_look_timestamp_seconds", "When the watchdog last looked.")
	m.heartbeats = m.counter("heartbeats_total", "Heartbeats that were sent out, by outcome.", "outcome")
}

func (m *Metrics) ofCalls() {
	m.slack = m.counter("slack_calls_total", "Calls to Slack's Web API, by method and HTTP outcome.", "method", "outcome")
	m.kubernetes = m.counter("kubernetes_calls_total", "Requests to API servers, by HTTP outcome.", "cluster", "outcome")
	m.store = m.counter("store_operations_total", "Reads and writes of incidents.", "operation", "outcome")
	m.reached = m.gauge("cluster_last_answer_timestamp_seconds", "When the API server last answered a request well.", "cluster")
	m.pullErrors = m.counter("image_pull_errors_total", "Containers that were found unable to pull their image, each counted once while it fails.", "cluster", "cause")
	m.failing = m.gauge("containers_failing", "Containers that could not pull their image at the last look.", "cluster", "cause")
}

// Handler serves the metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
}

const namespace = "pullfix"

func (m *Metrics) counter(name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
	m.registry.MustRegister(c)
	return c
}

func (m *Metrics) gauge(name, help string, labels ...string) *prometheus.GaugeVec {
	g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, labels)
	m.registry.MustRegister(g)
	return g
}

func (m *Metrics) single(name, help string) prometheus.Gauge {
	g := prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help})
	m.registry.MustRegister(g)
	return g
}

func (m *Metrics) histogram(name, help string, buckets ...float64) prometheus.Histogram {
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets})
	m.registry.MustRegister(h)
	return h
}
