/**
 * What Okta's and Slack's own SDKs do against a server that claims to be them. The same battery runs against the
 * sandbox and against the independent `emulate`, so that neither can lean on a mistake of the other.
 */
import { Client, type CreateUserRequest } from '@okta/okta-sdk-nodejs';
import { WebClient } from '@slack/web-api';
import { rejectionOf } from './support';

export interface Target {
  readonly orgUrl: string;
  readonly oktaToken: string;
  readonly slackApiUrl: string;
  readonly slackToken: string;
  /** The domain of the people: `someone@<domain>`. */
  readonly domain: string;
  /** Somebody in the Slack workspace. */
  readonly slackEmail: string;
  /** The name of a channel that exists. */
  readonly channel: string;
  /** The name of an Okta group that exists. */
  readonly group: string;
}

const newUser = (login: string): unknown => ({
  profile: { login, email: login, firstName: 'Kim', lastName: 'Doe' },
  credentials: { password: { value: 'Corr3ct-horse-battery' } },
});

export function describeOktaAndSlack(name: string, targetOf: () => Target): void {
  const okta = (): Client => {
    const { orgUrl, oktaToken } = targetOf();
    return new Client({ orgUrl, token: oktaToken, cacheMiddleware: null });
  };
  const slack = (): WebClient => {
    const { slackApiUrl, slackToken } = targetOf();
    return new WebClient(slackToken, {
      slackApiUrl,
      retryConfig: { retries: 0 },
      rejectRateLimitedCalls: true,
    });
  };
  const create = (login: string, activate: boolean) =>
    okta().userApi.createUser({
      activate,
      // The SDK's types are classes; what goes over the wire is plain data.
      body: newUser(login) as CreateUserRequest,
    });

  describe(`Okta's SDK against ${name}`, () => {
    const login = (who: string): string => `${who}@${targetOf().domain}`;

    test('a created user is found by id and by login', async () => {
      const user = await create(login('battery.one'), true);
      expect(user.status).toBe('ACTIVE');
      expect((await okta().userApi.getUser({ userId: user.id ?? '' })).profile?.login).toBe(
        login('battery.one'),
      );
      expect((await okta().userApi.getUser({ userId: login('battery.one') })).id).toBe(user.id);
    });

    test('a second user with the same login is refused as E0000001', async () => {
      await create(login('battery.two'), true);
      const error = await rejectionOf(create(login('battery.two'), true));
      expect(error).toMatchObject({ status: 400, errorCode: 'E0000001' });
    });

    test('a user who does not exist is E0000007', async () => {
      const error = await rejectionOf(okta().userApi.getUser({ userId: login('battery.nobody') }));
      expect(error).toMatchObject({ status: 404, errorCode: 'E0000007' });
    });

    test('the status follows activate, suspend, unsuspend and deactivate', async () => {
      const { id: userId = '' } = await create(login('battery.three'), false);
      const status = async () => (await okta().userApi.getUser({ userId })).status;
      expect(await status()).toBe('STAGED');
      await okta().userApi.activateUser({ userId, sendEmail: false });
      expect(await status()).toBe('ACTIVE');
      await okta().userApi.suspendUser({ userId });
      expect(await status()).toBe('SUSPENDED');
      await okta().userApi.unsuspendUser({ userId });
      expect(await status()).toBe('ACTIVE');
      await okta().userApi.deactivateUser({ userId });
      expect(await status()).toBe('DEPROVISIONED');
    });

    test('the first delete only deactivates, the second removes', async () => {
      const { id: userId = '' } = await create(login('battery.four'), true);
      await okta().userApi.deleteUser({ userId });
      expect((await okta().userApi.getUser({ userId })).status).toBe('DEPROVISIONED');
      await okta().userApi.deleteUser({ userId });
      expect(await rejectionOf(okta().userApi.getUser({ userId }))).toMatchObject({ status: 404 });
    });

    test('membership is declared: in twice is in, out twice is out', async () => {
      const { id: userId = '' } = await create(login('battery.five'), true);
      const groups = await okta().groupApi.listGroups({ q: targetOf().group });
      const { value: group } = await groups.next();
      expect(group?.profile?.name).toBe(targetOf().group);
      const groupId = group?.id ?? '';
      const isMember = async () => {
        const ids: (string | undefined)[] = [];
        await (await okta().groupApi.listGroupUsers({ groupId })).each((user) => void ids.push(user.id));
        return ids.filter((id) => id === userId).length;
      };
      await okta().groupApi.assignUserToGroup({ groupId, userId });
      await okta().groupApi.assignUserToGroup({ groupId, userId });
      expect(await isMember()).toBe(1);
      await okta().groupApi.unassignUserFromGroup({ groupId, userId });
      await okta().groupApi.unassignUserFromGroup({ groupId, userId });
      expect(await isMember()).toBe(0);
    });
  });

  describe(`Slack's SDK against ${name}`, () => {
    const newChannel = async (name: string): Promise<string> =>
      (await slack().conversations.create({ name })).channel?.id ?? '';
    const userId = async () =>
      (await slack().users.lookupByEmail({ email: targetOf().slackEmail })).user?.id ?? '';
    const members = async (channel: string) =>
      (await slack().conversations.members({ channel })).members ?? [];
    const slackCode = async (promise: Promise<unknown>) =>
      ((await rejectionOf(promise))['data'] as { error: string }).error;

    test('somebody invited is a member, and inviting again is already_in_channel', async () => {
      const channel = await newChannel('battery-invite');
      const user = await userId();
      await slack().conversations.invite({ channel, users: user });
      expect(await members(channel)).toContain(user);
      expect(await slackCode(slack().conversations.invite({ channel, users: user }))).toBe(
        'already_in_channel',
      );
    });

    test('somebody kicked is no member, and kicking again is refused', async () => {
      const channel = await newChannel('battery-kick');
      const user = await userId();
      await slack().conversations.invite({ channel, users: user });
      await slack().conversations.kick({ channel, user });
      expect(await members(channel)).not.toContain(user);
      // Slack documents `not_in_channel`; the emulator says `user_not_in_channel`.
      expect(['not_in_channel', 'user_not_in_channel']).toContain(
        await slackCode(slack().conversations.kick({ channel, user })),
      );
    });

    test('one user who does not exist keeps the others out', async () => {
      const channel = await newChannel('battery-mixed');
      const user = await userId();
      const error = await slackCode(slack().conversations.invite({ channel, users: `UNOBODY,${user}` }));
      expect(error).toBe('user_not_found');
      expect(await members(channel)).not.toContain(user);
    });

    test('a channel that exists is listed by its name', async () => {
      const { channels = [] } = await slack().conversations.list({ types: 'public_channel', limit: 200 });
      expect(channels.filter((channel) => channel.name === targetOf().channel)).toHaveLength(1);
    });

    test('an unknown channel, an unknown e-mail and a taken name are named', async () => {
      const user = await userId();
      expect(await slackCode(slack().conversations.invite({ channel: 'CNOWHERE', users: user }))).toBe(
        'channel_not_found',
      );
      expect(await slackCode(slack().users.lookupByEmail({ email: 'nobody@nowhere.example' }))).toBe(
        'users_not_found',
      );
      expect(await slackCode(slack().conversations.create({ name: targetOf().channel }))).toBe('name_taken');
    });

    test('nobody is invited to an archived channel, and archiving twice is refused', async () => {
      const channel = await newChannel('battery-archived');
      await slack().conversations.archive({ channel });
      expect(await slackCode(slack().conversations.invite({ channel, users: await userId() }))).toBe(
        'is_archived',
      );
      expect(await slackCode(slack().conversations.archive({ channel }))).toBe('already_archived');
    });
  });
}
