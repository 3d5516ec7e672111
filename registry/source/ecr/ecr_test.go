package ecr_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pullfix/pullfix/registry/source/ecr"
	"github.com/pullfix/pullfix/registry/source/sourcetest"
	"github.com/pullfix/pullfix/runbook"
)

const (
	host = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
	role = "arn:aws:iam::123456789012:role/pullfix-pull"
)

// aws is a stand-in of two services of AWS.
type aws struct {
	token  http.HandlerFunc // GetAuthorizationToken; nil gives a token
	assume http.HandlerFunc // AssumeRole; nil gives a session
	asked  []string
	form   url.Values // of AssumeRole
	signed string     // whose key signed the last request
}

func (a *aws) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, a.signed, _ = strings.Cut(r.Header.Get("Authorization"), "Credential=")
	a.signed, _, _ = strings.Cut(a.signed, "/")
	if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".GetAuthorizationToken") {
		a.asked = append(a.asked, "GetAuthorizationToken")
		or(a.token, giveToken("AWS:"+sourcetest.Marker))(w, r)
		return
	}
	text, _ := io.ReadAll(r.Body)
	a.form, _ = url.ParseQuery(string(text))
	a.asked = append(a.asked, a.form.Get("Action"))
	or(a.assume, giveSession)(w, r)
}

func or(h, otherwise http.HandlerFunc) http.HandlerFunc {
	if h == nil {
		return otherwise
	}
	return h
}

var ends = time.Now().Add(12 * time.Hour).Truncate(time.Second)

func giveToken(plain string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		_, _ = fmt.Fprintf(w, `{"authorizationData":[{"authorizationToken":%q,"expiresAt":%d,"proxyEndpoint":"https://%s"}]}`,
			base64.StdEncoding.EncodeToString([]byte(plain)), ends.Unix(), host)
	}
}

