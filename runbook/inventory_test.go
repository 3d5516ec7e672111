package runbook_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/keyring"
)

func heldSecret(name, config string, owner *runbook.Ownership) runbook.Held {
	return runbook.Held{PullSecret: secret(name, config), Owner: owner}
}

func use(namespace, workload, image string, secrets ...string) runbook.Use {
	return runbook.Use{Namespace: namespace, Workload: workload, Images: []string{image}, Secrets: secrets}
}

func TestTakeInventory(t *testing.T) {
	const marker = "pf-marker-5e1d"
	held := []runbook.Held{
		heldSecret("regcred", entry(host, "bot", marker), &runbook.Ownership{By: runbook.OwnerExternalSecrets, Name: "ExternalSecret/regcred"}),
		heldSecret("stale", entry("quay.io", "bot", marker), nil),
		heldSecret("broken", `{"auths":{"`+host+`":{"auth":"!!"}}}`, nil),
		{PullSecret: keyring.PullSecret{Namespace: "shop", Name: "gone", Missing: true}},
		{PullSecret: keyring.PullSecret{Namespace: "shop", Name: "hidden"}, Unreadable: true},
	}
	i := runbook.TakeInventory([]runbook.Use{
		use("shop", "Deployment/web", image, "regcred", "stale"),
		use("shop", "Deployment/api", host+"/acme/api:v1", "regcred"),
		use("shop", "Deployment/old", image, "gone", "hidden"),
		use("shop", "Deployment/bad", image, "broken"),
		use("web", "Deployment/front", "nginx:1.27"),
		use("web", "Deployment/wrong", "two words"),
	}, held)
	if len(i.Registries) != 2 || i.Workloads != 6 {
		t.Fatalf("registries %+v", i.Registries)
	}
	r := i.Registries[0]
	want := []runbook.SecretUse{
		{Namespace: "shop", Name: "broken", State: "malformed", Keys: []string{}, Kinds: []string{}, Workloads: 1},
		{Namespace: "shop", Name: "gone", State: "missing", Keys: []string{}, Kinds: []string{}, Workloads: 1},
		{Namespace: "shop", Name: "hidden", State: "unreadable", Keys: []string{}, Kinds: []string{}, Workloads: 1},
		{Namespace: "shop", Name: "regcred", State: "matches", Keys: []string{host}, Kinds: []string{"user and password"}, Owner: "External Secrets ExternalSecret/regcred", Workloads: 2},
	}
	if diff := cmp.Diff(want, r.Secrets); diff != "" {
		t.Errorf("secrets (-want +got):\n%s", diff)
	}
	if r.Host != host || r.Workloads != 4 || r.Repositories != 2 || r.WithoutSecret != 2 || len(r.Namespaces) != 1 {
		t.Errorf("registry %+v", r)
	}
	if hub := i.Registries[1]; hub.Host != "docker.io" || hub.Vendor != "Docker Hub" || hub.WithoutSecret != 1 {
		t.Errorf("registry %+v", hub)
	}
	var unused []string
	for _, u := range i.Unused {
		unused = append(unused, u.Name+": "+strings.Join(u.Keys, ","))
	}
	if diff := cmp.Diff([]string{"broken: " + host, "stale: quay.io"}, unused); diff != "" {
		t.Errorf("unused (-want +got):\n%s", diff)
	}
	body, err := json.Marshal(i)
	if err != nil || strings.Contains(string(body), marker) || strings.Contains(string(body), ":null,\"unused") {
		t.Errorf("a credential, or a list that is null: %s, %v", body, err)
	}
}

// TestInventoryTellsTheFirstExpiry, as far as the credentials say so themselves.
func TestInventoryTellsTheFirstExpiry(t *testing.T) {
	const ecr = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
	i := runbook.TakeInventory([]runbook.Use{use("shop", "Deployment/web", ecr+"/a:1", "ecr")}, []runbook.Held{
		heldSecret("ecr", entry(ecr, "AWS", ecrPassword(1_800_000_000)), nil),
	})
	at := i.Registries[0].Secrets[0].Expires
	if at == nil || !at.Equal(time.Unix(1_800_000_000, 0)) {
		t.Errorf("expires %v", at)
	}
}

func ecrPassword(expires int64) string {
	body := fmt.Sprintf(`{"payload":"p","datakey":"k","version":"2","type":"DATA_KEY","expiration":%d}`, expires)
	return base64.StdEncoding.EncodeToString([]byte(body))
}
