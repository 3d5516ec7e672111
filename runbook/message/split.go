package message

import "strings"

// parts is a message taken apart.
type parts struct {
	wrapper  string   // what stands before the first element
	elements []string // at least one; the whole text when it is no aggregate
	mirrors  []string // what mirrors said before the registry was asked
}

// split takes the mirrors' errors out of a message and cuts aggregates.
func split(clean string) parts {
	rest, mirrors := cutMirrors(clean)
	p := parts{mirrors: mirrors}
	p.wrapper, p.elements = cutCandidates(rest)
	if p.elements == nil {
		p.wrapper, p.elements = cutAggregate(rest)
	}
	if p.elements == nil {
		p.elements = []string{rest}
	}
	return p
}

// cutMirrors takes out "(Mirrors also failed: [ref: err] [ref: err]): ", which
// containers/image writes before the error of the registry itself.
func cutMirrors(text string) (rest string, mirrors []string) {
	const mark = "(Mirrors also failed: "
	before, after, ok := strings.Cut(text, mark)
	if !ok {
		return text, nil
	}
	depth, start := 0, 0
	for i := range len(after) {
		switch after[i] {
		case '[':
			if depth == 0 {
				start = i + 1
			}
			depth++
		case ']':
			if depth--; depth == 0 {
				mirrors = append(mirrors, after[start:i])
			}
		case ')':
			if depth <= 0 {
				return before + strings.TrimLeft(after[i+1:], ": "), mirrors
			}
		}
	}
	return text, mirrors // cut off before the end: all there is are the mirrors
}

// cutCandidates cuts the list that containers/image makes when a short name had
// several candidates: "2 errors occurred while pulling:\n * e1\n * e2".
func cutCandidates(text string) (wrapper string, elements []string) {
	wrapper, list, ok := strings.Cut(text, "errors occurred while pulling:")
	if !ok {
		return "", nil
	}
	for item := range strings.SplitSeq(list, " * ") {
		if item = strings.TrimSpace(item); item != "" {
			elements = append(elements, item)
		}
	}
	return wrapper + "failed to pull image", elements
}

// cutAggregate cuts "[e1, e2]". A comma also stands inside errors, so it parts
// elements only before words that errors begin with.
func cutAggregate(text string) (wrapper string, elements []string) {
	if strings.IndexByte(text, '[') < 0 {
		return "", nil
	}
	low := lower(text)
	open := openAggregate(low)
	if open < 0 {
		return "", nil
	}
	depth, start, end := 1, open+1, len(text)
	for i := start; i < len(text) && depth > 0; i++ {
		switch text[i] {
		case '[':
			depth++
		case ']':
			if depth--; depth == 0 {
				end = i
			}
		case ',':
			if depth == 1 && beginsError(strings.TrimLeft(low[i+1:], " ")) {
				elements = append(elements, strings.TrimSpace(text[start:i]))
				start = i + 1
			}
		}
	}
	if len(elements) == 0 {
		return "", nil // brackets around one error, or no aggregate at all
	}
	return text[:open], append(elements, strings.TrimSpace(text[start:end]))
}

// openAggregate finds the bracket that opens an aggregate, -1 when none does.
func openAggregate(low string) int {
	for from := 0; ; {
		i := strings.IndexByte(low[from:], '[')
		if i < 0 {
			return -1
		}
		if beginsError(low[from+i+1:]) {
			return from + i
		}
		from += i + 1
	}
}

// beginsError says whether a lower-case text begins like an error of a pull or
// of a pod's container.
func beginsError(low string) bool {
	for _, start := range [...]string{
		"rpc error:", "failed to ", "error response", "error reading", "error initializing", "error pulling", "error pinging",
		"error:", "api error", "reading ", "initializing source", "pinging ", "unable to ", "copying ", "writing ",
		"requesting bearer", "parsing image", "determining ", "unauthorized", "denied:", "manifest unknown", "manifest for",
		"pull access denied", "get https://", "get http://", `get "http`, `head "http`, "head http", "toomanyrequests",
		"pull qps", "context canceled", "context deadline", "net/http:", "source image rejected", "signaturevalidation",
		"image pull failed", "short-name", "no match", "choosing image", "get image config", "unexpected status", "no basic auth",
		"dial tcp", "x509:", "registryunavailable", "fetching ", "name unknown", "repository ",
	} {
		if strings.HasPrefix(low, start) {
			return true
		}
	}
	return false
}
