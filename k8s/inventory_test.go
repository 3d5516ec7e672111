package k8s

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/sandbox/cluster"
)

func TestInventory(t *testing.T) {
	stand := town(t)
	c := enter(t, stand)
	i, err := c.Inventory(t.Context(), "")
	if err != nil || i.Pods == 0 || i.Workloads == 0 || i.Cluster != "prod-eu" {
		t.Fatalf("%+v, %v", i, err)
	}
	at := slices.IndexFunc(i.Registries, func(r runbook.RegistryUse) bool { return r.Host == "registry.example.com" })
	if at < 0 {
		t.Fatalf("registries %+v", i.Registries)
	}
	var states []string
	for _, s := range i.Registries[at].Secrets {
		states = append(states, s.Namespace+"/"+s.Name+" "+s.State)
	}
	if !slices.Contains(states, "shop/regcred matches") || !slices.Contains(states, "shop/absent missing") {
		t.Errorf("secrets %v", states)
	}
	for _, r := range stand.Requests() {
		if r.Method != http.MethodGet {
			t.Errorf("it changes something: %+v", r)
		}
	}
	body, err := json.Marshal(i)
	if err != nil || strings.Contains(string(body), "auth\":") || strings.Contains(string(body), "password\":") {
		t.Errorf("a credential: %s, %v", body, err)
	}
	if one, err := c.Inventory(t.Context(), "shop"); err != nil || one.Pods >= i.Pods || one.Namespace != "shop" {
		t.Errorf("one namespace: %+v, %v", one, err)
	}
	var missing *runbook.NotFoundError
	if _, err := c.Inventory(t.Context(), "nowhere"); !errors.As(err, &missing) {
		t.Errorf("no such namespace: %v", err)
	}
}

// TestInventoryWithoutSecrets says what could not be read, and the right for it.
func TestInventoryWithoutSecrets(t *testing.T) {
	stand := town(t)
	stand.Inject(cluster.Fault{Rule: cluster.Rule{Resource: "secrets"}, Status: http.StatusForbidden, Times: -1})
	i, err := enter(t, stand).Inventory(t.Context(), "shop")
	if err != nil || i.Complete || len(i.Gaps) == 0 || !strings.HasPrefix(i.Gaps[0].Grant, "get secret ") {
		t.Errorf("complete %v, gaps %+v, %v", i.Complete, i.Gaps, err)
	}
	for _, r := range i.Registries {
		for _, s := range r.Secrets {
			if s.State != runbook.SecretUnreadable {
				t.Errorf("%s is %s", s.Name, s.State)
			}
		}
	}
}
