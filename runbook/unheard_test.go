package runbook_test

import (
	"strings"
	"testing"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

// TestNotTestedIsNotFine: from here the registry says nothing, so that the node's
// word and the secrets have to do.
func TestNotTestedIsNotFine(t *testing.T) {
	mine, stray := secret("regcred", entry(host, "bob", "old")), secret("regcred", entry(host, "bob", "old\n"))
	away := func(users ...string) change {
		return func(w *world) {
			for _, user := range append(users, "") {
				w.answers[user] = runbook.Answer{Result: cause.Timeout, Detail: "i/o timeout"}
			}
		}
	}
	for _, test := range []struct {
		name      string
		world     *world
		cause     cause.Cause
		certainty cause.Certainty
		says      string
		first     runbook.Kind
	}{
		{"a listed credential, refused there", newWorld(rejected, lists(mine), away("bob")), cause.AuthRejected, cause.Likely, "rejects the credential in secret regcred", runbook.UpdateSecret},
		{"one that looks wrong by itself", newWorld(rejected, lists(stray), away("bob")), cause.AuthRejected, cause.Likely, "rejects the credential in secret regcred", runbook.UpdateSecret},
		{"a listed credential without the right", newWorld(forbidden, lists(mine), away("bob")), cause.PermissionDenied, cause.Likely, "The credential in secret regcred is valid, but may not pull", runbook.UpdateSecret},
		{"a fitting one that is not listed", newWorld(noLogin, has(mine), away("bob")), cause.PullSecretNotAttached, cause.Likely, "does not use secret regcred", runbook.AttachSecret},
		{"one that the ServiceAccount lists by now", newWorld(noLogin, has(mine), accountLists("regcred"), away("bob")), cause.PullSecretNotAttached, cause.Likely, "does not use secret regcred", runbook.DeletePods},
		{"nothing at all", newWorld(noLogin, away()), cause.AuthMissing, cause.Certain, "asks for a login", runbook.CreateSecret},
		{"secrets that may not be seen", newWorld(noLogin, away(), func(w *world) {
			w.facts.Gaps = []runbook.Gap{{What: "secrets in namespace shop", Why: "forbidden"}}
		}), cause.AuthMissing, cause.Likely, "asks for a login", runbook.CreateSecret},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, v := test.world.diagnose(t)
			if v.Cause != test.cause || v.Certainty != test.certainty || !strings.Contains(v.Summary, test.says) || v.Remedies[0].Kind != test.first {
				t.Errorf("%s %s: %s; %v", v.Cause, v.Certainty, v.Summary, kinds(v.Remedies))
			}
		})
	}
}

// TestRefusesEverybody: a firewall asks for no login, so no secret helps.
func TestRefusesEverybody(t *testing.T) {
	_, v := newWorld(forbidden, says("", runbook.Answer{Result: cause.PermissionDenied, Status: 403, Detail: "HTTP 403 Forbidden"})).diagnose(t)
	if v.Cause != cause.PermissionDenied || v.Vantage != runbook.VantageRegistry || v.Remedies[0].Kind != runbook.Escalate || !strings.Contains(v.Summary, "without asking for a login") {
		t.Errorf("%s at %s: %s, %v", v.Cause, v.Vantage, v.Summary, kinds(v.Remedies))
	}
	if s := v.Steps[3]; s.Status != runbook.StatusOK || strings.Contains(s.Summary, "asks for a login") {
		t.Errorf("the pull secret is %s: %s", s.Status, s.Summary)
	}
}

// TestAListWithoutAName: it names no secret, and keeps the ServiceAccount's out of
// new pods as well.
func TestAListWithoutAName(t *testing.T) {
	nameless := func(w *world) {
		w.facts.Pod.Nameless, w.facts.Workload.Template.Nameless = true, true
	}
	_, v := newWorld(noLogin, has(secret("regcred", entry(host, "bob", "good"))), accountLists("regcred"), says("bob", answer(cause.None, 200)), nameless).diagnose(t)
	if v.Cause != cause.PullSecretNotAttached || v.Remedies[0].Kind != runbook.AttachSecret {
		t.Errorf("%s, %v", v.Cause, kinds(v.Remedies))
	}
	told := strings.Join(append(v.Details, v.Steps[3].Evidence...), "\n")
	if strings.Contains(told, "made before") || !strings.Contains(told, "a reference without a name") {
		t.Errorf("it tells %s", told)
	}
}

