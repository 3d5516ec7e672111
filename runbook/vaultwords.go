package runbook

import (
	"fmt"
	"time"

	"github.com/pullfix/pullfix/runbook/vendor"
)

// shortLife is what counts as short-lived: written by hand, such a credential
// fails again before long.
const shortLife = 48 * time.Hour

// Short tells whether the credential ends so soon that it has to be warned of.
func (s Supply) Short(now time.Time) bool {
	return s.Expires != nil && s.Expires.Sub(now) < shortLife
}

// Life says how long the credential lives, a sentence; for one of hours also
// how to keep the pulls going after that, in the terms of the registry's vendor.
func (s Supply) Life(now time.Time, host string) string {
	switch {
	case s.Expires == nil:
		return "The new credential does not say when it ends."
	case !s.Expires.After(now):
		return "The new credential has ended already, " + clock(*s.Expires, now) + "."
	}
	life := fmt.Sprintf("The new credential is valid until %s, for %s.", clock(*s.Expires, now), span(s.Expires.Sub(now)))
	if !s.Short(now) {
		return life
	}
	return life + " After that the pulls fail again: " + lasting(host)
}

// lasting is how the pulls of a registry are kept going without anybody, by the
// vendors' own documentation.
func lasting(host string) string {
	const operator = "let External Secrets or a controller renew the secret"
	switch vendor.Of(host) {
	case vendor.ECR:
		return "let the nodes log in themselves (the kubelet's ecr-credential-provider and a node role), or " + operator + " (generator ECRAuthorizationToken)."
	case vendor.ArtifactRegistry:
		return "let the nodes log in themselves (a node service account that may read the repository), or " + operator + " (generator GCRAccessToken)."
	case vendor.ACR:
		return "attach the registry to the cluster (az aks update --attach-acr), or " + operator + " (generator ACRAccessToken)."
	}
	return operator + "."
}

// span is a length of time in the words of people: 12 h, 50 min, 90 days.
func span(d time.Duration) string {
	switch {
	case d >= 2*shortLife:
		return fmt.Sprintf("%d days", int(d.Round(time.Hour)/(24*time.Hour)))
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d h", int(d.Round(time.Minute)/time.Hour))
	}
	return fmt.Sprintf("%d min", int(d.Round(time.Minute)/time.Minute))
}
