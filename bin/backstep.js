#!/usr/bin/env node
// Starts the built CLI. Plain JavaScript that any Node can read, so that an old Node and a missing build get a message
// and not a stack.
'use strict';

const { existsSync } = require('node:fs');
const { join } = require('node:path');

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const main = join(__dirname, '..', 'dist', 'src', 'cli', 'main.js');

if (major < 20 || (major === 20 && minor < 19)) {
  fail(
    'Node ' + process.versions.node + ' is too old: Backstep needs 20.19 or newer',
    'install Node 20 LTS or newer',
  );
} else if (!existsSync(main)) {
  fail('the build is missing: `dist` does not exist', 'run `npm run build` (`npm ci` does it as well)');
} else {
  require(main).main();
}

function fail(message, help) {
  process.stderr.write('error: ' + message + '\nhelp: ' + help + '\n');
  process.exitCode = 1;
}
