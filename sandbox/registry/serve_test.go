package registry_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/pullfix/pullfix/sandbox/registry"
)

// serveTLS serves the registry, and returns a client that trusts what it says.
func serveTLS(t *testing.T, r *registry.Registry, o registry.TLS) (*registry.Server, *http.Transport) {
	t.Helper()
	s, err := r.Serve(t.Context(), registry.ServeOptions{TLS: &o})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(s.CAPEM()) {
		t.Fatal("the CA is no PEM")
	}
	rt := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	t.Cleanup(rt.CloseIdleConnections)
	return s, rt
}

func TestTLS(t *testing.T) {
	ca, err := registry.NewCA("Sandbox CA")
	if err != nil {
		t.Fatal(err)
	}
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	cases := []struct {
		name string
		tls  registry.TLS
		want any
	}{
		{"self-signed", registry.TLS{}, nil},
		{"own CA", registry.TLS{CA: ca}, nil},
		{"wrong host", registry.TLS{CA: ca, Hosts: []string{"registry.example.com"}}, &name},
		{"expired", registry.TLS{CA: ca, Expired: true}, &invalid},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := newRegistry(t, registry.Options{Auth: registry.AuthBearer})
			s, rt := serveTLS(t, r, c.tls)
			_, err := remote.Head(mustRef(t, s.Host+"/team/app:v1"), with(t, rt, "ann", marker)...)
			if (err == nil) != (c.want == nil) {
				t.Fatalf("got %v", err)
			}
			if c.want != nil {
				_, err = read(t.Context(), rt, s.URL+"/v2/")
				if !errors.As(err, c.want) {
					t.Errorf("got %v, want %T", err, c.want)
				}
			}
		})
	}
}

func TestUntrustedTLS(t *testing.T) {
	r := newRegistry(t, registry.Options{})
	s, _ := serveTLS(t, r, registry.TLS{})
	var unknown x509.UnknownAuthorityError
	if _, err := read(t.Context(), http.DefaultTransport, s.URL+"/v2/"); !errors.As(err, &unknown) {
		t.Errorf("got %v", err)
	}
	if got := len(r.Requests()); got != 0 {
		t.Errorf("%d requests arrived over an untrusted connection", got)
	}
}

func TestPlainServerAnswersTLSClientsInPlain(t *testing.T) {
	r := newRegistry(t, registry.Options{})
	s, err := r.Serve(t.Context(), registry.ServeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+s.Host+"/v2/", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err == nil {
		_ = resp.Body.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "server gave HTTP response to HTTPS client") {
		t.Errorf("got %v", err)
	}
	if s.CAPEM() != nil {
		t.Error("a plain server has a CA")
	}
}

func TestServeStaysOnLoopback(t *testing.T) {
	r := newRegistry(t, registry.Options{})
	for _, addr := range []string{"0.0.0.0:0", ":0", "10.0.0.1:0", "[::]:0", "nonsense"} {
		if s, err := r.Serve(t.Context(), registry.ServeOptions{Addr: addr}); err == nil {
			s.Close()
			t.Errorf("%s was accepted", addr)
		}
	}
	first, err := r.Serve(t.Context(), registry.ServeOptions{Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	if s, err := r.Serve(t.Context(), registry.ServeOptions{Addr: first.Host}); err == nil {
		s.Close()
		t.Error("a taken port was taken again")
	}
	first.Close()
	first.Close() // closing twice does no harm
}
