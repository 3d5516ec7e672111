# pullfix as one static program: no shell, no root, nothing writable but the
# journal. make image builds the same without a container engine.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/pullfix ./cmd/pullfix \
 && install -d -m 0700 /out/journal

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/pullfix /pullfix
COPY --from=build --chown=65532:65532 --chmod=0700 /out/journal /var/lib/pullfix
USER 65532:65532
WORKDIR /var/lib/pullfix
VOLUME /var/lib/pullfix
EXPOSE 8080
# Run it with a read-only root: docker run --read-only -v journal:/var/lib/pullfix …
ENTRYPOINT ["/pullfix"]
