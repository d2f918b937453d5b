/**
 * Where a command takes histories from: the files that it was given, else the servers.
 * Entry ring.
 */
import { codecOf } from '../app/payload-keys';
import type { ReplaySource } from '../app/replay/replay';
import { liveSource } from '../app/replay/sources';
import type { Readers } from '../app/replay/today';
import {
  readHistoryFile,
  readingWith,
  shelfOf,
  type HistoryShelf,
  type HistorySource,
} from '../replay/history-source';
import { Complaint } from './complaint';
import type { CommandContext, CommonOptions } from './context';
import { textOfFile } from './files';
import { withServices } from './services';

export interface SourceOptions extends CommonOptions {
  readonly file?: readonly string[];
}

/** Histories from the files named, else from the servers. */
export async function withSource<T>(
  context: CommandContext,
  options: SourceOptions,
  work: (
    source: ReplaySource,
    at: { readonly histories: HistorySource; readonly readers?: Readers; readonly shelf?: HistoryShelf },
  ) => Promise<T>,
): Promise<T> {
  if (options.file !== undefined) {
    const shelf = await shelfFrom(options.file);
    const runs = readingWith(shelf, codecOf(context.settings));
    return work({ runs }, { histories: shelf, shelf });
  }
  return withServices(context, options, { starts: false }, (services) => {
    const { histories, ...source } = liveSource(services);
    return work(source, { histories, readers: services });
  });
}

/** One shelf of all the files; a history that does not name its outcome goes by the name of its file. */
async function shelfFrom(files: readonly string[]): Promise<HistoryShelf> {
  const held: (readonly [string, Awaited<ReturnType<HistoryShelf['histories']>>])[] = [];
  for (const file of files) {
    const content = await textOfFile(file);
    const shelf = readHistoryFile(content, file);
    if (!shelf.ok) throw new Complaint(`\`${file}\`: ${shelf.error}`, { code: 'REPLAY_FILE_MALFORMED' });
    for (const id of shelf.value.ids) held.push([id, await shelf.value.histories(id)]);
  }
  return shelfOf(held);
}
