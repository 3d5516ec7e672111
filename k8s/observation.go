package k8s

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullfix/pullfix/runbook"
)

// observation puts what was read into the runbook's words.
func (o *observer) observation(s *sighting) runbook.Observation {
	names := referenced(s.pod.Spec.ImagePullSecrets)
	secretFacts, listed, unlisted := s.wallet.content(names)
	if !s.herdSeen {
		s.its = herd{} // part of the pods would look like all
		s.its.add(s.pod)
	}
	return runbook.Observation{
		Facts: runbook.Facts{
			Target: o.target, ObservedAt: s.at, Pod: podFacts(s.pod), Workload: s.workload(), Node: nodeFacts(s.node),
			Events: eventFacts(s.events, s.pod), Account: accountFacts(s.pod.Spec.ServiceAccountName, s.account, s.noSuch),
			Secrets: secretFacts, Failing: s.allFailing(), Gaps: o.sortedGaps(),
		},
		Listed: listed, Unlisted: unlisted,
	}
}

func (s *sighting) workload() *runbook.Workload {
	if s.top != nil {
		return workloadFacts(s.top, s.pod, s.its, s.history)
	}
	if s.unasked != nil {
		s.unasked.FailingPods = s.its.failing()
	}
	return s.unasked
}

// allFailing joins the failing pulls of the pod, of its workload and of the
// cluster. The list of the cluster may be a moment older, so that what it says
// about this pod does not count.
func (s *sighting) allFailing() []runbook.FailingPull {
	type place struct{ namespace, pod, container, image string }
	seen := make(map[place]bool)
	var all []runbook.FailingPull
	elsewhere := slices.DeleteFunc(slices.Concat(s.its.pulls, s.failing), func(f runbook.FailingPull) bool {
		return f.Namespace == s.pod.Namespace && f.Pod == s.pod.Name
	})
	for _, f := range slices.Concat(FailingPulls(s.pod), elsewhere) {
		at := place{f.Namespace, f.Pod, f.Container, f.Image}
		if !seen[at] && len(all) < runbook.MaxFailing {
			seen[at] = true
			all = append(all, f)
		}
	}
	return all
}

// accountFacts are what the ServiceAccount says about pull secrets.
func accountFacts(name string, account *corev1.ServiceAccount, gone bool) *runbook.ServiceAccount {
	switch {
	case gone:
		return &runbook.ServiceAccount{Name: name, Missing: true}
	case account == nil:
		return nil
	}
	facts := &runbook.ServiceAccount{Name: account.Name, PullSecrets: referenced(account.ImagePullSecrets)}
	_, facts.LastWritten = lastWrite(account.ManagedFields, "f:imagePullSecrets")
	return facts
}

// nodeFacts are what the pod's node says about itself.
func nodeFacts(node *corev1.Node) *runbook.Node {
	if node == nil {
		return nil
	}
	its := node.Status.NodeInfo
	facts := &runbook.Node{
		Name: node.Name, OS: its.OperatingSystem, Arch: its.Architecture,
		KubeletVersion: its.KubeletVersion, Runtime: its.ContainerRuntimeVersion,
	}
	for _, c := range node.Status.Conditions {
		switch c.Type {
		case corev1.NodeReady:
			facts.Ready, facts.Turned = c.Status == corev1.ConditionTrue, c.LastTransitionTime.UTC()
			if !facts.Ready {
				facts.Unready = cut(c.Message)
			}
		case corev1.NodeDiskPressure:
			facts.DiskPressure = c.Status == corev1.ConditionTrue
		}
	}
	return facts
}

// created is the moment an object was made; nil when it does not say.
func created(meta *metav1.ObjectMeta) *metav1.Time {
	if meta.CreationTimestamp.IsZero() {
		return nil
	}
	return &meta.CreationTimestamp
}
