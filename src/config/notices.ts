/**
 * Who is told of what: a tenant's channels, with references where secrets are.
 * Authoring ring.
 */
import type { Diagnostic } from '../kernel/diagnostic';
import { err, ok, type Result } from '../kernel/result';
import type { z } from 'zod';
import { defined, unknownName } from './compile-automations';
import type { noticesFile } from './file-schemas';
import type { NoticeKind } from './notice-kinds';
import type { Read } from './read-files';

export interface MailSettings {
  /** `smtp://host:port` or `smtps://host:port`; `env:NAME` until it is resolved. */
  readonly server: string;
  readonly from: string;
  readonly user?: string;
  readonly password?: string;
}

interface ChannelBase {
  readonly id: string;
  /** Absent: everything. */
  readonly about?: readonly NoticeKind[];
}

export type NoticeChannel =
  | (ChannelBase & { readonly kind: 'email'; readonly to: readonly string[] })
  | (ChannelBase & { readonly kind: 'slack'; readonly channel: string })
  | (ChannelBase & { readonly kind: 'webhook'; readonly url: string; readonly secret: string });

export interface NoticeSettings {
  /** Where links lead; absent: messages have none. */
  readonly link?: string;
  readonly mail?: MailSettings;
  readonly channels: readonly NoticeChannel[];
}

const NOBODY: NoticeSettings = { channels: [] };

/** Checked settings; mistakes are added to `found`. A tenant without the file tells nobody. */
export function noticesOf(
  read: Read<typeof noticesFile> | undefined,
  { connected, found }: { readonly connected: readonly string[]; readonly found: Diagnostic[] },
): NoticeSettings {
  if (read === undefined) return NOBODY;
  const { content, file } = read;
  const seen = new Set<string>();
  for (const [index, { id, kind }] of content.channels.entries()) {
    const at = file.at(['channels', index, 'id']);
    if (seen.has(id))
      found.push({ code: 'CONFIG_DUPLICATE', at, message: `channel \`${id}\` is there twice` });
    seen.add(id);
    if (kind === 'email' && content.mail === undefined) {
      const message = `channel \`${id}\` sends mail, and there is no \`mail\``;
      found.push({ code: 'CONFIG_TYPE', at, message, help: 'name the mail server under `mail`' });
    }
    if (kind === 'slack' && !connected.includes('slack'))
      found.push(unknownName('slack', connected, { at, kind: 'connected system' }));
  }
  return frozen(content);
}

/** zod leaves an absent member as one that may be undefined. */
function frozen({ link, mail, channels }: z.output<typeof noticesFile>): NoticeSettings {
  return {
    ...(link === undefined ? {} : { link }),
    ...(mail === undefined ? {} : { mail: defined(mail) as MailSettings }),
    channels: channels.map((channel) => defined(channel) as NoticeChannel),
  };
}

/** The settings with every `env:NAME` read. Errors: `CONFIG_ENV_MISSING`, one a name. */
export function resolveNotices(
  settings: NoticeSettings,
  tenant: string,
  lookup: (name: string) => string | undefined,
): Result<NoticeSettings, readonly Diagnostic[]> {
  const missing: Diagnostic[] = [];
  const read = (text: string): string => {
    const [, name, rest = ''] = /^env:([A-Z][A-Z0-9_]*)(\/.*)?$/.exec(text) ?? [];
    if (name === undefined) return text;
    const value = lookup(name) ?? '';
    if (value === '') {
      missing.push({
        code: 'CONFIG_ENV_MISSING',
        at: `config/${tenant}/notices.yaml`,
        message: `\`${name}\` is not set in the environment`,
        help: `set \`${name}\` where the worker starts`,
      });
    }
    return rest === '' ? value : `${value.replace(/\/$/, '')}${rest}`;
  };
  const resolved: NoticeSettings = {
    ...(settings.link === undefined ? {} : { link: read(settings.link) }),
    ...(settings.mail === undefined ? {} : { mail: mapped(settings.mail, read) }),
    channels: settings.channels.map((channel) =>
      channel.kind === 'webhook'
        ? { ...channel, url: read(channel.url), secret: read(channel.secret) }
        : channel,
    ),
  };
  return missing.length === 0 ? ok(resolved) : err(missing);
}

const mapped = (mail: MailSettings, read: (text: string) => string): MailSettings =>
  Object.fromEntries(
    Object.entries(mail).map(([name, value]) => [name, read(value as string)]),
  ) as unknown as MailSettings;
