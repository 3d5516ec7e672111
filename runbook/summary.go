package runbook

import (
	"fmt"
	"strings"
	"time"

	"github.com/pullfix/pullfix/runbook/cause"
	"github.com/pullfix/pullfix/runbook/scrub"
)

// summary is the one sentence that a person at 3 a.m. understands: the cause,
// with the names filled in.
func summary(e evidence, f finding) string {
	if e.misnamed(f) {
		return "The image name is probably wrong: " + e.ref.Warning
	}
	s := sentence(e, f) + e.meant(f)
	if e.corrected() {
		return s + e.correction()
	}
	return s
}

// misnamed tells that a slip in the name explains a failure that is not said of
// the image itself.
func (e evidence) misnamed(f finding) bool {
	if e.ref.oddHost() {
		return isNetwork(f.cause) // whatever has an answer is a host
	}
	return e.ref.Warning != "" && !e.ofImage(f)
}

// sentence is what happened, whatever the name.
func sentence(e evidence, f finding) string {
	switch {
	case f.plain:
		return plainSummary(e)
	case isNetwork(f.cause):
		return networkSummary(e, f)
	case e.mirrorAnswers(f):
		return mirrorSummary(e, f)
	case f.mended:
		return mendedSummary(e, f)
	case e.lost(f), e.withheld(f):
		return contentSummary(e, f)
	}
	switch vantageOf(f.cause) {
	case VantageImage:
		return imageSummary(e, f)
	case VantageCredential:
		return credentialSummary(e, f)
	case VantageRegistry:
		return registrySummary(e, f)
	case VantageNode:
		return nodeSummary(e, f)
	}
	return unclearSummary(e, f)
}

func imageSummary(e evidence, f finding) string {
	switch f.cause {
	case cause.TagNotFound:
		return fmt.Sprintf("The %s %s in %s", e.ref.version(), e.doesNotExist(f), e.ref.name()) + e.besideSays() + e.cacheSays(f)
	case cause.RepositoryNotFound:
		return fmt.Sprintf("The repository %s %s on %s", e.ref.Repository, e.doesNotExist(f), e.ref.Host) + e.cacheSays(f)
	case cause.PlatformMismatch:
		if f.elsewhere {
			return fmt.Sprintf("%s finds no %s for its platform; from here %s has one", capital(e.nodeName()), e.ref.short(), e.ref.Host)
		}
		return platformSummary(e)
	case cause.InvalidReference:
		return fmt.Sprintf("%q is not a valid image name: %s", scrub.Limit(scrub.Text(e.pull.Image), 120), e.problem())
	case cause.UnsupportedManifest:
		return fmt.Sprintf("The node cannot use the format of %s", e.ref.short())
	case cause.ShortNameUnresolved:
		return fmt.Sprintf("The node does not know which registry the short name %s means", e.pull.Image)
	}
	return fmt.Sprintf("%s is not on the node, and its pull policy is Never", e.ref.short())
}

func (e evidence) problem() string {
	if e.ref.Problem != "" {
		return e.ref.Problem
	}
	return e.word.Fragment
}

func platformSummary(e evidence) string {
	has := e.registry().Platforms
	wants := "the node's platform"
	if p := e.facts.platform(); p.OS != "" {
		wants = p.String()
	}
	if len(has) == 0 {
		return fmt.Sprintf("%s is not built for %s", e.ref.short(), wants)
	}
	return fmt.Sprintf("%s is not built for %s, only for %s", e.ref.short(), wants, list(has))
}

func credentialSummary(e evidence, f finding) string {
	if name, hidden := e.unreadable(); hidden && f.flaw.Secret == name && f.cause != cause.PullSecretMalformed {
		return hiddenSummary(e, f)
	}
	switch f.cause {
	case cause.AuthMissing:
		return authMissingSummary(e, f)
	case cause.AuthRejected:
		if f.elsewhere && len(e.used) > 0 {
			return fmt.Sprintf("%s refuses %s, though it accepts the pod's credential from here", e.ref.Host, e.nodeName())
		}
		if f.blame.Source == "" {
			return fmt.Sprintf("%s rejects the node's own credential", e.ref.Host)
		}
		return fmt.Sprintf("%s rejects the credential in secret %s", e.ref.Host, f.blame.Secret())
	case cause.AuthExpired:
		return expiredSummary(e, f)
	case cause.PermissionDenied:
		return permissionSummary(e, f)
	case cause.CredentialProviderFailed:
		return fmt.Sprintf("The node's credential provider gave no credential for %s", e.ref.Host)
	}
	return secretSummary(e, f)
}

func permissionSummary(e evidence, f finding) string {
	switch {
	case f.blame.Source == "" && len(e.used) == 0 && e.forbidsAll():
		return fmt.Sprintf("%s refuses to give %s to anybody who asks from here, without asking for a login", e.ref.Host, e.ref.Repository)
	case f.blame.Source == "":
		return fmt.Sprintf("%s does not allow this pod to pull %s", e.ref.Host, e.ref.Repository)
	}
	return fmt.Sprintf("The credential in secret %s is valid, but may not pull %s", f.blame.Secret(), e.ref.name())
}

// hiddenSummary says what the node's word shows of a secret that pullfix may not
// read.
func hiddenSummary(e evidence, f finding) string {
	does := "asks for a login, and the secret " + f.flaw.Secret + " of the pod seems to have none for it"
	switch f.cause {
	case cause.AuthRejected:
		does = "rejects the pod's credential, probably that in secret " + f.flaw.Secret
	case cause.AuthExpired:
		does = "says that the pod's credential has expired, probably that in secret " + f.flaw.Secret
	case cause.PermissionDenied:
		does = "does not let the pod's credential, probably that in secret " + f.flaw.Secret + ", pull " + e.ref.Repository
	}
	return e.ref.Host + " " + does + " (pullfix may not read it)"
}

