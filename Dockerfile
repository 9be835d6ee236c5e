# Build: compile to JavaScript and keep only what runs.
FROM node:26-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev

# Run: a base system, the node binary and the compiled program; no npm, no compiler.
FROM debian:trixie-slim
RUN apt-get update \
  && apt-get install --no-install-recommends -y ca-certificates iproute2 libatomic1 libstdc++6 \
  && rm -rf /var/lib/apt/lists/* \
  && useradd --system --uid 10001 --home-dir /var/lib/swarm --create-home swarm
COPY --from=build /usr/local/bin/node /usr/local/bin/node
WORKDIR /opt/swarm
COPY --from=build /src/package.json ./
COPY --from=build /src/node_modules ./node_modules
COPY --from=build /src/examples ./examples
COPY --from=build /src/manifests/templates ./manifests/templates
COPY --from=build /src/patches ./patches
COPY --from=build /src/swarm/daemon/page ./swarm/daemon/page
COPY --from=build /src/dist ./dist
USER 10001
WORKDIR /var/lib/swarm
EXPOSE 5566
ENTRYPOINT ["node", "/opt/swarm/dist/swarm/main.js"]
# Beyond loopback a token is demanded. It is made at the first start; mount another file there, or read it with
#   docker exec CONTAINER cat /var/lib/swarm/token
CMD ["serve", "--listen", "0.0.0.0:5566", "--token-file", "/var/lib/swarm/token"]
