package registry

// RefuseTunnel is what the Prober's transports do with a proxy's answer.
var RefuseTunnel = refuseTunnel
