package bot

import (
	"strings"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

// rootCauseKeys are what a verdict's root cause is known by: cluster, cause and
// the image, the secret or the registry. Causes of a whole registry leave the
// cluster out: they hit every cluster alike.
func rootCauseKeys(v runbook.Verdict) []string {
	var keys []string
	for _, d := range append([]runbook.Diagnosis{v.Diagnosis}, v.Failures...) {
		if key := rootCauseKey(v, d); key != "" {
			keys = append(keys, key)
		}
	}
	return keys
}

func rootCauseKey(v runbook.Verdict, d runbook.Diagnosis) string {
	switch {
	case d.Cause == cause.None || d.Cause == cause.Unknown || d.Cause == cause.BackOffOnly:
		return ""
	case d.Vantage == runbook.VantageRegistry || d.Vantage == runbook.VantageNetwork:
		return string(d.Cause) + "|" + d.Registry
	case d.Cause == cause.AuthExpired:
		// Tokens of a registry that have ended are one trouble, wherever they are.
		return v.Cluster + "|" + string(d.Cause) + "|" + d.Registry
	case d.Cause == cause.AuthRejected && rejected(d) != "":
		return v.Cluster + "|" + string(d.Cause) + "|" + d.Registry + "|" + rejected(d)
	case d.Vantage == runbook.VantageCredential:
		return v.Cluster + "|" + v.Namespace + "|" + string(d.Cause) + "|" + d.Registry
	case d.Vantage == runbook.VantageNode:
		return v.Cluster + "|" + v.Node + "|" + string(d.Cause) + "|" + d.Registry
	}
	return v.Cluster + "|" + string(d.Cause) + "|" + d.Image
}

// NoticedKey is what pods have in common that pullfix noticed by itself: the
// group's key, as the kubelets' words tell it, in one cluster.
func NoticedKey(cluster, group string) string { return noticed + cluster + "|" + group }

const noticed = "noticed|"

// noticedKeys are those of the incident's keys that are no proven root cause.
func noticedKeys(i Incident) []string {
	var keys []string
	for _, key := range i.Keys {
		if strings.HasPrefix(key, noticed) {
			keys = append(keys, key)
		}
	}
	return keys
}

// rejected is the fingerprint of the credential that the registry rejects; ""
// when none is known. The same one in many namespaces is one trouble.
func rejected(d runbook.Diagnosis) string {
	for _, c := range d.Credentials {
		if c.Used && c.Test == runbook.TestRejected {
			return c.Fingerprint
		}
	}
	return ""
}
