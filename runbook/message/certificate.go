package message

// Certificate is what is wrong with a certificate, as far as a text says.
type Certificate string

// The faults of a certificate, each with a cure of its own.
const (
	CertificateExpired   Certificate = "expired"
	CertificateEarly     Certificate = "not valid yet"
	CertificateOtherName Certificate = "other name"
	CertificateUnknownCA Certificate = "unknown authority"
)

// Certificate reads what is wrong with the certificate; it is empty where the
// text does not say. The words are those of Go, OpenSSL and Java.
func (r Reading) Certificate() Certificate {
	low := lower(r.Message)
	for _, fault := range certificateFaults() {
		if at, _ := firstOf(low, fault.words); at >= 0 {
			return fault.is
		}
	}
	return ""
}

type certificateFault struct {
	is    Certificate
	words []string
}

// certificateFaults begins with the precise ones: Go's words for both ends of a
// certificate's life are the same up to the times.
func certificateFaults() []certificateFault {
	return []certificateFault{
		{CertificateEarly, []string{" is before 2", "certificate is not yet valid", "certificatenotyetvalid"}},
		{CertificateExpired, []string{"certificate has expired", "expired certificate", "certificate expired", "certificateexpired"}},
		{CertificateOtherName, []string{
			"certificate is valid for", "cannot validate certificate for", "any ip sans", "certificate is not valid for",
			"not valid for any names", "legacy common name", "does not match target host", "alternative certificate subject name",
			"alternative name", "hostname mismatch", "ip address mismatch",
		}},
		{CertificateUnknownCA, []string{
			"unknown authority", "unknown certificate authority", "unknown ca", "self signed", "self-signed",
			"local issuer certificate", "unable to find valid certification path",
		}},
	}
}
