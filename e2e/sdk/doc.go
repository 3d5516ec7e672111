// Package sdk lets Slack's own SDKs judge what we made of Slack: Bolt, the
// Socket Mode client and the Web API client run scenarios against sandbox/slack,
// and their TypeScript types check what the sandbox sends, what the bot posts
// and the app's manifest. Nothing of that was written here, so it can disagree.
//
// The tests need Node 20 and npm, and want the build tag sdk: make sdk. The
// first run installs the SDKs, of exactly the versions that scripts/ pins, into
// the user's cache directory.
package sdk
