package runbook

import "github.com/pullfix/pullfix/runbook/cause"

// mendedRemedies only hasten what comes by itself. What the
// node says of the image or the registry may also be a mirror's or a proxy's doing.
func (e evidence) mendedRemedies(f finding) []Remedy {
	list := []Remedy{e.wait("What was wrong is right by now; nothing has to be restarted."), e.deletePods("A new pod tries at once.")}
	switch f.cause {
	case cause.TagNotFound, cause.RepositoryNotFound:
		list[0].Why = "If it was pushed since, the next attempt finds it; nothing has to be restarted."
	case cause.RegistryServerError, cause.PlatformMismatch:
		list[0].Why = "From here it is right by now; nothing has to be restarted."
	default:
		return list
	}
	return append(list, e.probeFromNode())
}

// waitingRemedies are for what passes by itself or is not the pod's fault.
func (e evidence) waitingRemedies(f finding) []Remedy {
	switch f.cause {
	case cause.RateLimited:
		list := []Remedy{e.wait("The limit counts pulls in a time window; restarting pods uses it up faster.")}
		if len(e.used) == 0 {
			list = append(list, e.createSecret("Pulls with a login have a higher limit."))
		}
		return list
	case cause.RegistryServerError:
		if f.elsewhere {
			return []Remedy{e.wait("Server errors usually pass; the kubelet keeps trying."), e.probeFromNode()}
		}
		return []Remedy{e.wait("Server errors usually pass; the kubelet keeps trying."), e.escalate("The registry's operators can see why.")}
	case cause.PullQPSExceeded:
		return []Remedy{e.wait("The kubelet spreads its pulls and tries again by itself.")}
	case cause.PullCancelled, cause.CorruptContent:
		if e.word.Lost {
			return []Remedy{e.escalate("The mirror does not hold what the image names; to pull it again changes nothing.")}
		}
		return []Remedy{e.wait("The kubelet pulls again from the start."), e.escalate("If it stays, the image, the mirror or the node's disk is at fault.")}
	case cause.BackOffOnly, cause.Unknown:
		return []Remedy{e.wait("The next attempt tells the cause; until then nothing should be changed."), e.probeFromNode()}
	case cause.DiskFull:
		return []Remedy{e.freeDisk()}
	case cause.CredentialProviderFailed:
		return []Remedy{e.escalateNode("The node's identity or its credential provider needs its operators."), e.createSecret("A pull secret works without the provider.")}
	case cause.RuntimeUnavailable:
		return []Remedy{e.escalateNode("Nothing is pulled there before its operators have mended it.")}
	}
	return []Remedy{e.escalate("Only the operators of the node or the registry can mend this.")}
}

// escalateNode is for what only the operators of the node can mend.
func (e evidence) escalateNode(why string) Remedy {
	look := lookAtNode(e.facts, why)
	look.Kind, look.Title = Escalate, "Escalate to those who run "+e.nodeName()
	return look
}
