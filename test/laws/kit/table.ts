/** What the laws found, kept as JSON while they run and printed as one table when they are through. */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export type Result = 'holds' | 'broken' | 'n/a';

export interface Finding {
  readonly awf: string;
  readonly law: string;
  readonly title: string;
  readonly result: Result;
  readonly evidence: string;
  readonly server: string;
  readonly idempotency: string;
  /** Why a law does not apply. */
  readonly because?: string;
}

const FINDINGS = path.join(__dirname, '../../../.cache/laws/findings.jsonl');

export function beginFindings(): void {
  mkdirSync(path.dirname(FINDINGS), { recursive: true });
  writeFileSync(FINDINGS, '');
}

export const addFinding = (finding: Finding): void =>
  appendFileSync(FINDINGS, `${JSON.stringify(finding)}\n`);