func authMissingSummary(e evidence, f finding) string {
	if f.blame.Source != "" {
		return fmt.Sprintf("The entry %s in secret %s has no user and password that the kubelet can use, so the pod pulls without a login", ShownKey(f.blame.Key), f.blame.Secret())
	}
	if e.facts.Pod.Static {
		return fmt.Sprintf("%s asks for a login; a static pod cannot use pull secrets, and the node has no credential for it", e.ref.Host)
	}
	return fmt.Sprintf("%s asks for a login, and the pod has no pull secret for it", e.ref.Host)
}

func expiredSummary(e evidence, f finding) string {
	if f.blame.Source == "" {
		return fmt.Sprintf("The credential that the node sends to %s has expired", e.ref.Host)
	}
	if f.blame.Expires == nil {
		return fmt.Sprintf("The credential in secret %s has expired", f.blame.Secret())
	}
	return fmt.Sprintf("The credential in secret %s expired %s (%s)", f.blame.Secret(), clock(*f.blame.Expires, e.now), ago(e.now.Sub(*f.blame.Expires)))
}

func secretSummary(e evidence, f finding) string {
	ns := e.facts.Target.Namespace
	switch f.cause {
	case cause.PullSecretMissing:
		return fmt.Sprintf("The pull secret %s does not exist in namespace %s", f.flaw.Secret, ns)
	case cause.PullSecretWrongType:
		return fmt.Sprintf("The kubelet ignores secret %s because of its type%s", f.flaw.Secret, e.typeOf(f.flaw.Secret))
	case cause.PullSecretWrongHost:
		if f.blame.Suggestion != "" || keyHost(f.blame.Key) == e.ref.Host {
			return fmt.Sprintf("The entry %s of secret %s does not match %s, so the kubelet does not use it", ShownKey(f.blame.Key), f.blame.Secret(), e.ref.name())
		}
		return fmt.Sprintf("Secret %s has no entry for %s", f.secret(), e.ref.Host)
	case cause.PullSecretNotAttached:
		return fmt.Sprintf("The pod does not use secret %s, which has the credential for %s", f.spare.Secret(), e.ref.Host)
	}
	if f.flaw.Key != "" {
		return fmt.Sprintf("The entry %s of secret %s cannot be decoded, which stops every pull of the pod", ShownKey(f.flaw.Key), f.flaw.Secret)
	}
	if len(e.pull.Malformed) > 0 {
		return fmt.Sprintf("Secret %s cannot be decoded, which stops every pull of the pod", f.flaw.Secret)
	}
	return fmt.Sprintf("Secret %s has no entry that the kubelet can use", f.flaw.Secret)
}

func (e evidence) typeOf(name string) string {
	if s, ok := e.secret(name); ok && s.Type != "" {
		return " " + s.Type
	}
	return ""
}

func nodeSummary(e evidence, f finding) string {
	node := e.nodeName()
	switch f.cause {
	case cause.DiskFull:
		return fmt.Sprintf("The disk of %s is full", node)
	case cause.PullQPSExceeded:
		return fmt.Sprintf("The kubelet on %s starts too many pulls at once and holds this one back", node)
	case cause.RuntimeUnavailable:
		if strings.Contains(e.word.Fragment, "image pull intent") {
			return fmt.Sprintf("The kubelet of %s cannot write down its image pulls", node)
		}
		return fmt.Sprintf("The container runtime on %s does not answer", node)
	case cause.SandboxImage:
		return fmt.Sprintf("%s cannot pull its own pause image%s", capital(node), quotedImage(e.pull.Image))
	case cause.SignaturePolicy:
		return fmt.Sprintf("A signature or security policy forbids %s", e.ref.short())
	case cause.PullCancelled:
		return fmt.Sprintf("The pull of %s was cut off before it ended", e.ref.short())
	}
	return fmt.Sprintf("What %s received for %s is damaged or incomplete", node, e.ref.short())
}

func quotedImage(image string) string {
	if image == "" {
		return ""
	}
	return " " + image
}

func (e evidence) nodeName() string {
	if e.facts.Node == nil || e.facts.Node.Name == "" {
		return "the node"
	}
	return "node " + e.facts.Node.Name
}

func unclearSummary(e evidence, f finding) string {
	if f.cause == cause.NotFoundOrDenied {
		return fmt.Sprintf("%s does not exist on %s, or is not visible %s", e.ref.Repository, e.ref.Host, e.with())
	}
	return fmt.Sprintf("Cannot tell yet why %s fails to pull", e.ref.short())
}

// with says what the pod shows the registry.
func (e evidence) with() string {
	if len(e.used) == 0 || e.onlyEmpty() {
		return "without a login"
	}
	return "with the pod's credential"
}

// clock is a moment as the time of day where now is told, with the date when it
// is another day. Only UTC is named: elsewhere it is the reader's own time.
func clock(t, now time.Time) string {
	zone := ""
	if now.Location() == time.UTC {
		zone = " UTC"
	}
	t = t.In(now.Location())
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return t.Format("15:04") + zone
	}
	return t.Format("2006-01-02 15:04") + zone
}

// ago says how long ago something was, in the largest unit that fits.
func ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "just now"
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	}
	return fmt.Sprintf("%d days ago", int(d.Hours()/24))
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
