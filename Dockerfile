# Any image with Node 24 or newer and npm. Both stages use its node; the development dependency `node` is not needed.
ARG BASE=node:24-bookworm-slim

FROM ${BASE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No package that ships has an install script; the one that has is `node`, and the image brings its own.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN node node_modules/typescript/bin/tsc -p tsconfig.build.json && npm prune --omit=dev --ignore-scripts

FROM ${BASE}
ENV NODE_ENV=production
# In a container, loopback is reachable by nobody else.
ENV NEONWATCH_HTTP_LISTEN=0.0.0.0:9795
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json LICENSE ./
# By number, so that Kubernetes can see that it is not root, and that any base will do.
USER 10001:10001
EXPOSE 9795
# A slim image has no curl.
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.NEONWATCH_HTTP_LISTEN.split(':').pop()}/-/healthy`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--max-semi-space-size=4", "dist/cli/main.js"]
CMD ["serve"]
