/**
 * A server that speaks the protocol of S3 with versions and object lock, on a port of its own: moto, installed from wheels whose
 * checksums stand in `s3-requirements.txt`.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { findPythonTool, pythonEnv } from './python-tool';
import { until } from './until';

export interface S3Server {
  /** `http://127.0.0.1:<port>` */
  readonly endpoint: string;
  /** Makes a bucket with object lock; what `BACKSTEP_ARCHIVE` would name. */
  bucket(name: string): Promise<string>;
  readonly client: S3Client;
  close(): Promise<void>;
}

const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' } as const;

/** Throws where it cannot be had here. Processes of this test find its credentials in the environment. */
export async function openS3Server(): Promise<S3Server> {
  const tool = await findPythonTool('moto', path.join(__dirname, 's3-requirements.txt'));
  if (!tool.isHere) throw new Error(`moto cannot be had: ${tool.why}`);
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const args = ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)];
  const child = spawn(tool.python, args, { env: pythonEnv(tool.folder), stdio: 'ignore' });
  process.env['AWS_ACCESS_KEY_ID'] = CREDENTIALS.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = CREDENTIALS.secretAccessKey;
  const client = new S3Client({
    ...{ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: CREDENTIALS },
  });
  const answers = (): Promise<boolean> =>
    fetch(endpoint).then(
      () => true,
      () => false,
    );
  await until(answers, (isUp) => isUp || child.exitCode !== null, { withinMs: 60_000, everyMs: 100 });
  return {
    endpoint,
    client,
    bucket: async (name) => {
      await client.send(new CreateBucketCommand({ Bucket: name, ObjectLockEnabledForBucket: true }));
      return `s3://${name}/histories?region=us-east-1&endpoint=${encodeURIComponent(endpoint)}`;
    },
    close: async () => {
      client.destroy();
      await ended(child);
    },
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const over = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await over;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