// TestAPartitionHoldsBack: a pod below it comes back from the old template,
// however often it is deleted.
func TestAPartitionHoldsBack(t *testing.T) {
	for partition, want := range map[int]runbook.Kind{0: runbook.DeletePods, 1: runbook.DeletePods, 2: runbook.FixImage} {
		_, v := missingTag(workload(func(w *runbook.Workload) {
			w.OldRevision, w.Template = true, runbook.Template{Images: map[string]string{"app": host + "/acme/app:v2"}}
			w.Kind, w.Ordered, w.Partition = "StatefulSet", true, partition
		})).diagnose(t)
		r := v.Remedies[0]
		if r.Kind != want || (want == runbook.FixImage) != strings.Contains(r.Command, `{"partition":1}`) {
			t.Errorf("partition %d: %+v", partition, r)
		}
		if want == runbook.FixImage && len(v.Remedies) != 1 {
			t.Errorf("also %v", kinds(v.Remedies))
		}
	}
}

// TestAStaticPodIsAFile: nothing that is changed in the API changes it.
func TestAStaticPodIsAFile(t *testing.T) {
	static := func(w *world) { w.facts.Pod.Static, w.facts.Workload = true, nil }
	_, v := missingTag(static).diagnose(t)
	if r := v.Remedies[0]; r.Kind != runbook.FixImage || !strings.Contains(r.Command, "/etc/kubernetes/manifests") || strings.Contains(r.Command, "set image") {
		t.Errorf("%+v", r)
	}
	_, v = newWorld(noLogin, static).diagnose(t)
	if got := kinds(v.Remedies); len(got) != 1 || got[0] != runbook.Escalate {
		t.Errorf("%v", got)
	}
}

// TestTwoEntriesMatch: one is replaced, and the other stays.
func TestTwoEntriesMatch(t *testing.T) {
	both := secret("regcred", `{"auths":{"`+host+`/acme":{"username":"bob","password":"x"},"`+host+`":{"username":"eve","password":"y"}}}`)
	_, v := newWorld(rejected, lists(both), says("bob", answer(cause.AuthRejected, 401)), says("eve", answer(cause.AuthRejected, 401))).diagnose(t)
	if r := v.Remedies[0]; r.Kind != runbook.UpdateSecret || strings.Contains(r.Command, "create secret") || !strings.Contains(r.Risk, "they stay as they are") {
		t.Errorf("%+v", r)
	}
}

// TestTheNodeSpeaksHTTP: the registry answers over TLS from here, so that the
// node's own setting is what is wrong.
func TestTheNodeSpeaksHTTP(t *testing.T) {
	asked := func(tail string) string {
		return `failed to pull and unpack image "` + image + `": failed to resolve image: ` + strings.ReplaceAll(tail, "URL", "http://"+host+"/v2/acme/app/manifests/v1")
	}
	refused, hungUp := asked("unexpected status from HEAD request to URL: 400 Bad Request"), asked(`failed to do request: Head "URL": EOF`)
	for _, test := range []struct {
		message string
		heard   runbook.Answer
		want    cause.Cause
	}{
		{refused, runbook.Answer{Result: cause.TLSUntrusted}, cause.HTTPSMismatch},
		{refused, runbook.Answer{Result: cause.AuthMissing, Status: 401}, cause.HTTPSMismatch},
		{refused, runbook.Answer{Result: cause.Timeout}, cause.UnexpectedRegistryResponse},
		{hungUp, runbook.Answer{Result: cause.TLSUntrusted}, cause.HTTPSMismatch},
		{hungUp, runbook.Answer{Result: cause.None, PlainHTTP: true}, cause.NetworkUnreachable},
		{hungUp, runbook.Answer{Result: cause.NetworkUnreachable}, cause.NetworkUnreachable},
	} {
		_, v := newWorld(test.message, says("", test.heard)).diagnose(t)
		if v.Cause != test.want || (test.want == cause.HTTPSMismatch) != strings.Contains(v.Summary, "speaks plain http to "+host+", which wants https") {
			t.Errorf("%s, %s: %s: %s", test.message, test.heard.Result, v.Cause, v.Summary)
		}
	}
}

// TestAPodUnlikeItsTemplate: what the pod asks for is not what a new one would.
func TestAPodUnlikeItsTemplate(t *testing.T) {
	_, v := missingTag(workload(func(w *runbook.Workload) {
		w.Template = runbook.Template{Images: map[string]string{"app": host + "/acme/app:v7"}}
	})).diagnose(t)
	if notes := strings.Join(v.Notes, "\n"); !strings.Contains(notes, "The template asks for "+host+"/acme/app:v7, the pod for "+image) {
		t.Errorf("notes: %s", notes)
	}
}
