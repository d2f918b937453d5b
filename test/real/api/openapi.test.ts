/** The OpenAPI document, judged by a linter of another house, and shown as a page that needs nothing from elsewhere. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { buildApi, type Api } from '../../../src/api/app';
import { doorOnly } from '../../kit/door';
import { openIssuer, type TokenIssuer } from '../../kit/tokens';

const ROOT = join(__dirname, '../../..');

let issuer: TokenIssuer;
let api: Api;

beforeAll(async () => {
  issuer = await openIssuer();
  api = await buildApi(doorOnly(issuer, []));
});
afterAll(async () => {
  await api.app.close();
  await issuer.close();
});

const read = async (url: string) => api.app.inject({ method: 'GET', url });

/** Every finding of the recommended rules, warnings among them. */
function lint(document: string): readonly string[] {
  const args = ['-r', './bench/embedded-register.cjs', 'scripts/lint-openapi.ts'];
  const run = spawnSync(process.execPath, args, { cwd: ROOT, input: document, encoding: 'utf8' });
  expect([run.status, run.stderr]).toEqual([0, '']);
  return run.stdout.split('\n').filter((line) => line !== '');
}

test('a linter of another house finds nothing in it', async () => {
  const { body } = await read('/openapi.json');
  expect(lint(body)).toEqual([]);
});

test('the linter would find what is wrong', async () => {
  const { body } = await read('/openapi.json');
  const broken = body.replace('"operationId":"listTasks"', '"operationId":"listOutcomes"');
  expect(lint(broken).join()).toContain('operation-operationId-unique');
});

test('the page is made of what is served here, and of nothing else', async () => {
  const page = await read('/docs');
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
  const parts = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, part = '']) => part);
  expect(parts.sort()).toEqual(['docs/page.css', 'docs/page.js', 'docs/start.js']);
  for (const part of parts) {
    const response = await read(`/${part}`);
    expect([part, response.statusCode, response.body.length > 100]).toEqual([part, 200, true]);
  }
  const policy = String(page.headers['content-security-policy']);
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self';");
  expect(policy).not.toMatch(/https?:/);
});
