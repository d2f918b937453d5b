/**
 * The workflows' bundle, made once for each build and kept beside the programs: making it is most of what a robot's start
 * costs (two of its four seconds of processor time).
 * Entry ring. A cache that can't be read or written is no cache, and nothing else.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { bundleWorkflows, workflowsFile, type WorkflowBundle } from '../temporal/worker';
import type { Settings } from './settings';

/** Everything that the bundle is made from, beside the SDK; a test holds the list of its modules. */
const SOURCES = ['workflows', 'src/kernel', 'src/plan', 'src/engine', 'src/governance'];
const SDK = ['@temporalio/worker', '@temporalio/workflow'];

/** Where the cache is, and the package with its dependencies. */
export type BundlePlaces = Pick<Settings, 'home' | 'standDir'>;

/** The bundle of the workflows as they are now, from the cache where it is there. */
export async function workflowBundle(settings: BundlePlaces): Promise<WorkflowBundle> {
  const file = join(settings.standDir, 'cache', `workflows-${await digestOfSources(settings)}.js`);
  try {
    return { code: await readFile(file, 'utf8') };
  } catch {
    const bundle = await bundleWorkflows();
    await keep(file, bundle.code).catch(() => undefined);
    return bundle;
  }
}

/** Written beside its place and moved there, so that a reader finds all of it or nothing. */
async function keep(file: string, code: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, code);
  await rename(draft, file);
}

async function digestOfSources(settings: BundlePlaces): Promise<string> {
  const root = dirname(dirname(workflowsFile()));
  const names = (
    await Promise.all(
      SOURCES.map(async (folder) =>
        (await readdir(join(root, folder), { recursive: true }))
          .filter((name) => /\.[jt]s$/.test(name) && !name.endsWith('.d.ts'))
          .map((name) => join(root, folder, name)),
      ),
    )
  ).flat();
  const manifests = SDK.map((name) => join(settings.home, 'node_modules', name, 'package.json'));
  const hash = createHash('sha256');
  for (const file of [...names, ...manifests].sort()) {
    hash
      .update(`${file.slice(root.length)}\0`)
      .update(await readFile(file).catch(() => ''))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}
