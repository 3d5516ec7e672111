package runbook

import (
	"cmp"
	"slices"
	"time"

	"github.com/pullfix/pullfix/runbook/cause"
)

// Judge reaches the verdict on a case. It is pure: the same case and moment
// always give the same verdict, so a stored case can be judged again.
func Judge(c Case, now time.Time) Verdict {
	v := Verdict{
		Cluster: c.Facts.Target.Cluster, Namespace: c.Facts.Target.Namespace, Pod: c.Facts.Pod.Name,
		Workload: workloadRef(c.Facts), Gaps: c.Facts.Gaps,
	}
	if c.Facts.Node != nil {
		v.Node = c.Facts.Node.Name
	}
	judged := judgePulls(c, now)
	crash, wrong := judgeCrash(c, now)
	switch {
	case len(judged) == 0 && wrong:
		v.Diagnosis = crash.diagnosis
	case len(judged) == 0:
		v.Diagnosis = nothingWrong(c.Facts, now)
	default:
		v.Diagnosis = judged[0].diagnosis
		for _, j := range judged[1:] {
			v.Failures = append(v.Failures, j.diagnosis)
		}
		v.Since = since(c)
		v.Notes = notes(judged[0].evidence, judged[0].finding)
	}
	v.Scope = scopeOf(c.Facts, v.Diagnosis)
	if v.Cause != cause.None {
		v.Severity = severityOf(hit(c.Facts))
	}
	v.Steps = judgeSteps(c, judged, v, now)
	return v
}

// judgement is one failing pull with all that was concluded about it.
type judgement struct {
	evidence  evidence
	finding   finding
	diagnosis Diagnosis
}

// judgePulls judges every failing pull; the one known best comes first, else
// they stay in the order of the containers.
func judgePulls(c Case, now time.Time) []judgement {
	judged := make([]judgement, 0, len(c.Pulls))
	for _, p := range c.Pulls {
		e := newEvidence(c.Facts, p, now)
		f := decide(e)
		judged = append(judged, judgement{evidence: e, finding: f, diagnosis: diagnose(e, f)})
	}
	slices.SortStableFunc(judged, func(a, b judgement) int {
		return cmp.Compare(doubt(a.finding), doubt(b.finding))
	})
	return judged
}

func doubt(f finding) int {
	switch f.cause {
	case cause.Unknown, cause.BackOffOnly:
		return 1
	}
	return 0
}

func diagnose(e evidence, f finding) Diagnosis {
	return Diagnosis{
		Container: e.pull.Container, Image: e.pull.Image, Registry: e.ref.Host,
		Cause: f.cause, Certainty: f.certainty, Summary: summary(e, f) + e.unretried(), Vantage: f.vantage,
		Details: details(e, f), Credentials: credentials(e), Remedies: remedies(e, f),
		Suggestions: suggestions(e, f), Mended: f.mended,
	}
}

// suggestions are tags that exist, or whole references where the name itself
// was wrong.
func suggestions(e evidence, f finding) []string {
	switch f.cause {
	case cause.InvalidReference:
		return nonNil(repaired(e.pull.Image))
	case cause.TagNotFound, cause.BackOffOnly, cause.Unknown:
		return nonNil(e.nearTags())
	}
	return []string{}
}

func nonNil(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// credentials is the table of all entries that were looked at, the pod's own
// first.
func credentials(e evidence) []Credential {
	rows := make([]Credential, 0, len(e.pull.Candidates))
	for _, c := range e.pull.Candidates {
		if !c.Listed && !c.Used {
			continue
		}
		row := Credential{
			Source: c.Source, Key: c.Key, User: c.User, Used: c.Listed && c.Used, Reason: c.Reason,
			Test: test(c), ExpiresAt: c.Expires, Hints: c.Hints, Kind: c.Kind, Fingerprint: c.Fingerprint,
		}
		if !c.Listed {
			row.Reason = "the pod does not list this secret"
		}
		if c.Answer != nil {
			row.HTTPStatus = c.Answer.Status
		}
		rows = append(rows, row)
	}
	return rows
}

// test is what the registry said of one credential.
func test(c Candidate) string {
	switch {
	case c.Used && c.Empty:
		return TestAnonymous
	case c.Answer == nil:
		return TestUntested
	}
	switch c.Answer.Result {
	case cause.None, cause.TagNotFound, cause.RepositoryNotFound, cause.PlatformMismatch, cause.UnsupportedManifest:
		return TestAccepted
	case cause.AuthRejected, cause.AuthExpired:
		return TestRejected
	case cause.PermissionDenied:
		return TestForbidden
	case cause.NotFoundOrDenied:
		if c.Answer.Login == TestAccepted {
			return TestForbidden
		}
		if c.Answer.Login == TestRejected {
			return TestRejected
		}
	}
	return TestUntested
}

func workloadRef(f Facts) *WorkloadRef {
	if f.Workload == nil {
		return nil
	}
	return &WorkloadRef{Kind: f.Workload.Kind, Name: f.Workload.Name}
}

// since is when the oldest of the failing pulls began to wait.
func since(c Case) *time.Time {
	var oldest time.Time
	for _, p := range c.Pulls {
		if !p.Since.IsZero() && (oldest.IsZero() || p.Since.Before(oldest)) {
			oldest = p.Since
		}
	}
	if oldest.IsZero() {
		return nil
	}
	return &oldest
}
