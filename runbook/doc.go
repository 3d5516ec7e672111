// Package runbook is the procedure for a failed image pull: what is observed,
// the steps that judge it, the verdict, and the remedies. It is plain data and
// pure functions; it knows nothing of Kubernetes, registries or Slack as
// libraries and asks its few questions through [Cluster] and [Registry].
package runbook
