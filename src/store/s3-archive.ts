/**
 * Archived histories in a bucket of S3, or of whatever speaks its protocol: each written once, and locked by the bucket itself until
 * its time is over, so that whoever owns this program and its database cannot take it away.
 * Adapter ring. Credentials are those that AWS's own tools find.
 * @source Amazon S3 API: PutObject (If-None-Match, object lock), versions of objects
 */
import { createHash } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';
import type { ArchivePlace, Placed } from './archive-place';
import { StoreError } from './store-error';

const LOCKS = ['compliance', 'governance', 'none'] as const;

export interface S3Bucket {
  readonly bucket: string;
  /** Before every key; empty, or ending in a slash. */
  readonly prefix: string;
  /** Absent: as AWS's own tools find it. */
  readonly region?: string;
  /** Of another server than Amazon's. */
  readonly endpoint?: string;
  /** `compliance`: nobody shortens it; `governance`: who has the right may; `none`: the bucket has no object lock. */
  readonly lock: (typeof LOCKS)[number];
}

/** Reads `s3://bucket/prefix?region=…&endpoint=…&lock=…`. Throws a RangeError for what cannot be meant. */
export function readS3Url(text: string): S3Bucket {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const lock = url?.searchParams.get('lock') ?? 'compliance';
  const known = new Set(['region', 'endpoint', 'lock']);
  const fits =
    url?.protocol === 's3:' &&
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(url.hostname) &&
    [...url.searchParams.keys()].every((name) => known.has(name)) &&
    (LOCKS as readonly string[]).includes(lock);
  if (!fits)
    throw new RangeError(
      `\`${text}\` names no archive: it is \`s3://bucket/prefix?region=…&endpoint=…&lock=compliance|governance|none\``,
    );
  const path = decodeURIComponent(url.pathname).replace(/^\/+|\/+$/g, '');
  const region = url.searchParams.get('region');
  const endpoint = url.searchParams.get('endpoint');
  return {
    bucket: url.hostname,
    prefix: path === '' ? '' : `${path}/`,
    lock: lock as S3Bucket['lock'],
    ...(region === null ? {} : { region }),
    ...(endpoint === null ? {} : { endpoint }),
  };
}

const S3_LIMITS = {
  /** Of one request, with the pauses between that the SDK makes; whoever called tries again later. */
  attempts: 3,
  connectMs: 3_000,
  /** A history is 50 MiB at most. */
  requestMs: 30_000,
} as const;

export function createS3Archive(of: S3Bucket): ArchivePlace {
  const { bucket: Bucket, prefix, lock } = of;
  let client: Promise<S3Client> | undefined;
  const connected = (): Promise<S3Client> => (client ??= connect(of));
  const keyOf = ({ tenant, run, closedAt }: Placed): string => {
    const [year, month] = new Date(closedAt).toISOString().split('-');
    return `${prefix}${tenant}/${year}/${month}/${run}.bin`;
  };
  const setHold = async (place: string, on: boolean): Promise<void> => {
    if (lock === 'none') return;
    const { PutObjectLegalHoldCommand } = await sdk();
    const LegalHold = { Status: on ? 'ON' : 'OFF' } as const;
    await (await connected()).send(new PutObjectLegalHoldCommand({ ...objectAt(place), LegalHold }));
  };
  return {
    name: `s3://${Bucket}/${prefix}`,
    put: (history) =>
      asStoreError(async () => {
        const { PutObjectCommand } = await sdk();
        const Key = keyOf(history);
        const locked = lock !== 'none' && history.keepUntil > Date.now() + LEAST_LOCK_MS;
        const put = new PutObjectCommand({
          ...{ Bucket, Key, Body: history.stored, ContentType: 'application/octet-stream' },
          // Two processes that bring the same at once make one object.
          IfNoneMatch: '*',
          ChecksumAlgorithm: 'SHA256',
          ChecksumSHA256: Buffer.from(history.sha256, 'hex').toString('base64'),
          ...(locked
            ? {
                ObjectLockMode: lock === 'governance' ? 'GOVERNANCE' : 'COMPLIANCE',
                ObjectLockRetainUntilDate: new Date(history.keepUntil),
              }
            : {}),
        });
        try {
          const { VersionId } = await (await connected()).send(put);
          return placeOf({ Bucket, Key, VersionId });
        } catch (error) {
          if (statusOf(error) !== 412) throw error;
          return await sameThere(await connected(), { Bucket, Key }, history.sha256);
        }
      }),
    get: (place) =>
      asStoreError(async () => {
        const { GetObjectCommand } = await sdk();
        const { Body } = await (await connected()).send(new GetObjectCommand(objectAt(place)));
        return (await Body?.transformToByteArray()) ?? new Uint8Array();
      }),
    hold: (place, on) => asStoreError(() => setHold(place, on)),
    remove: (place) =>
      asStoreError(async () => {
        const { DeleteObjectCommand } = await sdk();
        const gone = async () => (await connected()).send(new DeleteObjectCommand(objectAt(place)));
        await gone()
          .catch(async (error: unknown) => {
            if (lock === 'none' || statusOf(error) !== 403) throw error;
            // A hold that was lifted since it was looked at last; the lock itself still says no before its time.
            await setHold(place, false);
            await gone();
          })
          .catch((error: unknown) => {
            if (statusOf(error) !== 404) throw error;
          });
      }),
  };
}

