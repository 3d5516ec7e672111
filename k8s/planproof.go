package k8s

import (
	"fmt"
	"slices"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

// troubled says what is wrong with the registry or the way to it; "" for every
// other cause. While that lasts no pod is replaced: each new one would pull.
func troubled(c cause.Cause) string {
	switch c {
	case cause.RateLimited:
		return "the registry limits pulls"
	case cause.RegistryServerError, cause.UnexpectedRegistryResponse:
		return "the registry fails"
	case cause.DNSFailure, cause.ConnectionRefused, cause.Timeout, cause.NetworkUnreachable,
		cause.ProxyFailure, cause.TLSUntrusted, cause.HTTPSMismatch:
		return "the registry cannot be reached"
	}
	return ""
}

// proof is the outcome of a pull test with what new pods would send.
type proof struct {
	refused string // why it is no proof; "" when it is one
	// left is how many pulls the registry still allows; unlimited when it does
	// not say.
	left      int
	accepted  string // a sentence about what was tested
	limitedBy string // host
}

// unlimited is the number of pulls that a registry allows which tells none.
const unlimited = int(^uint(0) >> 1)

func unproven(format string, values ...any) proof {
	return proof{refused: fmt.Sprintf(format, values...), left: unlimited}
}

// and joins two proofs: both have to hold.
func (p proof) and(q proof) proof {
	switch {
	case p.refused != "":
		return p
	case q.refused != "":
		return q
	case q.left < p.left:
		p.left, p.limitedBy = q.left, q.limitedBy
	}
	return p
}

// enough tells whether the registry allows that many pulls.
func (p proof) enough(pulls int) string {
	if p.refused != "" || p.left >= pulls {
		return p.refused
	}
	return fmt.Sprintf("%s allows only %s now, and %d would be needed", p.limitedBy, counted(p.left, "more pull"), pulls)
}

// secretsToBe are the pull secrets that a new pod gets: those of the template,
// else those that its ServiceAccount lists by now. The reason says why they are
// not known.
func (p *planner) secretsToBe() (names []string, unknown string) {
	template := templateOf(p.top.template)
	if len(template.PullSecrets) > 0 || template.Nameless {
		return template.PullSecrets, ""
	}
	account := p.kase.Facts.Account
	if account == nil || account.Name != template.Account {
		return nil, fmt.Sprintf("ServiceAccount %s was not read, so which pull secrets a new pod gets is not known", template.Account)
	}
	return account.PullSecrets, ""
}

// proven tells whether the diagnosis showed that a new pod can pull the image:
// the registry accepted one of the credentials that its kubelet would send, or
// an anonymous pull where it has none to send.
func (p *planner) proven(pull runbook.Pull) proof {
	names, unknown := p.secretsToBe()
	if unknown != "" {
		return unproven("%s", unknown)
	}
	for _, f := range pull.Malformed {
		if slices.Contains(names, f.Secret) {
			return unproven("secret %s cannot be decoded, which stops every pull of a new pod", f.Secret)
		}
	}
	answers := sentAnswers(pull, names)
	for _, a := range answers {
		if why := troubled(a.Result); why != "" {
			return unproven("%s (%s)", why, a.Host)
		}
	}
	i := slices.IndexFunc(answers, func(a runbook.Answer) bool { return a.Result == cause.None })
	if i < 0 {
		return unproven("%s is not proven to be pullable by a new pod: %s", pull.Image, heard(answers))
	}
	if hidden := p.unreadable(names); hidden != "" && !sends(pull, names) {
		return unproven("secret %s could not be read, so what a new pod would send is not known", hidden)
	}
	return acceptedBy(pull.Image, answers[i])
}

func acceptedBy(image string, a runbook.Answer) proof {
	found := proof{left: unlimited, accepted: fmt.Sprintf("%s lets a new pod pull %s", a.Host, image)}
	if l := a.RateLimit; l != nil && l.Limit > 0 {
		found.left, found.limitedBy = l.Remaining, a.Host
	}
	return found
}

// sentAnswers are what the registry said to what a pod with these secrets
// sends. With a matching credential the kubelet does not fall back to none; an
// empty entry is an anonymous attempt.
func sentAnswers(pull runbook.Pull, names []string) []runbook.Answer {
	var answers []runbook.Answer
	matching := 0
	for _, c := range pull.Candidates {
		if !c.Used || !slices.Contains(names, c.Secret()) {
			continue
		}
		matching++
		switch {
		case c.Empty && pull.Anonymous != nil:
			answers = append(answers, *pull.Anonymous)
		case c.Answer != nil:
			answers = append(answers, *c.Answer)
		}
	}
	if matching == 0 && pull.Anonymous != nil {
		answers = append(answers, *pull.Anonymous)
	}
	return answers
}

// sends tells whether one of the secrets has a credential for the image.
func sends(pull runbook.Pull, names []string) bool {
	return slices.ContainsFunc(pull.Candidates, func(c runbook.Candidate) bool {
		return c.Used && slices.Contains(names, c.Secret())
	})
}

// unreadable is the first of the secrets whose content is not known.
func (p *planner) unreadable(names []string) string {
	for _, s := range p.kase.Facts.Secrets {
		if s.Unreadable && slices.Contains(names, s.Name) {
			return s.Name
		}
	}
	return ""
}

// heard names what the registry said instead of yes.
func heard(answers []runbook.Answer) string {
	if len(answers) == 0 {
		return "it was not tested"
	}
	a := answers[0]
	if a.Host == "" {
		return fmt.Sprintf("the test says %s", a.Result)
	}
	return fmt.Sprintf("%s says %s", a.Host, a.Result)
}
