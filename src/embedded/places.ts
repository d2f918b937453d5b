/** Where a stand's data and the cache of programs are. Adapter ring. */
import { constants, existsSync } from 'node:fs';
import { access, mkdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { asStandError } from './stand-error';
import type { Places } from './stand-types';

export interface StandPlaces {
  readonly name: string;
  readonly dir: string;
  readonly dataDir: string;
  readonly cacheDir: string;
}

/** Names the places without touching the disk. Throws a `RangeError` for a name that could leave the folder. */
export function placesOf(options: Pick<Places, 'dir'> & { readonly name?: string }): StandPlaces {
  const name = options.name ?? 'default';
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(name)) {
    throw new RangeError(`\`${name}\` is no name for a stand: use lower-case letters, digits and \`-\``);
  }
  const dir = path.resolve(options.dir ?? path.join(projectFolder(process.cwd()), '.backstep'));
  return { name, dir, dataDir: path.join(dir, 'data', name), cacheDir: path.join(dir, 'cache') };
}

/** Creates the folders, and returns real paths: servers are recognised by the path in their command line. */
export async function createPlaces(
  options: Pick<Places, 'dir'> & { readonly name?: string },
): Promise<StandPlaces> {
  const places = placesOf(options);
  try {
    await mkdir(places.dataDir, { recursive: true });
    return placesOf({ name: places.name, dir: await realpath(places.dir) });
  } catch (error) {
    // On a read-only disk a recursive `mkdir` speaks of a missing file; asking for the right to write tells the truth.
    const refusal = await access(nearestExisting(places.dataDir), constants.W_OK).catch(
      (reason: unknown) => reason,
    );
    throw asStandError(refusal ?? error, places.dir);
  }
}

/** The folder itself, or the nearest one above it that exists. */
export function nearestExisting(folder: string): string {
  return existsSync(folder) ? folder : nearestExisting(path.dirname(folder));
}

/** The nearest folder with a `package.json`, from `from` upwards; `from` itself where there is none. */
function projectFolder(from: string): string {
  for (let folder = from; ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, 'package.json'))) return folder;
    if (folder === path.dirname(folder)) return from;
  }
}
