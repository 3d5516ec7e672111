package registry_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pullfix/pullfix/registry"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
	sandbox "github.com/pullfix/pullfix/sandbox/registry"
)

func serve(t *testing.T, r *sandbox.Registry, o sandbox.ServeOptions) *sandbox.Server {
	t.Helper()
	server, err := r.Serve(t.Context(), o)
	if err != nil {
		t.Fatalf("serving: %v", err)
	}
	t.Cleanup(server.Close)
	return server
}

func TestLoopbackSpeaksHTTP(t *testing.T) {
	t.Parallel()
	r := newSandbox(t, sandbox.Options{Auth: sandbox.AuthBearer})
	server := serve(t, r, sandbox.ServeOptions{})
	p := newProber(t, registry.Options{})
	q := runbook.Question{Image: server.Host + "/team/app:v1", Credential: login("ann", marker)}
	for range 2 { // the second time the scheme is known
		answer := ask(t, p, q)
		if answer.Result != cause.None || !answer.PlainHTTP || answer.Trips != 5 || answer.Login != runbook.TestAccepted {
			t.Errorf("answer %+v", answer)
		}
	}
	if len(r.Requests()) != 10 {
		t.Errorf("requests: %v", methods(r))
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	ca, err := sandbox.NewCA("test")
	if err != nil {
		t.Fatal(err)
	}
	r := newSandbox(t, sandbox.Options{Auth: sandbox.AuthBasic})
	signed := serve(t, r, sandbox.ServeOptions{TLS: &sandbox.TLS{CA: ca}})
	expired := serve(t, r, sandbox.ServeOptions{TLS: &sandbox.TLS{CA: ca, Expired: true}})
	other := serve(t, r, sandbox.ServeOptions{TLS: &sandbox.TLS{CA: ca, Hosts: []string{"other.example.com"}}})
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, ca.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		host registry.Host
		want cause.Cause
	}{
		"unknown authority": {registry.Host{Host: signed.Host}, cause.TLSUntrusted},
		"trusted":           {registry.Host{Host: signed.Host, CA: ca.PEM()}, cause.None},
		"trusted by file":   {registry.Host{Host: signed.Host, CAFile: file}, cause.None},
		"expired":           {registry.Host{Host: expired.Host, CA: ca.PEM()}, cause.TLSUntrusted},
		"other name":        {registry.Host{Host: other.Host, CA: ca.PEM()}, cause.TLSUntrusted},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProber(t, registry.Options{Hosts: []registry.Host{test.host}})
			answer := ask(t, p, runbook.Question{Image: test.host.Host + "/team/app:v1", Credential: login("ann", marker)})
			if answer.Result != test.want || answer.PlainHTTP {
				t.Errorf("answer %+v, want %s", answer, test.want)
			}
		})
	}
}

// TestTokenServerBehindTheSameCA: the registry's CA is good for its token
// server on another port.
func TestTokenServerBehindTheSameCA(t *testing.T) {
	t.Parallel()
	ca, err := sandbox.NewCA("test")
	if err != nil {
		t.Fatal(err)
	}
	r := newSandbox(t, sandbox.Options{Auth: sandbox.AuthBearer})
	main := serve(t, r, sandbox.ServeOptions{TLS: &sandbox.TLS{CA: ca}})
	r.SetRealm(serve(t, r, sandbox.ServeOptions{TLS: &sandbox.TLS{CA: ca}}).URL + "/token")
	p := newProber(t, registry.Options{Hosts: []registry.Host{{Host: main.Host, CA: ca.PEM()}}})
	answer := ask(t, p, runbook.Question{Image: main.Host + "/team/app:v1", Credential: login("ann", marker)})
	if answer.Result != cause.None || answer.Login != runbook.TestAccepted {
		t.Errorf("answer %+v", answer)
	}
}

func TestPlainHTTPByConfiguration(t *testing.T) {
	t.Parallel()
	r := newSandbox(t, sandbox.Options{})
	server := serve(t, r, sandbox.ServeOptions{})
	_, port, _ := net.SplitHostPort(server.Host)
	host := "registry.example.com:" + port
	there := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, server.Host)
	}
	plain := ask(t, newProber(t, registry.Options{Dial: there}), runbook.Question{Image: host + "/team/app:v1"})
	if plain.Result != cause.HTTPSMismatch || plain.PlainHTTP {
		t.Errorf("without configuration: %+v", plain)
	}
	p := newProber(t, registry.Options{Dial: there, Hosts: []registry.Host{{Host: host, PlainHTTP: true}}})
	if answer := ask(t, p, runbook.Question{Image: host + "/team/app:v1"}); answer.Result != cause.None || !answer.PlainHTTP {
		t.Errorf("with configuration: %+v", answer)
	}
}

