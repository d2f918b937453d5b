/**
 * CloudEvents 1.0 in structured JSON mode: from whatever was sent to an event of known shape, or everything that is wrong
 * with it.
 * Authoring ring: pure. Binary mode is the HTTP door's business; it builds the same object and calls this.
 * @source CloudEvents 1.0.2, JSON Event Format 1.0.2
 */
import { reaches } from '../kernel/depth';
import { didYouMean, type Diagnostic } from '../kernel/diagnostic';
import type { DiagnosticCode } from '../kernel/catalogue';
import { canonicalJson, type Json, type JsonObject } from '../kernel/json';
import { err, ok, type Result } from '../kernel/result';
import { EVENT_LIMITS } from './limits';
import { holdsNul } from './storable';

export interface CloudEvent {
  readonly specversion: '1.0';
  /** Unique per source. */
  readonly id: string;
  /** URI-reference of the context in which it happened. */
  readonly source: string;
  readonly type: string;
  readonly subject?: string;
  /** RFC 3339 instant. */
  readonly time?: string;
  readonly datacontenttype?: string;
  readonly dataschema?: string;
  /** `null` where the event has none. */
  readonly data: Json;
  /** Attributes beyond the standard's, by name. */
  readonly extensions: { readonly [name: string]: string | number | boolean };
}

const REQUIRED = ['specversion', 'id', 'source', 'type'] as const;
const OPTIONAL = ['subject', 'time', 'datacontenttype', 'dataschema'] as const;
const KNOWN: readonly string[] = [...REQUIRED, ...OPTIONAL, 'data', 'data_base64'];

/** Reads one event. Errors, all at once: `EVENT_MALFORMED`, `EVENT_TOO_LARGE`, `EVENT_ATTRIBUTE_MISSING|INVALID`. */
export function parseCloudEvent(sent: unknown): Result<CloudEvent, readonly Diagnostic[]> {
  if (typeof sent !== 'object' || sent === null || Array.isArray(sent)) {
    return err([mistake('EVENT_MALFORMED', 'event', 'an event is a JSON object in structured mode')]);
  }
  const object = sent as Readonly<Record<string, unknown>>;
  const shape = shapeMistakes(object);
  if (shape.length > 0) return err(shape);
  const found = [
    ...missing(object),
    ...wrongValues(object),
    ...extensionMistakes(object),
    ...dataMistakes(object),
  ];
  if (found.length > 0) return err(found);
  const text = (name: string): string => object[name] as string;
  const optional = Object.fromEntries(
    OPTIONAL.filter((name) => object[name] !== undefined && object[name] !== null).map((name) => [
      name,
      text(name),
    ]),
  ) as Partial<Record<(typeof OPTIONAL)[number], string>>;
  return ok({
    specversion: '1.0',
    id: text('id'),
    source: text('source'),
    type: text('type'),
    ...optional,
    data: (object['data'] ?? null) as Json,
    extensions: Object.fromEntries(extensionsOf(object)) as CloudEvent['extensions'],
  });
}

/** Two events with the same key are the same event. @source CloudEvents 1.0.2, "source" and "id" */
export const eventKey = (tenant: string, { source, id }: Pick<CloudEvent, 'source' | 'id'>): string =>
  canonicalJson([tenant, source, id]);

/** Bounds first, so that nothing else walks something huge. */
function shapeMistakes(object: Readonly<Record<string, unknown>>): Diagnostic[] {
  if (isDeeperThan(EVENT_LIMITS.dataDepth, object['data'])) {
    const message = `data is nested more than ${EVENT_LIMITS.dataDepth} deep`;
    return [mistake('EVENT_MALFORMED', 'event › data', message)];
  }
  let text: string;
  try {
    text = canonicalJson(object);
  } catch {
    return [
      mistake('EVENT_MALFORMED', 'event', 'it holds something that is no JSON, or half of a surrogate pair'),
    ];
  }
  if (holdsNul(object as JsonObject)) {
    return [mistake('EVENT_MALFORMED', 'event', 'it holds the character U+0000, which cannot be kept')];
  }
  const bytes = utf8Length(text);
  if (bytes > EVENT_LIMITS.eventBytes) {
    const message = `${bytes} bytes are more than ${EVENT_LIMITS.eventBytes}`;
    return [mistake('EVENT_TOO_LARGE', 'event', message, 'send a reference to the data instead of the data')];
  }
  return [];
}

function missing(object: Readonly<Record<string, unknown>>): Diagnostic[] {
  const strangers = Object.keys(object).filter((name) => !KNOWN.includes(name));
  return REQUIRED.filter((name) => object[name] === undefined || object[name] === null).map((name) => {
    const near = strangers.find((stranger) => didYouMean(stranger, [name]) !== undefined);
    const help = near === undefined ? undefined : `\`${near}\` was sent; did you mean \`${name}\`?`;
    return mistake('EVENT_ATTRIBUTE_MISSING', `event › ${name}`, `\`${name}\` is required`, help);
  });
}

