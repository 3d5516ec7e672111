package runbook

import (
	"fmt"
	"strings"

	"github.com/pullfix/pullfix/runbook/cause"
	"github.com/pullfix/pullfix/runbook/message"
)

// Document is the runbook as pullfix carries it out, in Markdown: generated
// from the steps and the table of remedies, so that it cannot differ from them.
func Document() string {
	var b strings.Builder
	b.WriteString("# Runbook: container registry pull failure\n\n" +
		"Trigger: pods in `ErrImagePull` or `ImagePullBackOff`, or an alert on pull errors.\n" +
		"Severity: P1 when it blocks a rollout or costs a workload its availability, P2 for a single pod.\n\n" +
		"## Diagnosis\n\n")
	for _, s := range Steps() {
		fmt.Fprintf(&b, "### %s %s\n\n%s\n\n", s.Row, s.Title, s.Does)
		fmt.Fprintf(&b, "By hand: `%s`\n\n", exampleCommand(s.ID))
	}
	b.WriteString("## Causes and first remedies\n\n| cause | what it means | first remedy |\n|---|---|---|\n")
	for _, c := range Causes() {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", c, message.Meaning(c), firstKind(c))
	}
	b.WriteString("\n## Good to know\n\n")
	for _, line := range goodToKnow() {
		fmt.Fprintf(&b, "- %s\n", line)
	}
	return b.String()
}

// exampleCase is a pod of a shop, for the commands of the printed runbook.
func exampleCase() Case {
	return Case{
		Version: CaseVersion,
		Facts: Facts{
			Target:   Target{Namespace: "shop", Kind: "Pod", Name: "checkout-7f9c4"},
			Pod:      Pod{Name: "checkout-7f9c4", Scheduled: true, PullSecrets: []string{"ghcr-pull"}},
			Workload: &Workload{Kind: "Deployment", Name: "checkout"},
			Node:     &Node{Name: "node1", OS: "linux", Arch: "amd64"},
		},
		Pulls: []Pull{{Container: "app", Kind: KindContainer, Image: "ghcr.io/acme/checkout:1.4.22", Reason: "ErrImagePull", Message: "not found"}},
	}
}

func exampleCommand(id string) string {
	c := exampleCase()
	for _, r := range Judge(c, c.Facts.ObservedAt).Steps {
		if r.ID == id {
			return r.Command
		}
	}
	return ""
}

// firstKind is the recommended kind of remedy when nothing else is known.
func firstKind(c cause.Cause) Kind {
	example := exampleCase()
	e := newEvidence(example.Facts, example.Pulls[0], example.Facts.ObservedAt)
	f := finding{cause: c, blame: Candidate{Source: "secret/ghcr-pull"}, flaw: Flaw{Secret: "ghcr-pull"}}
	if c == cause.AuthMissing || c == cause.PullSecretMissing || c == cause.PullSecretWrongType || c == cause.NotFoundOrDenied {
		f.blame = Candidate{}
	}
	if c == cause.PullSecretNotAttached {
		f.spare = Candidate{Source: "secret/ghcr-pull"}
	}
	return byCause(e, f)[0].Kind
}

// Causes are those a diagnosis can end with, in the order of the contract.
func Causes() []cause.Cause {
	return []cause.Cause{
		cause.TagNotFound, cause.RepositoryNotFound, cause.NotFoundOrDenied, cause.AuthMissing, cause.AuthRejected, cause.AuthExpired,
		cause.PermissionDenied, cause.PullSecretMissing, cause.PullSecretMalformed, cause.PullSecretWrongType, cause.PullSecretWrongHost,
		cause.PullSecretNotAttached, cause.CredentialProviderFailed, cause.RateLimited, cause.DNSFailure, cause.ConnectionRefused,
		cause.Timeout, cause.NetworkUnreachable, cause.ProxyFailure, cause.TLSUntrusted, cause.HTTPSMismatch, cause.RegistryServerError,
		cause.UnexpectedRegistryResponse, cause.PlatformMismatch, cause.InvalidReference, cause.ShortNameUnresolved,
		cause.UnsupportedManifest, cause.CorruptContent, cause.DiskFull, cause.NeverPull, cause.SignaturePolicy,
		cause.RuntimeUnavailable, cause.SandboxImage, cause.PullQPSExceeded, cause.PullCancelled, cause.BackOffOnly, cause.Unknown,
	}
}

// goodToKnow corrects common advice that does not hold (pull-semantics, with
// the kubelet's source).
func goodToKnow() []string {
	return []string{
		"A corrected secret is picked up by a waiting pod within about 5 minutes; nothing has to be restarted.",
		"A new pod is needed when the name of the secret changes, when the ServiceAccount's list changes, or when an immutable secret was made again under the same name.",
		"With one matching credential the kubelet never falls back to anonymous: a stale secret breaks public images, too.",
		"A pod that lists pull secrets of its own does not get those of its ServiceAccount.",
		"`docker pull` on a laptop proves little: it has another keyring, another address, other certificates and another architecture.",
		"After a restart, the revision before the last has the same broken image: roll back by content.",
	}
}
