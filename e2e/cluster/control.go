//go:build linux

package cluster

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// apiPorts are the ports of the control plane on 127.0.0.1.
type apiPorts struct{ etcd, peer, server int }

// startAPI starts etcd and the API server, waits until the server is ready and
// connects to it as the administrator.
func (c *Cluster) startAPI(ctx context.Context) error {
	free, err := FreePorts(3)
	if err != nil {
		return err
	}
	ports := apiPorts{free[0], free[1], free[2]}
	if err := c.writeAPIFiles(ports.server); err != nil {
		return err
	}
	if err := c.spawn("etcd", etcdArgs(c.id, ports)...); err != nil {
		return err
	}
	if err := c.spawn("kube-apiserver", apiServerArgs(c.id, ports)...); err != nil {
		return err
	}
	if c.Config, err = clientcmd.BuildConfigFromFlags("", c.Kubeconfig); err != nil {
		return fmt.Errorf("reading the administrator's kubeconfig: %w", err)
	}
	c.Config.QPS, c.Config.Burst = 200, 400
	if c.Client, err = kubernetes.NewForConfig(c.Config); err != nil {
		return fmt.Errorf("connecting to the API server: %w", err)
	}
	return c.await(ctx, "API server", time.Minute, func() (bool, error) {
		_, err := c.Client.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
		return err == nil, nil
	})
}

// writeAPIFiles writes certificates, keys, tokens and kubeconfigs.
func (c *Cluster) writeAPIFiles(port int) error {
	ca, err := newAuthority("pullfix-e2e-cluster")
	if err != nil {
		return err
	}
	cert, key, err := ca.serving("kubernetes", "kubernetes.default", "kubernetes.default.svc")
	if err != nil {
		return err
	}
	var tokens strings.Builder
	server := "https://127.0.0.1:" + strconv.Itoa(port)
	for name, u := range controlUsers(c.Node) {
		t := token()
		fmt.Fprintf(&tokens, "%s,%s,%s,%q\n", t, u.name, u.name, u.group)
		if err := writeKubeconfig(c.id.path("conf", name+".kubeconfig"), server, ca.pem, t); err != nil {
			return err
		}
	}
	files := map[string][]byte{"ca.pem": ca.pem, "api.pem": cert, "api-key.pem": key, "tokens.csv": []byte(tokens.String())}
	for name, text := range files {
		if err := os.WriteFile(c.id.path("pki", name), text, 0o600); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
	}
	return writeServiceAccountKeys(c.id.path("pki", "sa-key.pem"), c.id.path("pki", "sa.pem"))
}

func etcdArgs(id ident, ports apiPorts) []string {
	client := fmt.Sprintf("http://127.0.0.1:%d", ports.etcd)
	peer := fmt.Sprintf("http://127.0.0.1:%d", ports.peer)
	return []string{
		"--unsafe-no-fsync", "--data-dir=" + id.path("etcd"),
		"--listen-client-urls=" + client, "--advertise-client-urls=" + client,
		"--listen-peer-urls=" + peer, "--initial-advertise-peer-urls=" + peer, "--initial-cluster=default=" + peer,
		"--quota-backend-bytes=4294967296", "--log-level=warn",
	}
}

func apiServerArgs(id ident, ports apiPorts) []string {
	return []string{
		fmt.Sprintf("--etcd-servers=http://127.0.0.1:%d", ports.etcd),
		fmt.Sprintf("--secure-port=%d", ports.server), "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1",
		// The address of the service "kubernetes" must not be a loopback one,
		// and no pod uses it.
		"--endpoint-reconciler-type=none",
		"--cert-dir=" + id.path("pki"), "--tls-cert-file=" + id.path("pki", "api.pem"),
		"--tls-private-key-file=" + id.path("pki", "api-key.pem"),
		"--token-auth-file=" + id.path("pki", "tokens.csv"),
		"--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + id.path("pki", "sa.pem"),
		"--service-account-signing-key-file=" + id.path("pki", "sa-key.pem"),
		"--service-cluster-ip-range=10.96.0.0/16", "--allow-privileged=true",
	}
}

// startControllers starts the controller manager and the scheduler.
func (c *Cluster) startControllers() error {
	err := c.spawn("kube-controller-manager",
		"--kubeconfig="+c.id.path("conf", "controller.kubeconfig"), "--leader-elect=false", "--secure-port=0",
		// Without credentials of its own the deployment controller may not make ReplicaSets.
		"--use-service-account-credentials=true",
		"--service-account-private-key-file="+c.id.path("pki", "sa-key.pem"),
		// This becomes the ConfigMap kube-root-ca.crt, with which pods trust the API server.
		"--root-ca-file="+c.id.path("pki", "ca.pem"),
	)
	if err != nil {
		return err
	}
	return c.spawn("kube-scheduler",
		"--kubeconfig="+c.id.path("conf", "scheduler.kubeconfig"), "--leader-elect=false", "--secure-port=0")
}
