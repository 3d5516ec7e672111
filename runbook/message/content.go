package message

import "strings"

// AboutContent tells that the node got the manifest, and failed at what it
// names: layers and configuration, which often come from another host.
func (r Reading) AboutContent() bool {
	low := lower(r.Message)
	if at, _ := firstOf(low, contentWords()); at >= 0 {
		return true
	}
	at, _ := firstOf(low, []string{"httpreadseeker", "httpreaderseeker"})
	return at >= 0 && !strings.Contains(low[at:], "/manifests/")
}

// contentWords are what runtimes say while they fetch content: a path of the
// registry's interface, then the words of CRI-O and Docker.
func contentWords() []string {
	return []string{
		"/blobs/", "reading blob", "fetching blob", "error pulling image configuration", "parsing image configuration",
	}
}
