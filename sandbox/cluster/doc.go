// Package cluster is a Kubernetes API server to live in without a cluster: it
// answers over HTTP, in one process, for the kinds that matter to an image
// pull, with the real server's selectors, versions, pages, errors and encodings.
// It stands in for the API server, so it shares no code with the client that is
// tried against it; the contract suite below it asks a real server the same
// questions.
package cluster