func TestNetworkFailures(t *testing.T) {
	t.Parallel()
	dialError := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	tests := map[string]struct {
		err  error
		want cause.Cause
	}{
		"no such host":   {dialError(&net.DNSError{Err: "no such host", Name: "x", IsNotFound: true}), cause.DNSFailure},
		"lookup timeout": {dialError(&net.DNSError{Err: "i/o timeout", Name: "x", IsTimeout: true}), cause.DNSFailure},
		"refused":        {dialError(os.NewSyscallError("connect", syscall.ECONNREFUSED)), cause.ConnectionRefused},
		"no route":       {dialError(os.NewSyscallError("connect", syscall.EHOSTUNREACH)), cause.NetworkUnreachable},
		"no network":     {dialError(os.NewSyscallError("connect", syscall.ENETUNREACH)), cause.NetworkUnreachable},
		"reset":          {dialError(os.NewSyscallError("read", syscall.ECONNRESET)), cause.NetworkUnreachable},
		"timeout":        {dialError(os.ErrDeadlineExceeded), cause.Timeout},
		"kernel timeout": {dialError(os.NewSyscallError("connect", syscall.ETIMEDOUT)), cause.Timeout},
		"proxy":          {&net.OpError{Op: "proxyconnect", Net: "tcp", Err: syscall.ECONNREFUSED}, cause.ProxyFailure},
		"unknown":        {errors.New("something"), cause.NetworkUnreachable},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dial := func(context.Context, string, string) (net.Conn, error) { return nil, test.err }
			answer := ask(t, newProber(t, registry.Options{Dial: dial}), runbook.Question{Image: plainHost + "/team/app:v1"})
			if answer.Result != test.want || answer.Detail == "" || answer.Trips != 1 {
				t.Errorf("answer %+v, want %s", answer, test.want)
			}
		})
	}
}

// TestProxyThatRefuses opens no tunnel to the registry.
func TestProxyThatRefuses(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	t.Cleanup(proxy.Close)
	there := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, strings.TrimPrefix(proxy.URL, "http://"))
	}
	// net/http reads the environment's proxy once a process, so the test gives
	// the transport one of its own.
	transport := &http.Transport{
		DialContext: there, Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: "proxy.example.com"}),
		OnProxyConnectResponse: registry.RefuseTunnel,
	}
	answer := ask(t, newProber(t, registry.Options{Transport: transport}), runbook.Question{Image: plainHost + "/team/app:v1"})
	if answer.Result != cause.ProxyFailure || answer.Detail != "the proxy answered 403 Forbidden" {
		t.Errorf("answer %+v", answer)
	}
}

// TestHurry: an asker with little time still hears that it was a timeout.
func TestHurry(t *testing.T) {
	t.Parallel()
	stall := http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() })
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	answer, err := over(t, sandbox.Network{"*": stall}).Probe(ctx, runbook.Question{Image: plainHost + "/team/app:v1"})
	if err != nil || answer.Result != cause.Timeout {
		t.Errorf("answer %+v, error %v", answer, err)
	}
}

// TestNonsenseInsteadOfHTTP is a peer that speaks something else.
func TestNonsenseInsteadOfHTTP(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte("-ERR unknown command\r\n\r\n"))
			_ = conn.Close()
		}
	}()
	host := listener.Addr().String()
	p := newProber(t, registry.Options{Hosts: []registry.Host{{Host: host, PlainHTTP: true}}})
	answer := ask(t, p, runbook.Question{Image: host + "/team/app:v1"})
	if answer.Result != cause.UnexpectedRegistryResponse && answer.Result != cause.NetworkUnreachable {
		t.Errorf("answer %+v", answer)
	}
}

func TestProbeEnds(t *testing.T) {
	t.Parallel()
	stall := http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() })
	p := newProber(t, registry.Options{Transport: sandbox.Network{"*": stall}, Timeout: 30 * time.Millisecond})
	if answer := ask(t, p, runbook.Question{Image: plainHost + "/team/app:v1"}); answer.Result != cause.Timeout {
		t.Errorf("answer %+v", answer)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Probe(ctx, runbook.Question{Image: plainHost + "/team/app:v1"}); !errors.Is(err, context.Canceled) {
		t.Errorf("a question that was given up ended with %v", err)
	}
}

func TestConfigurationErrors(t *testing.T) {
	t.Parallel()
	for name, host := range map[string]registry.Host{
		"no certificate": {Host: plainHost, CA: []byte("nothing")},
		"no file":        {Host: plainHost, CAFile: filepath.Join(t.TempDir(), "none.pem")},
		"a path":         {Host: "https://" + plainHost},
		"empty":          {},
	} {
		if _, err := registry.New(registry.Options{Hosts: []registry.Host{host}}); err == nil || !strings.Contains(err.Error(), "registry") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
