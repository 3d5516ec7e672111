// Package acr mints credentials for Azure Container Registry: it proves to
// Microsoft Entra who pullfix is, and exchanges the proof for a refresh token of
// the registry. ACR would exchange that for an access token of one repository,
// too, but that is no password: a kubelet could not use it.
package acr

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/pullfix/pullfix/registry/source/outbound"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/keyring"
)

// Source mints refresh tokens of one registry.
type Source struct {
	Host string
	// Tenant and ClientID choose an identity where there are several.
	Tenant, ClientID string
	// Authority replaces Entra's address, for other clouds; Endpoint the
	// registry's.
	Authority, Endpoint string
	Client              *http.Client
}

const (
	// user is what a registry calls the bearer of a refresh token.
	user = "00000000-0000-0000-0000-000000000000"
	// audience is the registry service, for which alone the proof counts.
	audience = "https://containerregistry.azure.net/.default"
	attempts = 1 // after the first
)

// wideToken says what nobody may overlook.
const wideToken = "It opens everything that this identity may do in the registry, not only these repositories; Azure cannot narrow a password down."

// Supply proves who pullfix is and exchanges the proof.
func (s Source) Supply(ctx context.Context, _ runbook.Need) (runbook.Supply, error) {
	ctx, cancel := context.WithTimeout(ctx, outbound.Within)
	defer cancel()
	identity, err := s.identity()
	if err != nil {
		return runbook.Supply{}, fmt.Errorf("finding out who pullfix is to Azure: %s", outbound.Quote(err.Error()))
	}
	proof, err := identity.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{audience}})
	switch {
	case ctx.Err() != nil:
		return runbook.Supply{}, fmt.Errorf("asking Entra: %w", ctx.Err())
	case err != nil:
		return runbook.Supply{}, refusal(err)
	}
	token, err := s.exchange(ctx, proof.Token)
	switch {
	case ctx.Err() != nil:
		return runbook.Supply{}, fmt.Errorf("exchanging the proof at %s: %w", s.Host, ctx.Err())
	case err != nil:
		return runbook.Supply{}, fmt.Errorf("exchanging the proof at %s: %w", s.Host, err)
	}
	c := keyring.Credential{User: user, Password: keyring.NewSecret(token)}
	return runbook.Supply{Credential: c, Expires: keyring.Expires(c), Wide: true, Opens: wideToken}, nil
}

// identity is the first that pullfix has: a service principal in the
// environment, a workload identity, the machine's managed identity. Programs of
// Azure's command line are not run.
func (s Source) identity() (azcore.TokenCredential, error) {
	options := azcore.ClientOptions{Transport: s.Client, Retry: policy.RetryOptions{MaxRetries: attempts}}
	private := s.Authority != ""
	if private {
		options.Cloud = cloud.Configuration{ActiveDirectoryAuthorityHost: s.Authority}
	}
	environment, err := azidentity.NewEnvironmentCredential(&azidentity.EnvironmentCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: private})
	if err == nil {
		return environment, nil
	}
	workload, err := azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
		ClientOptions: options, ClientID: s.ClientID, TenantID: s.Tenant, DisableInstanceDiscovery: private,
	})
	if err == nil {
		return workload, nil
	}
	managed := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: options}
	if s.ClientID != "" {
		managed.ID = azidentity.ClientID(s.ClientID)
	}
	return azidentity.NewManagedIdentityCredential(managed)
}

// entraCode is Entra's number of an error.
var entraCode = regexp.MustCompile(`AADSTS\d+`)

// refusal words an error of Entra, whose text holds the whole exchange.
func refusal(err error) error {
	text := err.Error()
	if code := entraCode.FindString(text); code != "" {
		return fmt.Errorf("refused by Entra: %s", code)
	}
	if failed, ok := errors.AsType[*azidentity.AuthenticationFailedError](err); ok && failed.RawResponse != nil {
		return fmt.Errorf("refused by Entra: %s", failed.RawResponse.Status)
	}
	// What follows the first sentence may be the answer itself.
	first, rest, _ := strings.Cut(text, "\n")
	if strings.HasSuffix(first, ":") {
		rest, _, _ = strings.Cut(rest, "\n")
		first += rest
	}
	return fmt.Errorf("asking Entra: %s", outbound.Quote(first))
}

var errNoToken = errors.New("it answered without a token")

// exchange gives the registry the proof for a refresh token.
func (s Source) exchange(ctx context.Context, proof string) (string, error) {
	form := url.Values{"grant_type": {"access_token"}, "service": {s.Host}, "access_token": {proof}}
	if s.Tenant != "" {
		form.Set("tenant", s.Tenant)
	}
	endpoint := s.Endpoint
	if endpoint == "" {
		endpoint = "https://" + s.Host
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint+"/oauth2/exchange", strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := s.Client.Do(request)
	if err != nil {
		return "", errors.New(outbound.Quote(err.Error(), proof))
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		RefreshToken string `json:"refresh_token"`
		Errors       []struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"errors"`
	}
	err = json.NewDecoder(response.Body).Decode(&answer)
	switch {
	case response.StatusCode != http.StatusOK && len(answer.Errors) > 0:
		return "", fmt.Errorf("%s: %s", response.Status, outbound.Quote(answer.Errors[0].Code+" "+answer.Errors[0].Message, proof))
	case response.StatusCode != http.StatusOK:
		return "", fmt.Errorf("it answered %s", response.Status)
	case err != nil || answer.RefreshToken == "":
		return "", errNoToken
	}
	return answer.RefreshToken, nil
}
