/**
 * Says the notices of records in the transaction that puts them into the log: people are told of what is on record, and of all
 * of it.
 * Adapter ring.
 */
import type { WithRecords } from '../store/evidence';
import { enqueueNotice } from '../store/notices';
import { noticeOfRecord } from './from-records';

/** @param now milliseconds since the epoch */
export const sayNotices =
  (now: () => number): WithRecords =>
  async (client, _tenant, records) => {
    for (const { entry } of records) {
      const notice = noticeOfRecord(entry, now());
      if (notice !== undefined) await enqueueNotice(client, notice);
    }
  };
