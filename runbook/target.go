package runbook

import "errors"

// Target names what to diagnose. Kind is the Kubernetes kind ("Pod",
// "Deployment", "StatefulSet", "DaemonSet", "Job", "ReplicaSet", "CronJob").
type Target struct {
	Cluster   string `json:"cluster"`
	Namespace string `json:"namespace"`
	Kind      string `json:"kind"`
	Name      string `json:"name"`
}

// ErrNoPods says that a workload has no pod to look at: nothing is pulled.
var ErrNoPods = errors.New("it has no pods")

// NotFoundError says that the target does not exist. Near holds the names of
// objects of the same kind that look alike, best first.
type NotFoundError struct {
	Target           Target
	NamespaceMissing bool // the namespace itself does not exist; Near then holds namespaces
	Near             []string
	Clusters         []string // that there are, where the target's own is none of them
}

func (e *NotFoundError) Error() string {
	if e.NamespaceMissing {
		return "no namespace " + e.Target.Namespace
	}
	return "no " + kindWord(e.Target.Kind) + " " + e.Target.Name + " in namespace " + e.Target.Namespace
}
