package message

import "strings"

// status is an HTTP status that a text names.
type status struct {
	code     int
	from, to int
}

// httpStatus finds the first HTTP error status of a lower-case text. A number
// counts only beside its reason phrase ("503 service unavailable") or behind a
// word that announces one ("status code 503"), since texts are full of ports,
// sizes and versions. Docker's own "API error (500)" wraps every failure of a
// pull and is passed over.
func httpStatus(low string) status {
	for i := 0; i+3 <= len(low); i++ {
		if low[i] < '3' || low[i] > '5' || !alone(low, i) {
			continue
		}
		code := int(low[i]-'0')*100 + int(low[i+1]-'0')*10 + int(low[i+2]-'0')
		if hasReason(low[i+3:], code) || announced(low[:i]) {
			return status{code: code, from: i, to: i + 3}
		}
		i += 2
	}
	return status{}
}

// alone says whether a three-digit number starts here that is part of no longer
// one, of no address and of no name.
func alone(low string, i int) bool {
	if !digit(low[i+1]) || !digit(low[i+2]) {
		return false
	}
	if i > 0 && !strings.ContainsRune(` (="':[`, rune(low[i-1])) {
		return false
	}
	if i+3 == len(low) {
		return true
	}
	return strings.ContainsRune(` )"':,.;]<`, rune(low[i+3]))
}

func digit(b byte) bool { return b >= '0' && b <= '9' }

// hasReason says whether the status' own phrase follows the number.
func hasReason(after string, code int) bool {
	after = strings.TrimLeft(after, " -:(")
	for _, reason := range reasons(code) {
		if strings.HasPrefix(after, reason) {
			return true
		}
	}
	return false
}

func reasons(code int) []string {
	switch code {
	case 400:
		return []string{"bad request"}
	case 401:
		return []string{"unauthorized", "authorization required"}
	case 402:
		return []string{"payment required"}
	case 403:
		return []string{"forbidden"}
	case 404:
		return []string{"not found", "page not found"}
	case 405:
		return []string{"method not allowed", "not allowed"}
	case 407:
		return []string{"proxy auth"}
	case 408:
		return []string{"request time"}
	case 410:
		return []string{"gone"}
	case 412:
		return []string{"precondition failed"}
	case 416:
		return []string{"requested range", "range not"}
	case 429:
		return []string{"too many"}
	case 451:
		return []string{"unavailable for legal"}
	}
	return serverReasons(code)
}

func serverReasons(code int) []string {
	switch code {
	case 500:
		return []string{"internal server", "internal error"}
	case 501:
		return []string{"not implemented"}
	case 502:
		return []string{"bad gateway"}
	case 503:
		return []string{"service", "backend", "unavailable", "slow down", "temporarily"}
	case 504:
		return []string{"gateway time"}
	case 507:
		return []string{"insufficient storage"}
	}
	return nil
}

// announced says whether the words before a number announce an HTTP status.
func announced(before string) bool {
	before = strings.TrimRight(before, ` (="':[`)
	if strings.HasSuffix(before, "]") && strings.Contains(before, "status code [") {
		return true
	}
	if at := strings.LastIndex(before, "unexpected status"); at >= 0 && !strings.Contains(before[at:], ": ") {
		return true // containerd: "unexpected status from HEAD request to URL: 521 <none>"
	}
	for _, word := range [...]string{
		"status", "status code", "statuscode", "http code", "http", "error parsing http", "http error",
		"from registry", "response code", "http response", "status-code", "http_status", "http/1.1", "http/2.0",
	} {
		if strings.HasSuffix(before, word) {
			return true
		}
	}
	return false
}
