package k8s

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/sandbox/cluster"
)

func TestPlanNamesMissingRights(t *testing.T) {
	for name, test := range map[string]struct {
		forbid cluster.Rule
		remedy runbook.Kind
		want   string
	}{
		"deleting":        {cluster.Rule{Verb: "delete", Resource: "pods"}, runbook.DeletePods, `delete pods in namespace default (rule: {apiGroups: [""], resources: [pods], verbs: [delete]})`},
		"patching":        {cluster.Rule{Verb: "patch", Resource: "deployments"}, runbook.RolloutRestart, `patch deployments in namespace default (rule: {apiGroups: ["apps"], resources: [deployments], verbs: [patch]})`},
		"that one object": {cluster.Rule{Verb: "patch", Resource: "deployments", Name: "web"}, runbook.RolloutRestart, `patch deployments in namespace default (rule: {apiGroups: ["apps"], resources: [deployments], verbs: [patch]})`},
		"asking":          {cluster.Rule{Resource: "selfsubjectaccessreviews"}, runbook.DeletePods, `delete pods in namespace default (rule: {apiGroups: [""], resources: [pods], verbs: [delete]}); whether pullfix has it could not be asked: forbidden`},
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(t *testing.T, s *shop) {
				s.rejected(1)
				s.stand.Forbid(cluster.Admin, test.forbid)
				if p := s.planned("Deployment", test.remedy); p.Missing != test.want {
					t.Errorf("missing %q, want %q", p.Missing, test.want)
				}
			})
		})
	}
}

func TestPlanNeedsTheWorkloadAndTheRightCluster(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		s.brokenRollout()
		k, v := s.diagnosed("Deployment", "web")
		s.stand.Forbid(cluster.Admin, cluster.Rule{Verb: "list", Resource: "pods"})
		if _, err := s.reader.Plan(t.Context(), k, v, PlanOptions{Registry: s.hub}); err == nil || !strings.Contains(err.Error(), "reading pods in namespace default") {
			t.Errorf("without the pods: %v", err)
		}
		k.Facts.Target.Cluster = "prod-us"
		if _, err := s.reader.Plan(t.Context(), k, v, PlanOptions{Registry: s.hub}); err == nil {
			t.Error("planned for another cluster")
		}
		v.Remedies = []runbook.Remedy{{Kind: runbook.Wait}}
		s.stand.ForgetRequests()
		if plans, err := s.reader.Plan(t.Context(), k, v, PlanOptions{}); err != nil || plans != nil || len(s.stand.Requests()) > 0 {
			t.Errorf("nothing to plan: %v, %v, %d requests", plans, err, len(s.stand.Requests()))
		}
	})
}

func (s *shop) barePod(image string) {
	_, template := shopTemplate(image)
	if _, err := s.people.CoreV1().Pods("default").Create(s.Context(), podFrom("lone", template.Spec), metav1.CreateOptions{}); err != nil {
		s.Fatal(err)
	}
	time.Sleep(20 * time.Second)
}

func TestPlanForABarePod(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		s.barePod(v2)
		k, v := s.diagnosed("Pod", "lone")
		if p := s.planOf(k, v, runbook.DeletePods); p.Remedy.Approvable || p.Shows[0] != "Not offered: pod lone has no controller: nothing makes it again" {
			t.Errorf("plan %+v", p)
		}
	})
}