function wrongValues(object: Readonly<Record<string, unknown>>): Diagnostic[] {
  return [...REQUIRED, ...OPTIONAL].flatMap((name) => {
    const value = object[name];
    if (value === undefined || value === null) return [];
    const at = `event › ${name}`;
    if (typeof value !== 'string')
      return [mistake('EVENT_ATTRIBUTE_INVALID', at, `\`${name}\` must be a text`)];
    const most = name === 'id' ? EVENT_LIMITS.idLength : EVENT_LIMITS.attributeLength;
    if (value.length > most) {
      return [
        mistake('EVENT_TOO_LARGE', at, `\`${name}\` has ${value.length} characters, more than ${most}`),
      ];
    }
    const why = value === '' ? 'is empty' : whyNot(name, value);
    return why === undefined ? [] : [mistake('EVENT_ATTRIBUTE_INVALID', at, `\`${name}\` ${why}`)];
  });
}

/** Control characters and non-characters, which the type String forbids. @source CloudEvents 1.0.2, "Type System" */
const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f\ufdd0-\ufdef\ufffe\uffff]/u;
const RFC3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/;
const URI_REFERENCE = /^(?:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+$/;

function whyNot(name: string, value: string): string | undefined {
  if (FORBIDDEN.test(value)) return 'holds a control character';
  switch (name) {
    case 'specversion':
      return value === '1.0' ? undefined : `is \`${value}\`, and only \`1.0\` is understood`;
    case 'source':
      return URI_REFERENCE.test(value) ? undefined : `\`${value}\` is no URI-reference`;
    case 'dataschema':
      return /^[A-Za-z][A-Za-z0-9+.-]*:/.test(value) && URI_REFERENCE.test(value)
        ? undefined
        : `\`${value}\` is no URI`;
    case 'time':
      return isInstant(value)
        ? undefined
        : `\`${value}\` is no instant of RFC 3339, such as 2026-01-31T08:00:00Z`;
    case 'datacontenttype':
      return isJsonType(value) ? undefined : `is \`${value}\`, and only JSON is understood`;
    default:
      return undefined;
  }
}

function isInstant(text: string): boolean {
  const [, year, month, day, hour, minute, second] = (RFC3339.exec(text) ?? []).map(Number);
  if (year === undefined) return false;
  const days = new Date(Date.UTC(2000, 0, 1));
  days.setUTCFullYear(year, month, 0);
  return (
    month! >= 1 &&
    month! <= 12 &&
    day! >= 1 &&
    day! <= days.getUTCDate() &&
    hour! < 24 &&
    minute! < 60 &&
    second! <= 60
  );
}

const isJsonType = (text: string): boolean => /^[\w.+-]+\/(?:json|[\w.-]+\+json)\s*(?:;|$)/i.test(text);

function extensionMistakes(object: Readonly<Record<string, unknown>>): Diagnostic[] {
  const extensions = Object.entries(object).filter(([name]) => !KNOWN.includes(name));
  if (extensions.length > EVENT_LIMITS.extensions) {
    const message = `${extensions.length} extension attributes are more than ${EVENT_LIMITS.extensions}`;
    return [mistake('EVENT_TOO_LARGE', 'event', message)];
  }
  return extensions.flatMap(([name, value]) => {
    const at = `event › ${name}`;
    if (!/^[a-z0-9]{1,64}$/.test(name)) {
      const help = didYouMean(name, KNOWN);
      const message = `\`${name}\` is no name of an attribute: they are lower-case letters and digits`;
      return [mistake('EVENT_ATTRIBUTE_INVALID', at, message, help)];
    }
    if (value === null || typeof value === 'boolean' || Number.isInteger(value)) return [];
    if (typeof value === 'string' && value.length <= EVENT_LIMITS.attributeLength && !FORBIDDEN.test(value))
      return [];
    const message = `\`${name}\` must be a short text, a whole number, \`true\` or \`false\`; put anything else into \`data\``;
    return [mistake('EVENT_ATTRIBUTE_INVALID', at, message, didYouMean(name, KNOWN))];
  });
}

function dataMistakes(object: Readonly<Record<string, unknown>>): Diagnostic[] {
  if (object['data_base64'] === undefined) return [];
  const message = '`data_base64` is not understood: data must be JSON';
  return [
    mistake('EVENT_ATTRIBUTE_INVALID', 'event › data_base64', message, 'send the data as JSON in `data`'),
  ];
}

const extensionsOf = (object: Readonly<Record<string, unknown>>): [string, unknown][] =>
  Object.entries(object)
    .filter(([name, value]) => !KNOWN.includes(name) && value !== null)
    .sort(([a], [b]) => (a < b ? -1 : 1));

/** Whether more arrays and objects than that stand inside each other. */
const isDeeperThan = (most: number, value: unknown): boolean =>
  reaches(most, collectionsIn([value]), (one) => collectionsIn(Object.values(one)));

const collectionsIn = (values: readonly unknown[]): readonly object[] =>
  values.filter((one) => typeof one === 'object' && one !== null);

/** Bytes of a text in UTF-8; a lone surrogate has been refused before. */
function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0)!;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}

function mistake(code: DiagnosticCode, at: string, message: string, help?: string): Diagnostic {
  return { code, at, message, ...(help === undefined ? {} : { help }) };
}
