package bot_test

import (
	"testing"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
)

// TestWhatDoesNotExistIsToldTheAsker, with what there is as far as they may see
// it.
func TestWhatDoesNotExistIsToldTheAsker(t *testing.T) {
	for name, row := range map[string]struct {
		missing runbook.NotFoundError
		want    string
	}{
		"a pod":       {runbook.NotFoundError{Near: []string{"web-2"}}, "I find no pod web-1 in namespace shop. Near: web-2."},
		"a namespace": {runbook.NotFoundError{NamespaceMissing: true, Near: []string{"payroll", "shop-eu"}}, "I find no pod web-1 in namespace shop. Namespaces with a name like that: shop-eu."},
		"a cluster":   {runbook.NotFoundError{Clusters: []string{"demo", "secret"}}, "There is no cluster prod. There is: demo."},
	} {
		t.Run(name, func(t *testing.T) {
			s, r := newShop(), rules()
			row.missing.Target = runbook.Target{Cluster: "prod", Namespace: "shop", Name: "web-1"}
			s.fail["diagnose"] = &row.missing
			r.Access = append([]bot.AccessRule{
				{Reach: bot.Reach{Clusters: []string{"*"}, Namespaces: []string{"payroll"}}}, {Reach: bot.Reach{Clusters: []string{"secret"}, Namespaces: []string{"*"}}},
			}, r.Access...)
			live(t, s, r, func(t *testing.T, d *bot.Desk) {
				ask(t, d, ann)
				if w := s.see().whispers; len(w) != 1 || w[0].Text != row.want || w[0].To != ann {
					t.Errorf("whispers %+v", w)
				}
			})
		})
	}
}
