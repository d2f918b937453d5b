/**
 * In which order suites begin: the long ones first, so that the last worker is not left with one of them at the end. What is
 * not in the list follows, real suites before pure ones, larger files before smaller ones.
 */
const { statSync } = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '../..');

/** The longest suites, longest first. `docs/testing.md` says how they are measured; a place that is off by a few does no harm. */
const LONGEST = [
  'kill/kill',
  'temporal/strays',
  'cli/stand',
  'api/client',
  'authority/limits',
  'authority/switches',
  'kill/evidence',
  'embedded/stand',
  'laws/laws',
  'embedded/crash',
  'temporal/differential',
  'replay/replay-cli',
  'telemetry/watched',
  'approvals/doors',
  'api/api',
  'cli/help',
].map((name) => path.join(ROOT, 'test/real', `${name}.test.ts`));

const rankOf = ({ path: file }) => {
  const at = LONGEST.indexOf(file);
  if (at >= 0) return [0, at];
  return [file.includes(`${path.sep}real${path.sep}`) ? 1 : 2, -statSync(file).size];
};

module.exports = class LongestFirst {
  sort(tests) {
    return [...tests]
      .map((test) => ({ test, rank: rankOf(test) }))
      .sort((a, b) => a.rank[0] - b.rank[0] || a.rank[1] - b.rank[1])
      .map(({ test }) => test);
  }

  /** For `--onlyFailures`; nothing is kept between runs. */
  allFailedTests(tests) {
    return tests;
  }

  cacheResults() {}
};
