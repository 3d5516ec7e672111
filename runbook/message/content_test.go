package message

import "testing"

// TestContent tells what the registry lost from what was damaged on its way, and
// what fails behind the manifest from what fails before it.
func TestContent(t *testing.T) {
	const pull = `failed to pull and unpack image "reg.example/a/b:1": `
	for text, want := range map[string]struct{ lost, content bool }{
		"failed to copy: httpReadSeeker: failed open: could not fetch content descriptor sha256:aa (application/vnd.oci.image.layer.v1.tar+gzip) from remote: not found": {lost: true, content: true},
		"failed to copy: httpReadSeeker: failed open: content at https://reg.example/v2/a/b/manifests/sha256:aa not found: not found":                                    {lost: true},
		"reading blob sha256:aa: fetching blob: blob unknown to registry":                                                                                                {lost: true, content: true},
		"unexpected status from GET request to https://reg.example/v2/a/b/blobs/sha256:aa: 404 Not Found":                                                                {lost: true, content: true},
		`failed to copy: httpReadSeeker: failed open: failed to do request: Get "https://layers.example/x/y?sig=z": EOF`:                                                 {content: true},
		"failed commit on ref \"layer-sha256:aa\": unexpected commit digest sha256:bb, expected sha256:aa: failed precondition":                                          {},
		"failed to get reader from content store: content digest sha256:aa: not found":                                                                                   {},
		"failed to resolve image: reg.example/a/b:1: not found":                                                                                                          {},
	} {
		if r := Read(pull + text); r.Lost != want.lost || r.AboutContent() != want.content {
			t.Errorf("lost %t, content %t, want %+v: %s", r.Lost, r.AboutContent(), want, text)
		}
	}
}

// TestCertificate: each fault has a cure of its own.
func TestCertificate(t *testing.T) {
	for text, want := range map[string]Certificate{
		"x509: certificate has expired or is not yet valid: current time 2026-11-28T05:04:42Z is after 2026-11-01T00:00:00Z":  CertificateExpired,
		"x509: certificate has expired or is not yet valid: current time 2026-11-28T05:04:42Z is before 2027-01-01T00:00:00Z": CertificateEarly,
		"x509: certificate has expired or is not yet valid: current time 2026-11-28T05:04:42+01:00 is before 2027-01-01":      CertificateEarly,
		"x509: certificate has expired or is not yet valid: ":                                                                 CertificateExpired,
		"x509: certificate is valid for a.example, not b.example":                                                             CertificateOtherName,
		"x509: cannot validate certificate for 10.0.0.1 because it doesn't contain any IP SANs":                               CertificateOtherName,
		"x509: certificate is not valid for any names, but wanted to match b.example":                                         CertificateOtherName,
		"x509: certificate signed by unknown authority":                                                                       CertificateUnknownCA,
		"x509: certificate signed by unknown authority (possibly because of \"x509: invalid signature\")":                     CertificateUnknownCA,
		"SSL certificate problem: self-signed certificate in certificate chain":                                               CertificateUnknownCA,
		"remote error: tls: bad certificate":                                                                                  "",
		"tls: handshake failure":                                                                                              "",
	} {
		if got := (Reading{Message: text}).Certificate(); got != want {
			t.Errorf("%q, want %q: %s", got, want, text)
		}
	}
}
