package k8s

import (
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/keyring"
)

// TestS2NoPatternGetsTheCredential: a namespace's own secret may have an entry
// for a pattern. A golden credential in it would go to every registry that fits.
func TestS2NoPatternGetsTheCredential(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		document := `{"auths":{"*.test":` + auth(stale) + `}}`
		s.vault = runbook.NewVault([]runbook.Shelf{shelf("golden", good)})
		s.hub.put(v1, good)
		s.docker("regcred", document)
		s.patch("ServiceAccount", `{"imagePullSecrets":[{"name":"regcred"}]}`)
		s.deploy(1, v1)
		time.Sleep(time.Minute)
		p := s.onlyPlan("Deployment", runbook.UpdateSecret)
		if ok, said := approvable(p); !ok {
			t.Fatal(said)
		}
		if e := p.Actions[0].Entry; e.Key != "registry.test" || e.Was != "" || e.KeepUndo {
			t.Errorf("entry %+v", e)
		}
		s.carried(p)
		written := string(s.read("regcred").Data[corev1.DockerConfigJsonKey])
		if !strings.HasPrefix(written, strings.TrimSuffix(document, "}}")) {
			t.Errorf("the other entry was changed: %s", written)
		}
		found := keyring.Find("evil.test/a", []keyring.PullSecret{{
			Name: "regcred", Type: string(corev1.SecretTypeDockerConfigJson),
			Data: map[string]keyring.Secret{corev1.DockerConfigJsonKey: keyring.NewSecret(written)},
		}})
		if slices.ContainsFunc(found.Credentials(), func(c keyring.Credential) bool { return c.Password.Reveal() == good }) {
			t.Error("another registry would get the new credential")
		}
	})
}

// TestS10CopyHoldsOnlyWhatWasAccepted: kubectl's manifest may hold an older
// password, which nobody tested.
func TestS10CopyHoldsOnlyWhatWasAccepted(t *testing.T) {
	t.Parallel()
	was, err := keyring.DecodeEntry(keyring.NewSecret(auth(stale)))
	if err != nil {
		t.Fatal(err)
	}
	for manifest, kept := range map[string]bool{auth(stale): true, "  " + auth(stale): true, auth("older"): false, "{": false, "": false} {
		data := keptData(rewritten{
			edited: keyring.Edited{Old: keyring.NewSecret(auth(stale)), Was: &was}, manifestOld: keyring.NewSecret(manifest),
		})
		if _, has := data[keptManifest]; has != kept || string(data[keptEntry]) != auth(stale) {
			t.Errorf("manifest %q: kept %t", manifest, has)
		}
	}
}
