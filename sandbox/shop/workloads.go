package shop

import (
	"fmt"
	"time"
)

// workloads are what runs, or should, from the start.
func workloads() []app {
	deployment := func(namespace, name, image string) app {
		return app{kind: "Deployment", namespace: namespace, name: name, image: image, replicas: 1}
	}
	with := func(a app, replicas int, secret string) app {
		a.replicas, a.secret = replicas, secret
		return a
	}
	cart := with(deployment("shop", "cart", ghcr+"/acme/cart:5.1.0"), 2, "")
	cart.account = "cart"
	sessions := with(deployment("shop", "sessions", ghcr+"/acme/sessions:7.O"), 2, "ghcr-pull")
	sessions.kind = "StatefulSet"
	return []app{
		with(deployment("shop", "storefront", ghcr+"/acme/storefront:4.2.0"), 2, ""), // healthy
		with(deployment("shop", "checkout", ghcr+"/acme/checkout:1.4.1"), 3, "ghcr-pull"),
		with(deployment("shop", "search", ghcr+"/acme/search:2.0.2"), 2, "ghcr-pull"),       // no such tag
		with(deployment("shop", "recommend", ghcr+"/acme/recommend:0.9.0"), 1, "ghcr-pull"), // for arm64 alone
		cart, // its pods were made before its account had the secret
		sessions,
		with(deployment("pay", "payments", ghcr+"/acme/payments:3.2.0"), 2, "regcred"), // no such secret
		with(deployment("media", "thumbnails", ecr+"/media/thumbnails:2.3.1"), 3, "ecr-pull"),
		deployment("web", "homepage", "nginx:1.29"), // healthy
		with(deployment("web", "landing", "acme/landing:12"), 2, ""),
		with(deployment("web", "status", quay+"/acme/status:1.8"), 1, "quay-robot"), // public; the secret's robot was removed
		deployment("web", "newsletter", "ghrc.io/acme/newsletter:1.0"),              // a slip in the host
		with(deployment("billing", "invoices", down+"/billing/invoices:3.1"), 2, ""),
		with(deployment("billing", "ledger", harbor+"/billing/ledger:2.0"), 1, "harbor-pull"), // malformed
		with(deployment("billing", "reports", harbor+"/billing/reports:9.4"), 1, "harbor-robot"),
	}
}

// secrets are the pull secrets, good ones and others.
func (a accounts) secrets() []object {
	good := login{ghcr, "acme-bot", a.ghcr}
	return []object{
		pullSecret("shop", "ghcr-pull", good),
		pullSecret("media", "ecr-pull", login{ecr, "AWS", a.ecr}),
		pullSecret("web", "quay-robot", login{quay, "acme+retired", "was-removed-in-spring"}),
		rawSecret("billing", "harbor-pull", []byte(`{"auths":{"`+harbor+`":{"auth":"cm9ib3Q$`)),
		pullSecret("billing", "harbor-robot", login{harbor, "robot$billing", a.harbor}),
		account("shop", "cart"),
		pullSecret(Golden, GoldenGHCR, good),
		pullSecret(Golden, GoldenRobot, login{ghcr, "payments-robot", a.robot}),
		pullSecret(Golden, GoldenECR, login{ecr, "AWS", a.fresh}),
	}
}

// Where the company keeps credentials that work: the platform's namespace, in
// which nothing pulls.
const (
	Golden      = "platform"
	GoldenGHCR  = "ghcr-golden"
	GoldenRobot = "ghcr-payments" // opens one repository
	GoldenECR   = "ecr-fresh"
)

// The registries of the golden secrets, as images call them.
const (
	GHCR = ghcr
	ECR  = ecr
)

// teams are further namespaces, each with a worker that pulls with the token
// that expired.
func (a accounts) teams(n int) []object {
	var all []object
	for i := range n {
		namespace := fmt.Sprintf("team-%02d", i+1)
		worker := app{kind: "Deployment", namespace: namespace, name: "worker", image: ecr + "/teams/worker:6.2.0", replicas: 1, secret: "ecr-pull"}
		all = append(all, pullSecret(namespace, "ecr-pull", login{ecr, "AWS", a.ecr}), worker.object())
	}
	return all
}

// crashing is a pod that has its image, and fails for another reason: there is
// nothing for pullfix to do. It runs on a node of which only the record is here.
func crashing(now time.Time) []object {
	started := now.Add(-40 * time.Minute).UTC().Format(time.RFC3339)
	died := now.Add(-2 * time.Minute).UTC().Format(time.RFC3339)
	image := "nginx:1.29"
	last := object{"terminated": object{"exitCode": 1, "reason": "Error", "startedAt": died, "finishedAt": died}}
	status := object{
		"name": "app", "image": "docker.io/library/" + image, "imageID": "docker.io/library/nginx@sha256:" + fmt.Sprintf("%064d", 1),
		"ready": false, "started": false, "restartCount": 9, "lastState": last,
		"state": object{"waiting": object{
			"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container=app pod=blog-0_web",
		}},
	}
	return []object{
		{
			"apiVersion": "v1", "kind": "Node", "metadata": object{"name": "node-2"},
			"status": object{
				"nodeInfo":   object{"operatingSystem": "linux", "architecture": "amd64", "kubeletVersion": "v1.36.3", "containerRuntimeVersion": "containerd://2.4.2"},
				"conditions": []object{{"type": "Ready", "status": "True", "reason": "KubeletReady"}},
			},
		},
		{
			"apiVersion": "v1", "kind": "Pod", "metadata": named("web", "blog-0", object{"app": "blog"}),
			"spec": object{"nodeName": "node-2", "containers": []object{{"name": "app", "image": image}}},
			"status": object{
				"phase": "Running", "startTime": started, "containerStatuses": []object{status},
				"conditions": []object{{"type": "PodScheduled", "status": "True"}},
			},
		},
	}
}
