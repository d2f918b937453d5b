/**
 * One YAML text as plain data, with the line of every value. YAML 1.2 core schema: `no` is a text, `on` is a text.
 * Authoring ring: texts come in, nothing is read from a disk.
 */
import {
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  Parser,
  visit,
  type CST,
  type Document,
  type Node,
  type Pair,
} from 'yaml';
import { reaches } from '../kernel/depth';
import type { Diagnostic } from '../kernel/diagnostic';
import { keptText } from '../kernel/json';
import { err, ok, type Result } from '../kernel/result';
import { CONFIG_LIMITS } from './limits';

/** A file as given by whoever may read files; `path` is relative to the folder that holds `config/`. */
export interface ConfigFile {
  readonly path: string;
  readonly text: string;
}

export type Path = readonly PropertyKey[];

export interface YamlFile {
  readonly path: string;
  readonly value: unknown;
  /** `file:line` of the value at a path, or of the nearest value around it that exists. */
  readonly at: (path: Path) => string;
}

/** Reads one file. Errors: `CONFIG_YAML`, `CONFIG_TOO_LARGE`. */
export function readYaml(file: ConfigFile): Result<YamlFile, readonly Diagnostic[]> {
  if (file.text.length > CONFIG_LIMITS.fileLength) {
    const message = `${file.text.length} characters are more than ${CONFIG_LIMITS.fileLength}`;
    return err([{ code: 'CONFIG_TOO_LARGE', at: file.path, message, help: 'split the file' }]);
  }
  if (isDeeperThan(CONFIG_LIMITS.yamlDepth, file.text)) {
    const message = `it is nested more than ${CONFIG_LIMITS.yamlDepth} deep`;
    return err([
      { code: 'CONFIG_YAML', at: `${file.path}:1`, message, help: 'no setting is nested like that' },
    ]);
  }
  const lines = new LineCounter();
  const document = parseDocument(file.text, {
    ...{ lineCounter: lines, prettyErrors: false, stringKeys: true },
    // The library compares each key with every other; a file of many would keep it busy for seconds.
    uniqueKeys: false,
  });
  // A warning is about a tag that would be ignored, and what is ignored in silence is a mistake.
  const mistakes = [...document.errors, ...document.warnings, ...repeatedKeys(document)];
  if (mistakes.length > 0) {
    return err(
      mistakes.map((mistake) => ({
        code: 'CONFIG_YAML',
        at: `${file.path}:${lines.linePos(mistake.pos[0]).line}`,
        message: lowerFirst(mistake.message.replace(/\.$/, '')),
      })),
    );
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    // The library throws for aliases that multiply out, and for nothing else once the document parsed.
    const message = error instanceof Error ? lowerFirst(error.message) : 'cannot be read';
    return err([{ code: 'CONFIG_YAML', at: `${file.path}:1`, message }]);
  }
  if (isCircular(value)) {
    const message = 'an alias stands inside of what it names';
    return err([{ code: 'CONFIG_YAML', at: `${file.path}:1`, message }]);
  }
  const at = (path: Path): string => {
    const offset = offsetOf(document.contents, path);
    return `${file.path}:${offset === undefined ? 1 : lines.linePos(offset).line}`;
  };
  const odd = pathToOdd(value);
  if (odd !== undefined) {
    const message = `\`${odd.map(String).join('.')}\` holds half of a surrogate pair, or a number that JSON has not`;
    return err([{ code: 'CONFIG_YAML', at: at(odd), message }]);
  }
  return ok({ path: file.path, value, at });
}

/** Keys that stand in their map already. */
function repeatedKeys(document: Document): readonly { readonly message: string; readonly pos: [number] }[] {
  const repeated: { readonly message: string; readonly pos: [number] }[] = [];
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<string>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        const name = String(key.value);
        if (seen.has(name)) repeated.push({ message: 'Map keys must be unique', pos: [key.range?.[0] ?? 0] });
        seen.add(name);
      }
    },
  });
  return repeated;
}

/** Where the first text or number stands that has no JSON: YAML has escapes for both. */
function pathToOdd(value: unknown): Path | undefined {
  const isOdd = (one: unknown): boolean =>
    typeof one === 'string' ? /\p{Surrogate}/u.test(one) : typeof one === 'number' && !Number.isFinite(one);
  if (isOdd(value)) return [];
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [name, inner] of Object.entries(value)) {
    const path = isOdd(name) ? [] : pathToOdd(inner);
    if (path !== undefined) return [keptText(name), ...path];
  }
  return undefined;
}

/** Whoever walks such a value never comes to an end. */
function isCircular(value: unknown): boolean {
  try {
    JSON.stringify(value);
    return false;
  } catch {
    return true;
  }
}

/** Whether collections stand so deep inside each other. What composes a document calls itself, and a tower ends the process. */
const isDeeperThan = (most: number, text: string): boolean =>
  reaches<CST.Token | null | undefined>(most + 1, [...new Parser().parse(text)], (token) => {
    if (token?.type === 'document') return [token.value];
    return token != null && 'items' in token ? token.items.flatMap(({ key, value }) => [key, value]) : [];
  });

/** Offset of the key, or the list element, that the path ends at; of the last one that exists where it ends nowhere. */
function offsetOf(root: Node | null, path: Path): number | undefined {
  let node: unknown = root;
  let offset = root?.range?.[0];
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => keyOf(item) === String(step));
      if (pair === undefined) break;
      if (isScalar(pair.key) && pair.key.range) offset = pair.key.range[0];
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      const start = (node as Node | undefined)?.range?.[0];
      if (start === undefined) break;
      offset = start;
    } else break;
  }
  return offset;
}

const keyOf = (item: Pair): string | undefined =>
  isPair(item) && isScalar(item.key) ? String(item.key.value) : undefined;

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
