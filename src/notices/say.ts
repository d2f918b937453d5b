/**
 * Says the notices of records in the transaction that puts them into the log: people are told of what is on record, and of all
 * of it.
 * Adapter ring.
 */
import type { WithRecords } from '../store/evidence';
import { enqueueNotice } from '../store/notices';
import { noticeOfRecord } from './from-records';
import { limitNotices } from './from-limits';

/** @param now milliseconds since the epoch */
export const sayNotices =
  (now: () => number): WithRecords =>
  async (client, _tenant, records) => {
    const said = new Set<string>();
    for (const { entry, decision } of records) {
      const notice = noticeOfRecord(entry, now());
      for (const one of [
        ...(notice === undefined ? [] : [notice]),
        ...limitNotices(entry, decision, now()),
      ]) {
        // Many records of one transaction tell of one limit.
        if (said.has(one.id)) continue;
        said.add(one.id);
        await enqueueNotice(client, one);
      }
    }
  };
