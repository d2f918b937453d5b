/**
 * Lints an OpenAPI document from standard input with the recommended rules of Redocly, and prints what it finds, a finding a line
 * as JSON. A process of its own, because the linter is an ES module.
 */
import { text } from 'node:stream/consumers';
import { createConfig, lintFromString } from '@redocly/openapi-core';

async function main(): Promise<void> {
  const source = await text(process.stdin);
  const config = await createConfig({ extends: ['recommended'] });
  const found = await lintFromString({ source, absoluteRef: 'openapi.json', config });
  for (const { ruleId, message, severity, location } of found) {
    process.stdout.write(`${JSON.stringify({ ruleId, message, severity, at: location[0]?.pointer })}\n`);
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
