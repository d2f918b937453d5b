/** What the saga written by hand and its activities say to each other. Types only: it is loaded inside the Temporal sandbox. */
export const SAGA_QUEUE = 'saga';

/** Input of the saga. */
export interface Contractor {
  readonly name: string;
  readonly email: string;
  readonly worker: string;
  readonly endDate: string;
  readonly deviceGroup: string;
  readonly groups: readonly string[];
  readonly channels: readonly string[];
  readonly profile: string;
  readonly item: string;
}

type Input<Keys extends string, Rest = object> = { readonly [Key in Keys]: string } & Rest;
type Members = Input<'user', { readonly groups: readonly string[] }>;
type Invited = Input<'user', { readonly channels: readonly string[] }>;

/** Activities, named as the vendors' verbs. They give back what the undo needs and no more. */
export interface SagaActivities {
  setEndDate(input: Input<'worker' | 'endDate'>): Promise<{
    readonly event: string | null;
    readonly replaced: string | null;
  }>;
  clearEndDate(
    input: Input<'worker' | 'endDate', { readonly restore: string | null; readonly event: string | null }>,
  ): Promise<void>;
  createIdentity(input: Input<'login' | 'name'>): Promise<{
    readonly id: string;
    readonly created: boolean;
    readonly revived: boolean;
  }>;
  disableIdentity(
    input: Input<'login' | 'name', { readonly id: string | null; readonly revived: boolean }>,
  ): Promise<void>;
  assignGroups(input: Members): Promise<{ readonly added: readonly string[] }>;
  removeGroups(input: Members): Promise<void>;
  pushProfile(input: Input<'profile' | 'group'>): Promise<{ readonly changed: boolean }>;
  removeProfile(input: Input<'profile' | 'group'>): Promise<void>;
  orderDev(input: Input<'requestedFor' | 'item'>): Promise<{ readonly request: string }>;
  cancelOrder(input: Input<'requestedFor' | 'item', { readonly quantity: number }>): Promise<void>;
  inviteChannels(input: Invited): Promise<{ readonly added: readonly string[] }>;
  removeChannels(input: Invited): Promise<void>;
}
