// Package slack is a Slack workspace to live in while no real one may be
// asked: people, channels and user groups, the part of the Web API that a bot
// uses, Socket Mode, modals, ephemeral messages, rate limits, and Slack's own
// refusals in Slack's own words.
//
// A [Workspace] is an [http.Handler] in parts: /api/METHOD is the Web API,
// /link the Socket Mode WebSocket, /response/ what response_url points to,
// /upload/ takes files, and /control/ is how a page or another process acts
// as a person, breaks things on purpose and watches. The same is here as Go
// methods: [Workspace.Command], [Workspace.Act], [Workspace.Submit], and so on.
// README.md beside this file documents /control/.
//
// What Slack does not document is a switch, with the stricter reading as the
// default: see [Switches].
package slack
