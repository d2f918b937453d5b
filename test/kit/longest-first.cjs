/**
 * In which order suites begin: the long ones first, so that the last worker is not left with one of them at the end. What is
 * not in the list follows, real suites before pure ones, larger files before smaller ones.
 */
const { statSync } = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '../..');

/** Suites of more than ten seconds on a quiet machine, longest first; `docs/testing.md` says how it is measured. */
const LONGEST = ['test/real/kill/kill.test.ts'];

const rankOf = ({ path: file }) => {
  const at = LONGEST.indexOf(path.relative(ROOT, file).split(path.sep).join('/'));
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
