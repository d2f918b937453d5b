/**
 * Who calls the API: roles and what a checked token says.
 * Entry ring; data only.
 */

/** What a caller may be. No role contains another: who is to do two things has two roles. A `source` sends events, and no more. */
export const ROLES = ['author', 'operator', 'approver', 'auditor', 'admin', 'source'] as const;
export type Role = (typeof ROLES)[number];

export const isRole = (text: unknown): text is Role => (ROLES as readonly unknown[]).includes(text);

/** Whoever a request is done for, as its token says. */
export interface Caller {
  readonly tenant: string;
  /** Under whose name acts are recorded: `person:mary.major`, `service:workday`. */
  readonly name: string;
  readonly roles: ReadonlySet<Role>;
  /** When the token ends, in milliseconds since the epoch: nothing goes on for longer. */
  readonly expiresAt: number;
}

type Roles = readonly [Role, ...Role[]];

/** A rule that lets in whoever is a person of the tenant: all but sources of events. */
export const EVERY_PERSON: { readonly roles: Roles } = {
  roles: ['author', 'operator', 'approver', 'auditor', 'admin'],
};

/** Who may use a route. `public` asks for no token; everything else names its roles. */
export type Access =
  | 'public'
  | {
      readonly roles: Roles;
      /** Of a task that is a review: these, in place of the others. */
      readonly reviews?: Roles;
    };

/** Whether a rule lets a caller in. Default is deny: a caller without a role that is named is not let in. */
export function mayEnter(
  access: Access,
  caller: Pick<Caller, 'roles'> | undefined,
  isReview = false,
): boolean {
  if (access === 'public') return true;
  return caller !== undefined && rolesIn(access, isReview).some((role) => caller.roles.has(role));
}

/** The roles that a rule names for what is asked. */
export const rolesIn = (
  { roles, reviews = roles }: Exclude<Access, 'public'>,
  isReview: boolean,
): readonly Role[] => (isReview ? reviews : roles);
