/**
 * Where archived histories lie: in the database, or at the place that the settings name.
 * Entry ring.
 */
import type { ArchivePlace } from '../store/archive-place';
import { createS3Archive, readS3Url } from '../store/s3-archive';
import type { Settings } from './settings';

/** `undefined`: in the database. Throws a RangeError where the settings name none that can be meant. */
export const archivePlaceOf = ({ archive }: Pick<Settings, 'archive'>): ArchivePlace | undefined =>
  archive === undefined ? undefined : createS3Archive(readS3Url(archive));
