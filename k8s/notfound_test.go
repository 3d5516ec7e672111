package k8s

import (
	"errors"
	"slices"
	"testing"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/sandbox/cluster"
)

func TestNotFoundNamesWhatIsNear(t *testing.T) {
	stand := town(t)
	c := enter(t, stand)
	for _, test := range []struct {
		target      runbook.Target
		noNamespace bool
		near        []string
	}{
		{in("shop", "", "web"), false, []string{"web-11aa-aaaaa", "web-22bb-bbbbb"}},
		{in("shop", "Pod", "lonely"), false, []string{"lone"}},
		{in("shop", "Deployment", "wib"), false, []string{"web"}},
		{in("shop", "StatefulSet", "dbs"), false, []string{"db"}},
		{in("shap", "", "web"), true, []string{"shop"}},
		{in("shop", "", "Web/../../secrets/regcred"), false, nil},
		{in("Shop", "", "lone"), true, []string{"shop"}},
		{in("../shop", "", "lone"), true, nil},
		{in("shop", "", "no-such-thing"), false, nil},
	} {
		_, err := c.Observe(t.Context(), test.target, nil)
		gone, ok := errors.AsType[*runbook.NotFoundError](err)
		if !ok {
			t.Errorf("%s/%s: %v", test.target.Namespace, test.target.Name, err)
			continue
		}
		if gone.NamespaceMissing != test.noNamespace || !slices.Equal(gone.Near, test.near) {
			t.Errorf("%s/%s: namespace missing %v, near %v", test.target.Namespace, test.target.Name, gone.NamespaceMissing, gone.Near)
		}
		if gone.Target.Cluster != "prod-eu" {
			t.Errorf("the cluster is not named: %+v", gone.Target)
		}
	}
}

// Whoever may not list gets no names, and no other error.
func TestNotFoundWithoutRights(t *testing.T) {
	stand := town(t)
	stand.Forbid(cluster.Admin, cluster.Rule{Verb: "list"})
	stand.Forbid(cluster.Admin, cluster.Rule{Resource: "namespaces"})
	_, err := enter(t, stand).Observe(t.Context(), in("shap", "", "web"), nil)
	gone, ok := errors.AsType[*runbook.NotFoundError](err)
	if !ok || gone.NamespaceMissing || gone.Near != nil {
		t.Errorf("got %v, near %v", err, gone)
	}
}

func TestCompletion(t *testing.T) {
	c := enter(t, town(t))
	if got, err := c.Namespaces(t.Context(), "sh"); err != nil || !slices.Equal(got, []string{"shop"}) {
		t.Errorf("namespaces %v, %v", got, err)
	}
	if got, err := c.Pods(t.Context(), "shop", "web-"); err != nil || !slices.Equal(got, []string{"web-11aa-aaaaa", "web-22bb-bbbbb"}) {
		t.Errorf("pods %v, %v", got, err)
	}
	if got, err := c.Pods(t.Context(), "no/namespace", ""); err == nil {
		t.Errorf("pods of what cannot be a namespace: %v", got)
	}
}
