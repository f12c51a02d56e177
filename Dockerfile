# One image with the three commands. docker-compose.yml runs the demo's town with a prober and a collector in it.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends npm && make axe htmx
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o /out/ ./cmd/...

FROM debian:bookworm-slim
# ca-certificates: the roots for real mail servers. Chrome: the website channel. sox and what asterisk speaks and plays: the town's
# telephones. The health checks use bash and the commands themselves.
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends ca-certificates \
	chromium-headless-shell fonts-liberation fonts-dejavu-core \
	sox libsox-fmt-all asterisk-core-sounds-fr-wav asterisk-prompt-fr-armelle asterisk-moh-opsound-wav && rm -rf /var/lib/apt/lists/* \
	&& useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin sonde \
	&& install -d -o sonde -g sonde -m 0700 /var/lib/sonde
COPY --from=build /out/ /usr/local/bin/
USER sonde
WORKDIR /var/lib/sonde
VOLUME /var/lib/sonde
CMD ["prober", "-h"]
