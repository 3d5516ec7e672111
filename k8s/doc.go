// Package k8s answers what the runbook asks of a Kubernetes cluster. It is the
// only user of client-go. It reads with as few and as small requests as it can,
// turns what the API server says into the runbook's own words, and says what it
// could not read.
package k8s
