package registry

import (
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
	"time"
)

// CA is a certificate authority for one test or demonstration.
type CA struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// NewCA makes an authority that is valid for a day.
func NewCA(name string) (*CA, error) {
	template, key, err := draft(name)
	if err != nil {
		return nil, err
	}
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("signing CA %s: %w", name, err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("reading CA %s: %w", name, err)
	}
	return &CA{certificate: certificate, key: key}, nil
}

// PEM is the authority's certificate, as a caFile holds it.
func (c *CA) PEM() []byte { return encodePEM(c.certificate.Raw) }

// Pool trusts this authority and no other.
func (c *CA) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(c.certificate)
	return pool
}

// TLS describes a server certificate.
type TLS struct {
	// CA signs it; nil makes it self-signed.
	CA *CA
	// Hosts are the names and addresses it is good for; none means 127.0.0.1,
	// ::1 and localhost.
	Hosts []string
	// Expired makes it end an hour ago.
	Expired bool
}

// issue makes the certificate, and the PEM that a client has to trust for it.
func (t TLS) issue() (tls.Certificate, []byte, error) {
	template, key, err := draft("sandbox registry")
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	t.fill(template)
	parent, signer := template, key
	if t.CA != nil {
		parent, signer = t.CA.certificate, t.CA.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		return tls.Certificate{}, nil, fmt.Errorf("signing server certificate: %w", err)
	}
	trust := encodePEM(der)
	if t.CA != nil {
		trust = t.CA.PEM()
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, trust, nil
}

func (t TLS) fill(template *x509.Certificate) {
	hosts := t.Hosts
	if len(hosts) == 0 {
		hosts = []string{"127.0.0.1", "::1", "localhost"}
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	if t.Expired {
		template.NotAfter = time.Now().Add(-time.Hour)
	}
}

func draft(name string) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("making key of %s: %w", name, err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, nil, fmt.Errorf("making serial number of %s: %w", name, err)
	}
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-24 * time.Hour), NotAfter: now.Add(24 * time.Hour),
	}, key, nil
}

func encodePEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
