package cluster

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"time"

	"sigs.k8s.io/yaml"
)

// Server is a cluster that listens on loopback, over TLS, since kubectl and
// client-go send tokens over nothing else.
type Server struct {
	URL string
	// CA is the certificate that the server shows, in PEM.
	CA      []byte
	cluster *Cluster
	http    *http.Server
}

// Serve listens on a free port of loopback until the context ends or the server
// is closed.
func (c *Cluster) Serve(ctx context.Context) (*Server, error) {
	certificate, ca, err := certify()
	if err != nil {
		return nil, fmt.Errorf("making the server's certificate: %w", err)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening for the cluster: %w", err)
	}
	s := &Server{URL: "https://" + listener.Addr().String(), CA: ca, cluster: c}
	s.http = &http.Server{Handler: c, ReadHeaderTimeout: 10 * time.Second}
	secure := tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
	stop := context.AfterFunc(ctx, func() { _ = s.http.Close() }) // nobody is left to tell
	go func() {
		defer stop()
		if err := s.http.Serve(secure); err != nil && err != http.ErrServerClosed { //nolint:errorlint // documented as the bare value
			c.log.Error("serving the cluster", "err", err)
		}
	}()
	return s, nil
}

// Close ends the server and every request in it.
func (s *Server) Close() error { return s.http.Close() }

// Kubeconfig is a kubeconfig for a user of the cluster. The error is about a
// user that does not exist.
func (s *Server) Kubeconfig(user string) ([]byte, error) {
	u, ok := s.cluster.gate.user(user)
	if !ok {
		return nil, fmt.Errorf("writing a kubeconfig: the cluster has no user %q", user)
	}
	type named map[string]any
	return yaml.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Config", "current-context": "sandbox",
		"clusters": []named{{"name": "sandbox", "cluster": named{"server": s.URL, "certificate-authority-data": s.CA}}},
		"users":    []named{{"name": user, "user": named{"token": u.Token}}},
		"contexts": []named{{"name": "sandbox", "context": named{"cluster": "sandbox", "user": user}}},
	})
}

// WriteKubeconfig writes the kubeconfig of a user to a file that only the owner
// can read.
func (s *Server) WriteKubeconfig(file, user string) error {
	content, err := s.Kubeconfig(user)
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, content, 0o600); err != nil {
		return fmt.Errorf("writing a kubeconfig: %w", err)
	}
	return nil
}

// certify makes a self-signed certificate for loopback, good for ten years.
func certify() (tls.Certificate, []byte, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "sandbox"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(10, 0, 0),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
		IsCA: true, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}, ca, nil
}
