package runbook_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

func config(entries ...string) string { return `{"auths":{` + strings.Join(entries, ",") + `}}` }

// good is the base64 of bob:pw.
func good(key string) string { return `"` + key + `":{"auth":"Ym9iOnB3"}` }

// TestUpdateKeepsTheOtherEntries: a secret often has entries of other teams.
func TestUpdateKeepsTheOtherEntries(t *testing.T) {
	rejectsBob := says("bob", answer(cause.AuthRejected, 401))
	create := func(name, server string) string {
		return "kubectl -n shop create secret docker-registry " + name + " --docker-server=" + server +
			` --docker-username="$REGISTRY_USER" --docker-password="$REGISTRY_PASSWORD" --dry-run=client -o yaml | kubectl apply -f -`
	}
	merge := func(key, field, entry string) string {
		return "kubectl -n shop get secret s -o json | jq --arg key " + key + ` --arg auth "$(printf %s:%s "$REGISTRY_USER" "$REGISTRY_PASSWORD" | base64 | tr -d '\n')" '.data["` +
			field + `"] |= (@base64d | fromjson | ` + entry + ` = {auth: $auth} | tojson | @base64)' | kubectl replace -f -`
	}
	legacy := secret("s", "")
	legacy.Type = "kubernetes.io/dockercfg"
	for _, r := range []struct {
		name  string
		world *world
		want  string
	}{
		{"one entry", newWorld(rejected, lists(secret("s", config(good(host)))), rejectsBob), create("s", host)},
		{"its key stays as it is written", newWorld(rejected, lists(secret("s", config(good("https://"+host+"/v2/")))), rejectsBob), create("s", "https://"+host+"/v2/")},
		{"several entries", newWorld(rejected, lists(secret("s", config(good(host), good("quay.io")))), rejectsBob), merge(host, ".dockerconfigjson", ".auths[$key]")},
		{"none of its entries is for the host", newWorld(noLogin, lists(secret("s", config(good("quay.io"))))), merge(host, ".dockerconfigjson", ".auths[$key]")},
		{"the key has a slip", newWorld(noLogin, lists(secret("s", config(good(host+":443"))))), create("s", host)},
		{"another entry cannot be decoded", newWorld("illegal base64 data at input byte 0", lists(secret("s", config(good(host), `"quay.io":{"auth":"%%"}`))), says("bob", answer(cause.None, 200))), merge("quay.io", ".dockerconfigjson", ".auths[$key]")},
		{"the only entry cannot be decoded, and is for another host", newWorld("illegal base64 data at input byte 0", lists(secret("s", config(`"quay.io":{"auth":"%%"}`)))), create("s", host)},
		{"the same, and the image is public", newWorld("illegal base64 data at input byte 0", lists(secret("s", config(`"quay.io":{"auth":"%%"}`))), says("", answer(cause.None, 200))), create("s", "quay.io")},
		{"immutable", newWorld(rejected, lists(secret("s", config(good(host)))), templateLists("s"), rejectsBob, immutable("s")), create("s-2", host) + ` && kubectl -n shop patch deployment/web --type=merge --patch '{"spec":{"template":{"spec":{"imagePullSecrets":[{"name":"s-2"}]}}}}'`},
		{"of the old type", newWorld(rejected, lists(secret("s", config(good(host)))), ofType("s", legacy.Type), rejectsBob), "kubectl -n shop delete secret s && " + create("s", host)},
		{"of the old type, several entries", newWorld(rejected, lists(secret("s", config(good(host), good("quay.io")))), ofType("s", legacy.Type), rejectsBob), merge(host, ".dockercfg", ".[$key]")},
	} {
		t.Run(r.name, func(t *testing.T) {
			_, v := r.world.diagnose(t)
			if diff := cmp.Diff(r.want, v.Remedies[0].Command); diff != "" {
				t.Errorf("%s: %s", v.Summary, diff)
			}
		})
	}
}

func secretIs(name string, set func(*runbook.SecretFacts)) change {
	return func(w *world) {
		for i := range w.facts.Secrets {
			if w.facts.Secrets[i].Name == name {
				set(&w.facts.Secrets[i])
			}
		}
	}
}

func immutable(name string) change {
	return secretIs(name, func(s *runbook.SecretFacts) { s.Immutable = true })
}

func ofType(name, kind string) change {
	return secretIs(name, func(s *runbook.SecretFacts) { s.Type = kind })
}

// TestTheSecretMeantIsBlamed: not the first of the list, but the one whose key
// is only a slip away.
func TestTheSecretMeantIsBlamed(t *testing.T) {
	_, v := newWorld(noLogin, lists(secret("q", config(good("quay.io")))), lists(secret("s", config(good(host+":443"))))).diagnose(t)
	if v.Cause != cause.PullSecretWrongHost || v.Remedies[0].Object != "secret/s" {
		t.Errorf("%s, remedy for %s", v.Summary, v.Remedies[0].Object)
	}
	if want := "The entry " + host + ":443 of secret s does not match " + host + "/acme/app, so the kubelet does not use it"; v.Summary != want {
		t.Errorf("summary %q, want %q", v.Summary, want)
	}
}

// TestTheServiceAccountsGoodSecretBeatsThePodsStaleOne: it was meant for the
// pod, and is there.
func TestTheServiceAccountsGoodSecretBeatsThePodsStaleOne(t *testing.T) {
	stale, fresh := secret("stale", entry(host, "old", "x")), secret("fresh", entry(host, "bob", "pw"))
	told := []change{
		lists(stale), has(fresh), accountLists("fresh"),
		says("old", answer(cause.AuthRejected, 401)), says("bob", answer(cause.None, 200)),
	}
	_, v := newWorld(rejected, append(told, templateLists("stale"))...).diagnose(t)
	if diff := cmp.Diff([]runbook.Kind{runbook.AttachSecret, runbook.UpdateSecret}, kinds(v.Remedies)); v.Cause != cause.PullSecretNotAttached || diff != "" {
		t.Errorf("%s, %s", v.Cause, diff)
	}
	_, v = newWorld(rejected, told...).diagnose(t) // the stale one was the ServiceAccount's before
	if v.Cause != cause.PullSecretNotAttached || v.Remedies[0].Kind != runbook.DeletePods {
		t.Errorf("%s, %v", v.Cause, kinds(v.Remedies))
	}
}

// Attaching a secret does not help when what the pod asks for is not there: who
// approves it shall know what comes next.
func TestTheFaultBehindTheLoginIsTold(t *testing.T) {
	w := newWorld(noLogin, has(secret("good", entry(host, "bob", "pw"))), says("bob", answer(cause.TagNotFound, 404)))
	_, v := w.diagnose(t)
	if notes := strings.Join(v.Notes, "\n"); v.Cause != cause.PullSecretNotAttached || !strings.Contains(notes, "says that the tag v1 does not exist: that has to be corrected as well") {
		t.Errorf("%s, and %q", v.Summary, notes)
	}
}

// A secret that the template names by now is not attached a second time: only
// the pods of the old revision still fail.
func TestTheTemplateNamesAGoodSecretByNow(t *testing.T) {
	w := newWorld(noLogin, has(secret("good", entry(host, "bob", "pw"))), says("bob", answer(cause.None, 200)), templateLists("good"),
		func(w *world) { w.facts.Workload.OldRevision = true })
	_, v := w.diagnose(t)
	if !v.Mended() || v.Remedies[0].Kind != runbook.Wait || !strings.Contains(v.Summary, "names secret good by now") {
		t.Errorf("%s: %v", v.Summary, kinds(v.Remedies))
	}
}
