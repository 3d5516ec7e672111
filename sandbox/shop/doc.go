// Package shop is the world of the demonstration: a small company with a Slack
// workspace, a cluster with a node, and registries that are called like real
// ones. More than a dozen of its workloads cannot pull their images, each for
// another reason, and as many further ones as one likes share an expired token.
//
// Nothing of it leaves the machine: everything listens on loopback, and the
// names of the registries lead nowhere else.
package shop
