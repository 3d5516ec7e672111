package runbook

import (
	"github.com/pullfix/pullfix/runbook/cause"
	"github.com/pullfix/pullfix/runbook/message"
)

// certificate is what is wrong with a certificate, in the node's words or, where
// they do not say, in those heard from here.
func (e evidence) certificate() message.Certificate {
	if fault := e.word.Certificate(); fault != "" {
		return fault
	}
	if a := e.registry(); a.Result == cause.TLSUntrusted && e.atFault() == e.ref.Host {
		return message.Reading{Message: a.Detail}.Certificate()
	}
	return ""
}

// certificateClause says it of the certificate that was just named.
func certificateClause(fault message.Certificate) string {
	switch fault {
	case message.CertificateExpired:
		return ", which has expired"
	case message.CertificateEarly:
		return ", which is not valid yet"
	case message.CertificateOtherName:
		return ", which is for other names"
	case message.CertificateUnknownCA:
		return ", which is signed by an authority that the node does not know"
	}
	return ""
}

// certificateCure is what has to be done about it, and by whom.
func certificateCure(fault message.Certificate) string {
	switch fault {
	case message.CertificateExpired:
		return " The certificate must be renewed, unless the clock of the node is wrong."
	case message.CertificateEarly:
		return " The clock of the node is probably slow; else the certificate was made out too early."
	case message.CertificateOtherName:
		return " The certificate must name that host, or the image must name the registry as the certificate does."
	case message.CertificateUnknownCA:
		return " The nodes' runtime must be given the certificate of that authority."
	}
	return ""
}
