package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullfix/pullfix/runbook"
)

func TestNear(t *testing.T) {
	names := []string{"diagnose", "scan", "explain", "secret", "runbook", "version", "config"}
	for _, c := range []struct {
		word string
		want []string
	}{
		{"diagnos", []string{"diagnose"}},
		{"sacn", []string{"scan"}},
		{"DIAGNOSE", []string{"diagnose"}},
		{"sec", []string{"secret"}},
		{"delete", []string{}},
		{"", []string{}},
	} {
		if diff := cmp.Diff(c.want, near(c.word, names)); diff != "" {
			t.Errorf("near(%q): %s", c.word, diff)
		}
	}
}

func TestParseTarget(t *testing.T) {
	for _, c := range []struct {
		args []string
		want runbook.Target
	}{
		{[]string{"shop", "web"}, runbook.Target{Namespace: "shop", Kind: "Pod", Name: "web"}},
		{[]string{"prod/shop", "pod/web"}, runbook.Target{Cluster: "prod", Namespace: "shop", Kind: "Pod", Name: "web"}},
		{[]string{"arn:aws:eks:eu-west-1:1:cluster/prod/shop", "sts/db"}, runbook.Target{
			Cluster: "arn:aws:eks:eu-west-1:1:cluster/prod", Namespace: "shop", Kind: "StatefulSet", Name: "db",
		}},
		{[]string{"shop", "deploy/web"}, runbook.Target{Namespace: "shop", Kind: "Deployment", Name: "web"}},
		{[]string{"shop", "deployment.apps/web"}, runbook.Target{Namespace: "shop", Kind: "Deployment", Name: "web"}},
		{[]string{"shop", "ds/web"}, runbook.Target{Namespace: "shop", Kind: "DaemonSet", Name: "web"}},
		{[]string{"shop", "job/web"}, runbook.Target{Namespace: "shop", Kind: "Job", Name: "web"}},
	} {
		got, err := parseTarget("diagnose", c.args)
		if err != nil {
			t.Errorf("%v: %v", c.args, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%v: %s", c.args, diff)
		}
	}
	for _, args := range [][]string{{}, {"shop"}, {"shop/", "web"}, {"shop", "pod/"}, {"shop", "a", "b"}, {"shop", "xyz/web"}} {
		if got, err := parseTarget("diagnose", args); err == nil {
			t.Errorf("%v was taken for %v", args, got)
		}
	}
}
