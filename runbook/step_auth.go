package runbook

import (
	"fmt"
	"strings"

	"github.com/pullfix/pullfix/runbook/cause"
	"github.com/pullfix/pullfix/runbook/vendor"
)

func testAuth() Step {
	return Step{
		ID: StepAuth, Row: "R4", Title: "Credentials",
		Does: "Tests each credential that the kubelet would send against the registry, for exactly this repository, before anything is changed: " +
			"replacing one broken secret by another helps nobody.",
		judge: judgeAuth,
	}
}

func judgeAuth(v view) Result {
	if v.pull == nil {
		return skipped("nothing to test")
	}
	e := v.pull.evidence
	r := authResult(e)
	if e.ref.Host != "" && e.ref.Problem == "" {
		r.Command = vendor.Login(e.ref.Host)
	}
	for _, c := range e.pull.Candidates {
		if c.Answer == nil {
			continue
		}
		r.Evidence = append(r.Evidence, fmt.Sprintf("%s, key %s: %s; %s", c.Secret(), ShownKey(c.Key), test(c), answerLine(*c.Answer)))
		for _, hint := range c.Hints {
			r.Evidence = append(r.Evidence, fmt.Sprintf("%s, key %s: %s", c.Secret(), ShownKey(c.Key), hint))
		}
	}
	if a := e.pull.Anonymous; a != nil {
		r.Evidence = append(r.Evidence, "without a login: "+answerLine(*a))
	}
	return r
}

func authResult(e evidence) Result {
	if !askable(e.pull) {
		return skipped("the registry has no part in this")
	}
	var said []string
	accepted, refused, tested := 0, 0, 0
	for _, c := range e.used {
		t := test(c)
		if t == TestUntested {
			continue
		}
		tested++
		switch t {
		case TestAccepted:
			accepted++
		case TestRejected, TestForbidden:
			refused++
		}
		said = append(said, fmt.Sprintf("%s %s%s", c.Secret(), testWord(t), expiry(c, e)))
	}
	r := Result{Status: StatusOK, Summary: strings.Join(said, ", ") + " for " + e.ref.Repository + " (pull)"}
	switch {
	case tested == 0:
		return untested(e)
	case refused > 0 && accepted == 0:
		r.Status = StatusProblem
	case refused > 0:
		r.Status = StatusWarning
	case accepted == 0:
		r.Status = StatusProblem
	}
	return r
}

func testWord(t string) string {
	switch t {
	case TestForbidden:
		return "valid, but not allowed"
	case TestAnonymous:
		return "sends no login"
	}
	return t
}

func expiry(c Candidate, e evidence) string {
	switch {
	case c.Expires == nil:
		return ""
	case c.expired(e.now):
		return " (expired " + clock(*c.Expires, e.now) + ")"
	}
	return " (valid until " + clock(*c.Expires, e.now) + ")"
}

// untested says why no credential was tested.
func untested(e evidence) Result {
	a := e.registry()
	switch {
	case len(e.used) > 0 && isNetwork(a.Result):
		return Result{Status: StatusError, Summary: "not tested: " + e.ref.Host + " cannot be reached from here"}
	case len(e.used) > 0:
		return Result{Status: StatusWarning, Summary: "not tested" + detailOf(a)}
	case a.Result == cause.None || e.public():
		return ok("none to test; the image is public")
	case a.Result == cause.AuthMissing || a.Result == cause.NotFoundOrDenied:
		return Result{Status: StatusProblem, Summary: "none to test; without a login " + e.ref.Host + " says " + answerWord(a)}
	}
	return skipped("no credential to test")
}

func detailOf(a Answer) string {
	if a.Detail == "" {
		return ""
	}
	return ": " + quote(a.Detail, 160)
}
