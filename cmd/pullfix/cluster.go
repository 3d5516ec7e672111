package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/pullfix/pullfix/k8s"
	"github.com/pullfix/pullfix/runbook"
)

// finder lists what fails in a whole cluster.
type finder interface {
	Failing(ctx context.Context, options k8s.ScanOptions, found func([]runbook.FailingPull)) (k8s.Survey, error)
}

// namer lists names, for completion.
type namer interface {
	Namespaces(ctx context.Context, prefix string) ([]string, error)
	Pods(ctx context.Context, namespace, prefix string) ([]string, error)
}

// cluster is what the commands ask of one cluster.
type cluster interface {
	runbook.Cluster
	finder
	namer
	keeper
}

// clusterChoice says which cluster is meant and how to reach it.
type clusterChoice struct {
	name       string // what people call it; "" for the usual one
	kubeconfig string
	context    string
	userAgent  string
}

// openCluster makes the real client.
func openCluster(choice clusterChoice) (cluster, error) {
	return k8s.Open(k8s.Options{
		Kubeconfig: choice.kubeconfig, Context: choice.context, Name: choice.name, UserAgent: choice.userAgent,
	})
}

// cluster opens the cluster that name, the configuration and the flags mean.
func (t *tool) cluster(s settings, name string) (cluster, error) {
	choice, err := t.choose(s, name)
	if err != nil {
		return nil, err
	}
	opened, err := t.openCluster(choice)
	if err != nil {
		return nil, usage(err, "--kubeconfig names the file and --context the entry in it; kubectl config get-contexts lists them")
	}
	return opened, nil
}

// choose finds out which cluster is meant. The flags go before the
// configuration, and without one a name means a context of the kubeconfig.
func (t *tool) choose(s settings, name string) (clusterChoice, error) {
	choice := clusterChoice{name: name, kubeconfig: t.kubeconfig, context: t.context, userAgent: userAgent()}
	if len(s.Clusters) == 0 {
		if name != "" && t.context != "" && name != t.context {
			return choice, usage(fmt.Errorf("two clusters named: %s and --context %s", name, t.context), "leave out one of them")
		}
		if name != "" {
			choice.context = name
		}
		return choice, nil
	}
	configured, err := s.cluster(name, t.kubeconfig != "" || t.context != "")
	if err != nil {
		return choice, err
	}
	choice.name = configured.Name
	if choice.kubeconfig == "" {
		choice.kubeconfig = configured.Kubeconfig
	}
	if choice.context == "" {
		choice.context = configured.Context
	}
	return choice, nil
}

// cluster finds a configured cluster by name. The only one needs no name, and
// none is needed where the flags say which one is meant.
func (s settings) cluster(name string, flagged bool) (clusterSettings, error) {
	names := make([]string, len(s.Clusters))
	for i, c := range s.Clusters {
		if c.Name == name {
			return c, nil
		}
		names[i] = c.Name
	}
	switch {
	case name == "" && flagged:
		return clusterSettings{}, nil
	case name == "" && len(s.Clusters) == 1:
		return s.Clusters[0], nil
	case name == "":
		return clusterSettings{}, usage(errors.New("which cluster? several are configured"),
			"write CLUSTER/NAMESPACE; the clusters are "+andList(names))
	}
	hints := nearHint(near(name, names))
	if hints == nil {
		hints = []string{"the configured clusters are " + andList(names)}
	}
	return clusterSettings{}, usage(fmt.Errorf("no cluster %s in the configuration", name), hints...)
}

// unasked turns what an unanswered question to the cluster means into an exit
// code and a next step.
func unasked(err error, timeout string) error {
	if missing, ok := errors.AsType[*runbook.NotFoundError](err); ok {
		hints := nearHint(missing.Near)
		if hints == nil && !missing.NamespaceMissing {
			hints = []string{"kubectl -n " + missing.Target.Namespace + " get pods lists what is there"}
		} else if hints == nil {
			hints = []string{"kubectl get namespaces lists what is there; --context chooses another cluster"}
		}
		return usage(err, hints...)
	}
	switch {
	case errors.Is(err, k8s.ErrUnknownKind):
		return usage(err, "use pod, deployment, statefulset, daemonset or job")
	case errors.Is(err, context.DeadlineExceeded):
		return unsure(fmt.Errorf("no answer within %s: %w", timeout, err), "try again with a longer --timeout, or check the way to the API server with kubectl cluster-info")
	case errors.Is(err, k8s.ErrForbidden):
		return unsure(err, forbiddenHint(err))
	case errors.Is(err, k8s.ErrUnauthorized):
		return unsure(err, "log in to the cluster again, or choose another --context")
	case errors.Is(err, k8s.ErrUnreachable):
		return unsure(err, "check network and VPN, and which cluster is meant: kubectl cluster-info, --context")
	}
	return unsure(err)
}

// forbiddenHint names the right that is missing.
func forbiddenHint(err error) string {
	asked, ok := errors.AsType[*k8s.RequestError](err)
	if !ok || asked.Grant == "" {
		return "ask for the right to read it, or choose another --context"
	}
	return "your account lacks the right to " + asked.Grant + "; kubectl auth can-i --list shows what it has"
}
