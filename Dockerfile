# syntax=docker/dockerfile:1

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=devel
# On amd64 with vector instructions, docs/adr/0013.
RUN [ "$(go env GOARCH)" != amd64 ] || export GOEXPERIMENT=simd; CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/micodb ./cmd/micodb
RUN mkdir -p /out/data

# Nothing but the binary: no shell, no package manager. The root may be read-only; only /data is written.
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/micodb /usr/bin/micodb
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
VOLUME /data
EXPOSE 8815 8816 3456
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s CMD ["/usr/bin/micodb", "healthcheck", "--data-dir", "/data"]
ENTRYPOINT ["/usr/bin/micodb"]
CMD ["serve", "--data-dir", "/data", "--bind-addr", "0.0.0.0", "--tls", "auto"]
