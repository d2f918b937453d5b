/** Graph's own SDK against the stand-in. */
import { GraphError, PageIterator, type PageCollection } from '@microsoft/microsoft-graph-client';
import { personIds, seededId } from '../../../src/sandbox';
import { credentialsOf, graphClient, graphToken } from './clients';
import { rejectionOf, useSandbox } from './support';

const stand = useSandbox();
const sarah = personIds('acme', 'sarah.chen');
const MAC = seededId.intuneProfile('acme', 'Mac baseline');
const ALL_MACS = seededId.entraGroup('acme', 'All Macs');

const group = (groupId: string) => ({
  '@odata.type': '#microsoft.graph.deviceConfigurationAssignment',
  target: { '@odata.type': '#microsoft.graph.groupAssignmentTarget', groupId },
});

async function client() {
  const { urls } = stand.current.sandbox;
  return graphClient(urls.graph, await graphToken(urls.graph, credentialsOf(stand.current.sandbox)));
}

async function groupsOf(profile: string): Promise<string[]> {
  const { value } = (await (
    await client()
  )
    .api(`/deviceManagement/deviceConfigurations/${profile}/assignments`)
    .get()) as {
    value: { target: { groupId: string } }[];
  };
  return value.map(({ target }) => target.groupId);
}

beforeEach(() => stand.current.admin.reset());

test('a user is found by UPN, by filter, and with the properties asked for', async () => {
  const graph = await client();
  expect(await graph.api(`/users/${sarah.email}`).get()).toMatchObject({
    id: sarah.graphId,
    displayName: 'Sarah Chen',
  });
  const found = (await graph
    .api('/users')
    .filter(`userPrincipalName eq '${sarah.email}'`)
    .select('id')
    .get()) as {
    value: unknown[];
  };
  expect(found.value).toEqual([{ id: sarah.graphId }]);
});

test('an unknown user is Request_ResourceNotFound', async () => {
  const error = await rejectionOf((await client()).api('/users/nobody@acme.example').get());
  expect(error).toBeInstanceOf(GraphError);
  expect(error).toMatchObject({ statusCode: 404, code: 'Request_ResourceNotFound' });
});

test('assign replaces the whole set', async () => {
  const graph = await client();
  const assign = (groups: string[]) =>
    graph
      .api(`/deviceManagement/deviceConfigurations/${MAC}/assign`)
      .post({ assignments: groups.map(group) });
  expect(await groupsOf(MAC)).toEqual([ALL_MACS]);
  await assign([ALL_MACS, sarah.deviceGroupId]);
  expect((await groupsOf(MAC)).sort()).toEqual([ALL_MACS, sarah.deviceGroupId].sort());
  await assign([sarah.deviceGroupId]);
  expect(await groupsOf(MAC)).toEqual([sarah.deviceGroupId]);
});

test('an assignment without a valid target is refused and changes nothing', async () => {
  const graph = await client();
  const error = await rejectionOf(
    graph.api(`/deviceManagement/deviceConfigurations/${MAC}/assign`).post({ assignments: [{ target: {} }] }),
  );
  expect(error).toMatchObject({ statusCode: 400 });
  expect(await groupsOf(MAC)).toEqual([ALL_MACS]);
});

test('a member added twice and a member removed twice are errors', async () => {
  const graph = await client();
  const path = `/groups/${ALL_MACS}/members`;
  const reference = { '@odata.id': `https://graph.microsoft.com/v1.0/directoryObjects/${sarah.graphId}` };
  const isMember = async () =>
    (await graph.api(`/users/${sarah.graphId}/checkMemberGroups`).post({ groupIds: [ALL_MACS] })) as unknown;
  await graph.api(`${path}/$ref`).post(reference);
  expect(await isMember()).toMatchObject({ value: [ALL_MACS] });
  expect(await rejectionOf(graph.api(`${path}/$ref`).post(reference))).toMatchObject({
    statusCode: 400,
    code: 'Request_BadRequest',
    message: expect.stringContaining('One or more added object references already exist') as string,
  });
  await graph.api(`${path}/${sarah.graphId}/$ref`).delete();
  expect(await isMember()).toMatchObject({ value: [] });
  expect(await rejectionOf(graph.api(`${path}/${sarah.graphId}/$ref`).delete())).toMatchObject({
    statusCode: 404,
  });
});

test('a user created twice is refused the second time', async () => {
  const graph = await client();
  const user = { userPrincipalName: 'new@acme.example', displayName: 'New', mailNickname: 'new' };
  const created = (await graph.api('/users').post(user)) as { id: string };
  expect(await rejectionOf(graph.api('/users').post(user))).toMatchObject({ statusCode: 400 });
  await graph.api(`/users/${created.id}`).patch({ accountEnabled: false });
  expect(await graph.api('/users/new@acme.example').get()).toMatchObject({ accountEnabled: false });
});

test('the SDK walks through all pages of a list', async () => {
  const graph = await client();
  const first = (await graph.api('/users').top(5).get()) as PageCollection;
  const ids: string[] = [];
  const iterator = new PageIterator(graph, first, (user: { id: string }) => {
    ids.push(user.id);
    return true;
  });
  await iterator.iterate();
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toHaveLength(24);
});

test('a managed device is read by id and by its user', async () => {
  const graph = await client();
  const { value } = (await graph.api('/users/ben.carter@acme.example/managedDevices').get()) as {
    value: { id: string }[];
  };
  expect(value).toHaveLength(1);
  expect(await graph.api(`/deviceManagement/managedDevices/${value[0]?.id ?? ''}`).get()).toMatchObject({
    operatingSystem: 'macOS',
  });
});
