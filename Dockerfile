# The image of every robot and command: `docker build .`, then `node bin/backstep.js …`.
# Debian rather than Alpine, because Temporal's native worker core needs glibc.
FROM node:20.19.5-bookworm-slim AS build
WORKDIR /backstep
COPY package.json package-lock.json .npmrc ./
# Sources come after the packages, so that a change of code does not fetch them again.
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:20.19.5-bookworm-slim
ENV NODE_ENV=production
WORKDIR /backstep
COPY --from=build --chown=node:node /backstep/package.json ./
COPY --from=build --chown=node:node /backstep/node_modules ./node_modules
COPY --from=build --chown=node:node /backstep/bin ./bin
COPY --from=build --chown=node:node /backstep/dist ./dist
COPY --from=build --chown=node:node /backstep/migrations ./migrations
COPY --from=build --chown=node:node /backstep/config ./config
USER node
CMD ["node", "bin/backstep.js", "worker"]
