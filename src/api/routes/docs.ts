/**
 * The document of the API as a page. Everything that it is made of comes from here: nothing is loaded from anywhere else.
 * Entry ring.
 */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { ok } from '../../kernel/result';
import { defineRoute, type Route } from '../route';

/** A page, unlike everything else here, has to run its script and its styles: its own, and no others. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Parts change with the version of the package alone. */
const HELD = 'public, max-age=3600';

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Backstep API</title>
<link rel="stylesheet" href="docs/page.css">
</head>
<body>
<div id="page"></div>
<script src="docs/page.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
`;

/** Tokens are kept in the page's own memory, and no validator elsewhere is asked. */
const START = `SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#page',
  deepLinking: true,
  validatorUrl: null,
  persistAuthorization: false,
  tryItOutEnabled: false,
});
`;

const partOf = async (file: string): Promise<string> =>
  readFile(join(dirname(require.resolve('swagger-ui-dist/package.json')), file), 'utf8');

const text = (
  path: string,
  type: string,
  {
    id,
    summary,
    read,
  }: { readonly id: string; readonly summary: string; readonly read: () => Promise<string> },
): Route => {
  let held: Promise<string> | undefined;
  return defineRoute({
    id,
    method: 'GET',
    path,
    access: 'public',
    summary,
    answer: z.never(),
    answers: { 200: 'the text' },
    texts: [type],
    async handle() {
      held ??= read();
      const headers = { 'content-security-policy': PAGE_POLICY, 'cache-control': HELD };
      return ok({ status: 200, text: await held, type: `${type}; charset=utf-8`, headers });
    },
  });
};

export const docsRoutes: readonly Route[] = [
  text('/docs', 'text/html', {
    id: 'docs',
    summary: 'This document as a page',
    read: () => Promise.resolve(PAGE),
  }),
  text('/docs/start.js', 'text/javascript', {
    id: 'docsStart',
    summary: 'What starts the page',
    read: () => Promise.resolve(START),
  }),
  text('/docs/page.js', 'text/javascript', {
    id: 'docsScript',
    summary: 'The script of the page',
    read: () => partOf('swagger-ui-bundle.js'),
  }),
  text('/docs/page.css', 'text/css', {
    id: 'docsStyle',
    summary: 'The styles of the page',
    read: () => partOf('swagger-ui.css'),
  }),
];
