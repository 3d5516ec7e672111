package k8s

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/sandbox/cluster"
)

// team makes a namespace with a pod that fails for the registry.
func (s *shop) team(namespace, document string, change ...func(*corev1.Secret)) {
	s.Helper()
	if _, err := s.people.CoreV1().Namespaces().Create(s.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{}); err != nil {
		s.Fatal(err)
	}
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "pull"}, Type: corev1.SecretTypeDockerConfigJson,
		Data: map[string][]byte{corev1.DockerConfigJsonKey: []byte(document)},
	}
	for _, c := range change {
		c(secret)
	}
	if _, err := s.people.CoreV1().Secrets(namespace).Create(s.Context(), secret, metav1.CreateOptions{}); err != nil {
		s.Fatal(err)
	}
	time.Sleep(time.Second) // until the namespace has its ServiceAccount
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "app"}, Spec: corev1.PodSpec{
		Containers:       []corev1.Container{{Name: "app", Image: v1}},
		ImagePullSecrets: []corev1.LocalObjectReference{{Name: "pull"}},
	}}
	if _, err := s.people.CoreV1().Pods(namespace).Create(s.Context(), pod, metav1.CreateOptions{}); err != nil {
		s.Fatal(err)
	}
}

// One credential that is rejected in many namespaces has a plan for all, this
// namespace first; what is left out is named with the reason.
func TestPlanWide(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		golden := shelf("golden", good)
		golden.Namespaces = []string{"default", "team-*"}
		for n := range 3 {
			s.team(fmt.Sprintf("team-%d", n), two(stale))
		}
		s.team("team-other", two("another"))
		s.team("dev-x", two(stale))
		s.team("team-locked", two(stale), func(secret *corev1.Secret) { yes := true; secret.Immutable = &yes })
		s.team("team-forbidden", two(stale))
		s.stand.Forbid(cluster.Admin, cluster.Rule{Verb: "patch", Resource: "secrets", Namespace: "team-forbidden"})
		s.expired()
		s.vault = runbook.NewVault([]runbook.Shelf{golden})
		plans := s.plansOf("Deployment", runbook.UpdateSecret)
		if len(plans) != 2 || len(plans[0].Actions) != 1 || plans[0].Choice != "golden" {
			t.Fatalf("%d plans, the first %+v", len(plans), plans[0])
		}
		wide := plans[1]
		if ok, _ := approvable(wide); !ok || wide.Choice != "golden, all 4 namespaces" || wide.Actions[0].Namespace != "default" || wide.Hash == plans[0].Hash {
			t.Fatalf("plan %+v", wide)
		}
		if got := wide.Namespaces(); !slices.Equal(got, []string{"default", "team-0", "team-1", "team-2"}) {
			t.Errorf("namespaces %v", got)
		}
		_, said := approvable(wide)
		for _, want := range []string{
			"Changes 4 secrets in as many namespaces, which all fail with the same credential: default/regcred, team-0/pull, team-1/pull, team-2/pull.",
			"dev-x: namespace dev-x is not among those that may receive it",
			"team-locked: secret pull is immutable",
			"team-forbidden: it needs the right to patch secrets in namespace team-forbidden",
		} {
			if !strings.Contains(said, want) {
				t.Errorf("it does not say %q:\n%s", want, said)
			}
		}
		if strings.Contains(said, "team-other") {
			t.Errorf("it names a namespace with another credential:\n%s", said)
		}
		s.carried(wide)
		time.Sleep(6 * time.Minute)
		for _, namespace := range wide.Namespaces() {
			list, err := s.people.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{})
			if err != nil || !list.Items[0].Status.ContainerStatuses[0].Ready {
				t.Errorf("%s: %v", namespace, err)
			}
		}
		s.unmarked(plans)
	})
}

// At most fifty secrets are changed by one approval, and what is read for it is
// bounded.
func TestPlanWideIsBounded(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		for n := range 70 {
			s.team(fmt.Sprintf("team-%02d", n), two(stale))
		}
		s.expired()
		s.stand.ForgetRequests()
		wide := s.plansOf("Deployment", runbook.UpdateSecret)[1]
		if len(wide.Actions) != MaxActions {
			t.Errorf("%d actions", len(wide.Actions))
		}
		if _, said := approvable(wide); !strings.Contains(said, "10 further namespaces were not looked at.") {
			t.Errorf("shows %s", said)
		}
		if n := len(s.stand.Requests()); n > 40+4*namespacesLooked {
			t.Errorf("%d requests", n)
		}
	})
}