func giveSession(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/xml")
	_, _ = fmt.Fprintf(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>ASIASESSION</AccessKeyId><SecretAccessKey>x</SecretAccessKey><SessionToken>y</SessionToken><Expiration>%s</Expiration>
</Credentials><AssumedRoleUser><Arn>%s</Arn><AssumedRoleId>z</AssumedRoleId></AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>`,
		ends.UTC().Format(time.RFC3339), role)
}

func say(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
}

// source asks the stand-in, as somebody with keys in the environment.
func source(t *testing.T, a *aws) ecr.Source {
	t.Helper()
	sourcetest.Alone(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAPULLFIX")
	t.Setenv("AWS_SECRET_ACCESS_KEY", sourcetest.Marker)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	address := sourcetest.Serve(t, a.ServeHTTP)
	return ecr.Source{Host: host, Endpoint: address, STSEndpoint: address}
}

func TestToken(t *testing.T) {
	a := &aws{}
	s, err := source(t, a).Supply(t.Context(), runbook.Need{Host: host})
	if err != nil {
		t.Fatal(err)
	}
	if s.Credential.User != "AWS" || s.Credential.Password.Reveal() != sourcetest.Marker || !s.Expires.Equal(ends) {
		t.Errorf("supply %+v", s)
	}
	if !s.Wide || !strings.Contains(s.Opens, "everything in ECR that pullfix may read") {
		t.Errorf("wide %t: %s", s.Wide, s.Opens)
	}
	if a.signed != "AKIAPULLFIX" || len(a.asked) != 1 {
		t.Errorf("asked %v as %s", a.asked, a.signed)
	}
}

// TestTokenCutDown: the role's session may do no more than pull from the
// configured repositories, and the token comes from that session.
func TestTokenCutDown(t *testing.T) {
	a := &aws{}
	from := source(t, a)
	from.Role, from.ExternalID, from.Repositories = role, "pullfix-42", []string{"acme/*", "base/**"}
	s, err := from.Supply(t.Context(), runbook.Need{Host: host})
	if err != nil {
		t.Fatal(err)
	}
	if s.Wide || !strings.Contains(s.Opens, "acme/*, base/**") || a.signed != "ASIASESSION" {
		t.Errorf("wide %t: %s, as %s", s.Wide, s.Opens, a.signed)
	}
	if a.form.Get("RoleArn") != role || a.form.Get("ExternalId") != "pullfix-42" || a.form.Get("DurationSeconds") != "900" {
		t.Errorf("assumed %v", a.form)
	}
	var policy struct {
		Statement []struct {
			Effect           string
			Action, Resource any
		}
	}
	if err := json.Unmarshal([]byte(a.form.Get("Policy")), &policy); err != nil {
		t.Fatal(err)
	}
	const arn = "arn:aws:ecr:eu-west-1:123456789012:repository/"
	if got := fmt.Sprint(policy.Statement[1].Resource); got != "["+arn+"acme/* "+arn+"base/*]" {
		t.Errorf("resources %s", got)
	}
	if got := fmt.Sprint(policy.Statement); strings.Contains(got, "Put") || strings.Contains(got, "ecr:*") {
		t.Errorf("more than pulls: %s", got)
	}
}

func TestAWSSaysNo(t *testing.T) {
	tests := map[string]struct {
		aws  aws
		role string
		says string
	}{
		"forbidden":     {aws{token: say(400, `{"__type":"AccessDeniedException","message":"not authorized to perform: ecr:GetAuthorizationToken"}`)}, "", "ECR GetAuthorizationToken: AccessDeniedException: not authorized"},
		"role":          {aws{assume: say(403, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>not authorized to perform: sts:AssumeRole</Message></Error></ErrorResponse>`)}, role, "STS AssumeRole: AccessDenied: not authorized"},
		"not JSON":      {aws{token: say(200, "<html>"+sourcetest.Marker)}, "", "ECR GetAuthorizationToken"},
		"nothing":       {aws{token: say(200, `{"authorizationData":[]}`)}, "", "without a token"},
		"empty token":   {aws{token: say(200, `{"authorizationData":[{}]}`)}, "", "without a token"},
		"no base64":     {aws{token: say(200, `{"authorizationData":[{"authorizationToken":"`+sourcetest.Marker+`"}]}`)}, "", "not base64"},
		"no colon":      {aws{token: giveToken(sourcetest.Marker)}, "", "not base64 of AWS:password"},
		"out of order":  {aws{token: say(503, `{"message":"later"}`)}, "", "ECR GetAuthorizationToken"},
		"endless":       {aws{token: sourcetest.Endless}, "", "does not end"},
		"endless error": {aws{assume: func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(500); sourcetest.Endless(w, r) }}, role, "STS AssumeRole"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			from := source(t, &test.aws)
			from.Role = test.role
			_, err := from.Supply(t.Context(), runbook.Need{Host: host})
			sourcetest.Refused(t, err, test.says)
		})
	}
}

func TestSlowAWSIsCut(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := source(t, &aws{token: sourcetest.Slow}).Supply(ctx, runbook.Need{Host: host})
	sourcetest.Refused(t, err, "exceeded") // the deadline, whoever noticed it first
}

// TestNobody: a machine without any identity says so.
func TestNobody(t *testing.T) {
	from := source(t, &aws{})
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	_, err := from.Supply(t.Context(), runbook.Need{Host: host})
	sourcetest.Refused(t, err, "get credentials")
}

func TestRegion(t *testing.T) {
	t.Parallel()
	for name, region := range map[string]string{
		host: "eu-west-1", "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn": "cn-north-1",
		"123456789012.dkr-ecr.us-east-2.on.aws": "us-east-2", "registry.example.com": "",
	} {
		if got := ecr.Region(name); got != region {
			t.Errorf("%s: %s", name, got)
		}
	}
	_, err := ecr.Source{Host: "registry.example.com"}.Supply(t.Context(), runbook.Need{})
	sourcetest.Refused(t, err, "no region")
}

func TestCanCutDown(t *testing.T) {
	t.Parallel()
	for pattern, can := range map[string]bool{"acme/*": true, "acme/**": true, "acme/app-?": true, "*": false, "acme/[ab]": false, `acme/\*`: false} {
		if why := ecr.CanCutDown([]string{"base/os", pattern}); (why == "") != can {
			t.Errorf("%s: %q", pattern, why)
		}
	}
}
