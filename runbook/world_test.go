package runbook_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"testing"
	"time"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
	"github.com/pullfix/pullfix/runbook/keyring"
)

const (
	host  = "registry.example.com"
	image = host + "/acme/app:v1"
)

// world is a pod with one failing container, its secrets, and a registry that
// answers by user; it is both of the Sources.
type world struct {
	facts    runbook.Facts
	listed   []keyring.PullSecret
	unlisted []keyring.PullSecret
	answers  map[string]runbook.Answer // by user; "" is anonymous
}

func (w *world) Observe(context.Context, runbook.Target, runbook.Progress) (runbook.Observation, error) {
	return runbook.Observation{Facts: w.facts, Listed: w.listed, Unlisted: w.unlisted}, nil
}

func (w *world) Probe(_ context.Context, q runbook.Question) (runbook.Answer, error) {
	user := ""
	if q.Credential != nil {
		user = q.Credential.User
	}
	a, ok := w.answers[user]
	if !ok {
		return runbook.Answer{}, fmt.Errorf("no answer for user %q", user)
	}
	a.Host = runbook.ParseReference(q.Image).Host
	return a, nil
}

// change is something that a row of a table does to the world.
type change func(*world)

// newWorld is a pod whose container waits with this kubelet message.
func newWorld(message string, changes ...change) *world {
	now := time.Now()
	w := &world{
		facts: runbook.Facts{
			Target: runbook.Target{Namespace: "shop", Kind: "Pod", Name: "web-1"}, ObservedAt: now,
			Pod: runbook.Pod{
				Name: "web-1", UID: "u1", Phase: "Pending", Scheduled: true, Created: now.Add(-10 * time.Minute),
				Containers: []runbook.Container{{
					Name: "app", Kind: runbook.KindContainer, Image: image, PullPolicy: "IfNotPresent",
					State: runbook.StateWaiting, Reason: "ErrImagePull", Message: message,
				}},
			},
			Workload: &runbook.Workload{Kind: "Deployment", Name: "web", Desired: 1, FailingPods: []string{"web-1"}},
			Node:     &runbook.Node{Name: "node1", OS: "linux", Arch: "amd64", Ready: true},
		},
		answers: map[string]runbook.Answer{"": {Result: cause.AuthMissing, Status: 401}},
	}
	for _, c := range changes {
		c(w)
	}
	return w
}

func (w *world) diagnose(t *testing.T) (runbook.Case, runbook.Verdict) {
	t.Helper()
	sources := runbook.Sources{Cluster: w, Registry: w, FingerprintKey: []byte("key")}
	c, v, err := runbook.Diagnose(t.Context(), sources, w.facts.Target, nil)
	if err != nil {
		t.Fatalf("Diagnose: %v", err)
	}
	return c, v
}

// entry is one auths entry of a secret.
func entry(key, user, password string) string {
	auth := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
	return fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, key, auth)
}

func secret(name, config string) keyring.PullSecret {
	return keyring.PullSecret{
		Namespace: "shop", Name: name, Type: "kubernetes.io/dockerconfigjson",
		Data: map[string]keyring.Secret{".dockerconfigjson": keyring.NewSecret(config)},
	}
}

func facts(s keyring.PullSecret, listed bool) runbook.SecretFacts {
	return runbook.SecretFacts{Name: s.Name, Type: s.Type, Missing: s.Missing, Listed: listed}
}

// lists puts a secret into the pod's list.
func lists(s keyring.PullSecret) change {
	return func(w *world) {
		w.listed = append(w.listed, s)
		w.facts.Pod.PullSecrets = append(w.facts.Pod.PullSecrets, s.Name)
		w.facts.Secrets = append(w.facts.Secrets, facts(s, true))
	}
}

// has puts a secret into the namespace without the pod listing it.
func has(s keyring.PullSecret) change {
	return func(w *world) {
		w.unlisted = append(w.unlisted, s)
		w.facts.Secrets = append(w.facts.Secrets, facts(s, false))
	}
}

// says lets the registry answer a user.
func says(user string, a runbook.Answer) change {
	return func(w *world) { w.answers[user] = a }
}

func waits(reason, message string) change {
	return func(w *world) {
		c := &w.facts.Pod.Containers[0]
		c.Reason, c.Message = reason, message
	}
}

func pulls(image string) change {
	return func(w *world) { w.facts.Pod.Containers[0].Image = image }
}

func event(reason, message string, age time.Duration) change {
	return func(w *world) {
		at := w.facts.ObservedAt.Add(-age)
		w.facts.Events = append(w.facts.Events, runbook.Event{Type: "Warning", Reason: reason, Message: message, Container: "app", Count: 1, First: at, Last: at})
	}
}

func accountLists(name string) change {
	return func(w *world) {
		w.facts.Account = &runbook.ServiceAccount{Name: "default", PullSecrets: []string{name}}
	}
}

// The kubelet's words, as containerd 2.4 and kubelet 1.36 said them.
const (
	notFound   = `rpc error: code = NotFound desc = failed to pull and unpack image "` + image + `": failed to resolve image: ` + image + `: not found`
	noLogin    = `failed to pull and unpack image "` + image + `": failed to resolve image: pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials`
	rejected   = `failed to pull and unpack image "` + image + `": failed to resolve image: unexpected status from HEAD request to https://` + host + `/v2/acme/app/manifests/v1: 401 Unauthorized`
	forbidden  = `failed to pull and unpack image "` + image + `": failed to resolve image: unexpected status from HEAD request to https://` + host + `/v2/acme/app/manifests/v1: 403 Forbidden`
	noPlatform = `rpc error: code = NotFound desc = failed to pull and unpack image "` + image + `": no match for platform in manifest sha256:aaaa: not found`
	refused    = `failed to pull and unpack image "` + image + `": failed to resolve image: failed to do request: Head "https://` + host + `/v2/acme/app/manifests/v1": dial tcp 10.1.2.3:443: connect: connection refused`
	noHost     = `failed to pull and unpack image "` + image + `": failed to resolve image: failed to do request: Head "https://` + host + `/v2/acme/app/manifests/v1": dial tcp: lookup ` + host + ` on 10.0.0.1:53: no such host`
	badCert    = `failed to pull and unpack image "` + image + `": failed to resolve image: failed to do request: Head "https://` + host + `/v2/acme/app/manifests/v1": tls: failed to verify certificate: x509: certificate signed by unknown authority`
	plainHTTP  = `failed to pull and unpack image "` + image + `": failed to resolve image: failed to do request: Head "https://` + host + `/v2/acme/app/manifests/v1": http: server gave HTTP response to HTTPS client`
	tooMany    = `failed to pull and unpack image "` + image + `": failed to resolve image: unexpected status from HEAD request to https://` + host + `/v2/acme/app/manifests/v1: 429 Too Many Requests`
	broken     = `failed to pull and unpack image "` + image + `": failed to resolve image: unexpected status from HEAD request to https://` + host + `/v2/acme/app/manifests/v1: 503 Service Unavailable`
	backOff    = `Back-off pulling image "` + image + `"`
)

func answer(c cause.Cause, status int) runbook.Answer {
	a := runbook.Answer{Result: c, Status: status}
	switch c {
	case cause.AuthRejected, cause.AuthExpired:
		a.Login = runbook.TestRejected
	case cause.None, cause.TagNotFound, cause.RepositoryNotFound, cause.PermissionDenied, cause.PlatformMismatch:
		a.Login = runbook.TestAccepted
	}
	return a
}
