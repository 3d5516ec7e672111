// Package ecr mints credentials for Amazon ECR, as whoever the AWS SDK finds
// pullfix to be: a pod identity, a role of the node, keys in the environment.
// With a role to assume it cuts them down to the configured repositories.
package ecr

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/pullfix/pullfix/registry/source/outbound"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/keyring"
)

// Source mints ECR authorization tokens.
type Source struct {
	Host   string // the registry
	Region string // "" for the one in the host's name
	// Role is assumed when it is not empty. ExternalID is what its trust policy
	// may ask for.
	Role, ExternalID string
	// Repositories are the patterns that the token is cut down to, which takes a
	// role; nil leaves it as wide as the identity.
	Repositories []string
	// Endpoint and STSEndpoint replace AWS's own addresses.
	Endpoint, STSEndpoint string
}

// attempts bounds how often one request is sent.
const attempts = 2

var errNoRegion = errors.New("no region: it is not in the registry's name, so it has to be configured")

// Supply asks AWS for a token.
func (s Source) Supply(ctx context.Context, _ runbook.Need) (runbook.Supply, error) {
	ctx, cancel := context.WithTimeout(ctx, outbound.Within)
	defer cancel()
	region := s.region()
	if region == "" {
		return runbook.Supply{}, errNoRegion
	}
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(region), config.WithRetryMaxAttempts(attempts))
	if err != nil {
		return runbook.Supply{}, fmt.Errorf("finding out who pullfix is to AWS: %s", outbound.Quote(err.Error()))
	}
	if cfg.HTTPClient == nil { // the SDK's own, unless the environment names authorities
		cfg.HTTPClient = awshttp.NewBuildableClient()
	}
	cfg.HTTPClient = outbound.Bounded(cfg.HTTPClient)
	if s.Role != "" {
		if cfg.Credentials, err = s.assumed(cfg); err != nil {
			return runbook.Supply{}, err
		}
	}
	client := ecr.NewFromConfig(cfg, func(o *ecr.Options) { o.BaseEndpoint = optional(s.Endpoint) })
	answer, err := client.GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{})
	if err != nil {
		return runbook.Supply{}, refusal(ctx, err)
	}
	return s.read(answer)
}

// refusal words an error of AWS.
func refusal(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("asking AWS: %w", ctx.Err())
	}
	asked := "AWS"
	// The innermost operation is the one that failed: AssumeRole, not the one
	// that wanted the role.
	for inner := err; ; {
		operation, ok := errors.AsType[*smithy.OperationError](inner)
		if !ok {
			break
		}
		asked, inner = operation.Service()+" "+operation.Operation(), operation.Err
	}
	if refused, ok := errors.AsType[smithy.APIError](err); ok {
		return fmt.Errorf("%s: %s: %s", asked, refused.ErrorCode(), outbound.Quote(refused.ErrorMessage()))
	}
	return fmt.Errorf("%s: %s", asked, outbound.Quote(err.Error()))
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return aws.String(text)
}

// What is wrong with an answer. None of it is quoted.
var (
	errNoToken  = errors.New("ECR answered without a token")
	errNotToken = errors.New("ECR answered with a token that is not base64 of AWS:password")
)

func (s Source) read(answer *ecr.GetAuthorizationTokenOutput) (runbook.Supply, error) {
	if len(answer.AuthorizationData) == 0 {
		return runbook.Supply{}, errNoToken
	}
	given := answer.AuthorizationData[0]
	token := aws.ToString(given.AuthorizationToken)
	if token == "" {
		return runbook.Supply{}, errNoToken
	}
	decoded, err := base64.StdEncoding.DecodeString(token)
	user, password, found := strings.Cut(string(decoded), ":")
	if err != nil || !found || user == "" || password == "" {
		return runbook.Supply{}, errNotToken
	}
	c := keyring.Credential{User: user, Password: keyring.NewSecret(password)}
	supply := runbook.Supply{Credential: c, Expires: given.ExpiresAt, Wide: s.Repositories == nil, Opens: s.opens()}
	if supply.Expires == nil {
		supply.Expires = keyring.Expires(c)
	}
	return supply, nil
}

func (s Source) opens() string {
	who := "pullfix"
	if s.Role != "" {
		who = "the role " + s.Role
	}
	if s.Repositories == nil {
		return "It opens everything in ECR that " + who + " may read, in every account, not only these repositories."
	}
	return "It opens pulls from " + strings.Join(s.Repositories, ", ") + " on " + s.Host + ", as far as " + who + " may."
}

// assumed is the role, cut down where that is configured.
func (s Source) assumed(cfg aws.Config) (aws.CredentialsProvider, error) {
	policy, err := s.policy()
	if err != nil {
		return nil, err
	}
	client := sts.NewFromConfig(cfg, func(o *sts.Options) { o.BaseEndpoint = optional(s.STSEndpoint) })
	return aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(client, s.Role, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = "pullfix"
		o.ExternalID = optional(s.ExternalID)
		o.Policy = optional(policy)
		o.Duration = shortest
	})), nil
}

// shortest is the shortest session that AWS gives. It only has to last until the
// token is minted, whose own life is another.
const shortest = 15 * time.Minute

// statement is one statement of an IAM policy.
type statement struct {
	Effect, Action, Resource any
}

// policy is the session policy that cuts the role down to pulls from the
// repositories: what a session may do is what both the role and it allow. An
// authorization token may do what the session that asked for it may.
func (s Source) policy() (string, error) {
	if s.Repositories == nil {
		return "", nil
	}
	resources := make([]string, 0, len(s.Repositories))
	for _, pattern := range s.Repositories {
		resources = append(resources, s.arn(pattern))
	}
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []statement{
		{"Allow", "ecr:GetAuthorizationToken", "*"},
		{"Allow", []string{"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"}, resources},
	}})
	if err != nil {
		return "", fmt.Errorf("writing the session policy: %w", err)
	}
	return string(text), nil
}

// hostForm is a registry of ECR: account, region, domain.
var hostForm = regexp.MustCompile(`^(\d{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.(.+)$`)

func (s Source) region() string {
	if s.Region != "" {
		return s.Region
	}
	if parts := hostForm.FindStringSubmatch(s.Host); parts != nil {
		return parts[2]
	}
	return ""
}

// arn names the repositories of a pattern to IAM, whose * crosses slashes.
func (s Source) arn(pattern string) string {
	account, partition := "*", "aws"
	if parts := hostForm.FindStringSubmatch(s.Host); parts != nil {
		account = parts[1]
	}
	switch region := s.region(); {
	case strings.HasPrefix(region, "cn-"):
		partition = "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		partition = "aws-us-gov"
	}
	return "arn:" + partition + ":ecr:" + s.region() + ":" + account + ":repository/" + strings.ReplaceAll(pattern, "**", "*")
}

// Region tells the region in a registry's name, "" when there is none.
func Region(host string) string { return Source{Host: host}.region() }

// CanCutDown says why IAM could not express the patterns, "" when it can.
func CanCutDown(repositories []string) string {
	for _, pattern := range repositories {
		switch {
		case pattern == "*":
			return `repositories: ["*"] is no bound that ECR could cut a token down to`
		case strings.ContainsAny(pattern, `[]\`):
			return fmt.Sprintf("IAM knows * and ? only, so ECR cannot cut a token down to %q", pattern)
		}
	}
	return ""
}