/** A lock that ends at once is one that servers refuse. */
const LEAST_LOCK_MS = 1_000;

/** Loaded when it is used: it takes a third of a second, and most processes never do. */
const sdk = () => import('@aws-sdk/client-s3');

async function connect({ region, endpoint }: S3Bucket): Promise<S3Client> {
  const { S3Client } = await sdk();
  return new S3Client({
    maxAttempts: S3_LIMITS.attempts,
    requestHandler: { connectionTimeout: S3_LIMITS.connectMs, requestTimeout: S3_LIMITS.requestMs },
    ...(region === undefined ? {} : { region }),
    // Other servers have no host for each bucket.
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
  });
}

interface StoredObject {
  readonly Bucket: string;
  readonly Key: string;
  readonly VersionId?: string | undefined;
}

/** Where it lies, if what is there under its name are the same bytes. */
async function sameThere(client: S3Client, at: StoredObject, sha256: string): Promise<string> {
  const { GetObjectCommand } = await sdk();
  const { Body, VersionId } = await client.send(new GetObjectCommand(at));
  const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
  if (createHash('sha256').update(bytes).digest('hex') !== sha256) throw new StoreError('ARCHIVE_REFUSED');
  return placeOf({ ...at, VersionId });
}

/** The version is named, so that what is written over a name later is never taken for it. */
function placeOf({ Bucket, Key, VersionId }: StoredObject): string {
  const path = Key.split('/').map(encodeURIComponent).join('/');
  return `s3://${Bucket}/${path}${VersionId === undefined ? '' : `?versionId=${encodeURIComponent(VersionId)}`}`;
}

function objectAt(place: string): StoredObject {
  const { hostname: Bucket, pathname, searchParams } = new URL(place);
  const VersionId = searchParams.get('versionId');
  const Key = decodeURIComponent(pathname.slice(1));
  return { Bucket, Key, ...(VersionId === null ? {} : { VersionId }) };
}

const statusOf = (error: unknown): number | undefined =>
  (error as { readonly $metadata?: { readonly httpStatusCode?: number } } | undefined)?.$metadata
    ?.httpStatusCode;

/** What is over its time in a moment, too much, or no answer at all passes; what is said of rights and locks does not. */
async function asStoreError<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StoreError) throw error;
    const status = statusOf(error);
    if ((error as Error).name === 'CredentialsProviderError')
      throw new StoreError('ARCHIVE_REFUSED', { cause: error });
    if (status === 404) throw new StoreError('ARCHIVE_CHANGED', { cause: error });
    const passes = status === undefined || status >= 500 || [408, 409, 429].includes(status);
    throw new StoreError(passes ? 'ARCHIVE_UNAVAILABLE' : 'ARCHIVE_REFUSED', { cause: error });
  }
}
