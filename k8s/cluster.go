package k8s

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	_ "k8s.io/client-go/plugin/pkg/client/auth/oidc" // kubeconfigs may name it
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Options say how to reach a cluster. All of them may be left out.
type Options struct {
	// Kubeconfig is the path of a kubeconfig file; without it the usual rules
	// apply: $KUBECONFIG, ~/.kube/config, else the pod's own ServiceAccount.
	Kubeconfig string
	// Context is the kubeconfig's context; without it the current one.
	Context string
	// Name is what people call the cluster; it only stands in answers.
	Name string
	// UserAgent is what the API server's audit log shows.
	UserAgent string
	// Log is told of what could not be read; nil is silent.
	Log *slog.Logger
	// WrapTransport goes around each request, for counting them.
	WrapTransport func(http.RoundTripper) http.RoundTripper
}

// Cluster reads from one cluster. It is safe for use by several goroutines.
type Cluster struct {
	api  api
	name string
	log  *slog.Logger
}

// Open finds the cluster's address and credentials by the usual kubeconfig
// rules. It asks the cluster nothing yet.
func Open(options Options) (*Cluster, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = options.Kubeconfig
	overrides := &clientcmd.ConfigOverrides{CurrentContext: options.Context}
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides).ClientConfig()
	switch {
	case err != nil && clientcmd.IsEmptyConfig(err):
		return nil, fmt.Errorf("no cluster is configured: neither %s holds one, nor does this run in a pod", strings.Join(rules.GetLoadingPrecedence(), " nor "))
	case err != nil:
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	return New(config, options)
}

// New makes a cluster of a client-go configuration, whose own settings for
// throttling, encoding and warnings are replaced. Kubeconfig and Context of the
// options are not used.
func New(config *rest.Config, options Options) (*Cluster, error) {
	config = rest.CopyConfig(config)
	config.QPS = -1 // the API server's own fairness is the limit, and each diagnosis has a budget
	config.NegotiatedSerializer = statusCodec()
	config.AcceptContentTypes = accepted
	config.WarningHandler = rest.NoWarnings{}
	if options.UserAgent != "" {
		config.UserAgent = options.UserAgent
	}
	config.Wrap(boundErrors)
	if options.WrapTransport != nil {
		config.Wrap(options.WrapTransport)
	}
	client, err := rest.UnversionedRESTClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("configuring the client for %s: %w", config.Host, err)
	}
	log := options.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Cluster{api: api{client}, name: options.Name, log: log}, nil
}

// statusCodec decodes the one kind that client-go decodes for us: the Status of
// a refusal. Leaving the other kinds out keeps the program's start short.
func statusCodec() runtime.NegotiatedSerializer {
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, schema.GroupVersion{Version: "v1"})
	return serializer.NewCodecFactory(scheme).WithoutConversion()
}
