import fc from 'fast-check';
import { deliveryKey, messageOf } from '../../../src/notices/message';
import { makeLink, readToken } from '../../../src/notices/links';
import { noticeIdOf, type NoticeBody } from '../../../src/notices/notice';
import { delayAfter, SENDER_LIMITS } from '../../../src/notices/sender';

const body: NoticeBody = {
  kind: 'incident_opened',
  outcome: 'acme/EMP-R-001/6f1d',
  node: 'channels',
  at: 0,
  title: 't',
};

test('delays grow, are bounded, and end', () => {
  const delays = Array.from({ length: SENDER_LIMITS.attempts }, (_, n) => delayAfter(n + 1));
  const given = delays.slice(0, -1).map(Number);
  expect(given).toEqual([...given].sort((a, b) => a - b));
  expect([given[0], given.at(-1), delays.at(-1)]).toEqual([
    SENDER_LIMITS.firstMs,
    SENDER_LIMITS.longestMs,
    undefined,
  ]);
  expect(given.reduce((sum, one) => sum + one, 0) / 3_600_000).toBeCloseTo(16.6, 1);
});

test('whatever somebody is called, it is text on one line everywhere', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (title, value) => {
      const hostile = {
        ...body,
        title: `${title}\r\n<b>${title}`,
        card: [{ label: 'x', value: `<a href=x>${value}` }],
      };
      const { subject, html, blocks } = messageOf({ tenant: 'acme', id: '1', body: hostile }, undefined);
      expect(subject).not.toMatch(/[\r\n\u2028\u2029]/);
      expect(html).not.toMatch(/<(?!\/?(?:h2|p|table|tr|th|td|small|a)\b)/);
      expect(html).not.toContain('<a ');
      expect(JSON.stringify(blocks)).not.toContain('<');
    }),
  );
});

test('one happening on one channel has one key, and no two have the same', () => {
  const id = noticeIdOf(body, 17);
  expect(noticeIdOf({ ...body }, '17')).toBe(id);
  expect(noticeIdOf(body, 18)).not.toBe(id);
  const keys = [
    deliveryKey({ tenant: 'acme', id }, 'mail'),
    deliveryKey({ tenant: 'acme', id }, 'ops'),
    deliveryKey({ tenant: 'globex', id }, 'mail'),
  ];
  expect(new Set(keys).size).toBe(3);
});

test('a link says whose it is, is never the same twice, and its token is not what is kept of it', () => {
  const [one, two] = [makeLink('https://b.test/', 'acme'), makeLink('https://b.test', 'acme')];
  const token = new URL(one.url).searchParams.get('token')!;
  expect(one.url).not.toBe(two.url);
  expect(readToken(token)).toEqual({ tenant: 'acme', digest: one.digest });
  expect(Buffer.from(one.digest).toString('base64url')).not.toContain(token.slice(5, 15));
  expect(readToken('acme.short')).toBeUndefined();
});
