package bot

import (
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
	case d.Vantage == runbook.VantageCredential:
		return v.Cluster + "|" + v.Namespace + "|" + string(d.Cause) + "|" + d.Registry
	case d.Vantage == runbook.VantageNode:
		return v.Cluster + "|" + v.Node + "|" + string(d.Cause) + "|" + d.Registry
	}
	return v.Cluster + "|" + v.Namespace + "|" + string(d.Cause) + "|" + d.Image
}
