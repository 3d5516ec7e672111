package cluster_test

import (
	"testing"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/pullfix/pullfix/sandbox/cluster"
	"github.com/pullfix/pullfix/sandbox/cluster/contract"
)

func newCluster(t *testing.T, o cluster.Options) *cluster.Cluster {
	t.Helper()
	c, err := cluster.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// inProcess is a client's configuration without a socket.
func inProcess(c *cluster.Cluster, token string) *rest.Config {
	return &rest.Config{Host: "http://cluster.invalid", BearerToken: token, Transport: c.RoundTripper()}
}

func TestContractInProcess(t *testing.T) {
	contract.Run(t, inProcess(newCluster(t, cluster.Options{}), "admin-token"))
}

func TestContractOverTLS(t *testing.T) {
	server, err := newCluster(t, cluster.Options{}).Serve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	content, err := server.Kubeconfig(cluster.Admin)
	if err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.RESTConfigFromKubeConfig(content)
	if err != nil {
		t.Fatal(err)
	}
	contract.Run(t, config)
}
