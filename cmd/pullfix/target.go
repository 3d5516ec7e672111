package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pullfix/pullfix/runbook"
)

// kind is one kind of object that can be diagnosed, with the words for it.
type kind struct {
	name  string
	words []string
}

// kinds are the words that kubectl takes, too.
func kinds() []kind {
	return []kind{
		{"Pod", []string{"pod", "pods", "po"}},
		{"Deployment", []string{"deployment", "deployments", "deploy", "deployment.apps", "deployments.apps"}},
		{"StatefulSet", []string{"statefulset", "statefulsets", "sts", "statefulset.apps", "statefulsets.apps"}},
		{"DaemonSet", []string{"daemonset", "daemonsets", "ds", "daemonset.apps", "daemonsets.apps"}},
		{"Job", []string{"job", "jobs", "job.batch", "jobs.batch"}},
		{"ReplicaSet", []string{"replicaset", "replicasets", "rs", "replicaset.apps", "replicasets.apps"}},
		{"CronJob", []string{"cronjob", "cronjobs", "cj", "cronjob.batch", "cronjobs.batch"}},
	}
}

// parseTarget reads [CLUSTER/]NAMESPACE POD.
func parseTarget(command string, args []string) (runbook.Target, error) {
	how := "usage: pullfix " + command + " [CLUSTER/]NAMESPACE POD"
	switch len(args) {
	case 0:
		return runbook.Target{}, usage(errors.New("no namespace and no pod named"), how)
	case 1:
		return runbook.Target{}, usage(errors.New("no pod named"), how, "pullfix scan finds the pods that fail")
	case 3:
		if k, ok := kindOf(args[1]); ok {
			return runbook.Target{}, usage(fmt.Errorf("%d arguments where two are expected", len(args)),
				fmt.Sprintf("write %s/%s", strings.ToLower(k), args[2]))
		}
	}
	if len(args) > 2 {
		return runbook.Target{}, usage(fmt.Errorf("%d arguments where two are expected", len(args)), how)
	}
	target := runbook.Target{Kind: "Pod", Name: args[1]}
	// A kubeconfig context may have slashes, a namespace never has.
	at := strings.LastIndexByte(args[0], '/')
	target.Cluster, target.Namespace = args[0][:max(at, 0)], args[0][at+1:]
	if word, name, ok := strings.Cut(args[1], "/"); ok {
		k, known := kindOf(word)
		if !known {
			return target, unknownKind(word)
		}
		target.Kind, target.Name = k, name
	}
	if target.Namespace == "" || target.Name == "" {
		return target, usage(errors.New("the namespace or the name is empty"), how)
	}
	return target, nil
}

func kindOf(word string) (string, bool) {
	for _, k := range kinds() {
		for _, w := range k.words {
			if strings.EqualFold(w, word) {
				return k.name, true
			}
		}
	}
	return "", false
}

func unknownKind(word string) error {
	var words []string
	for _, k := range kinds() {
		words = append(words, k.words[0])
	}
	hints := nearHint(near(word, words))
	if hints == nil {
		hints = []string{"the kinds are " + andList(words)}
	}
	return usage(fmt.Errorf("no kind %q", word), hints...)
}
