/**
 * The stand-in for Okta's management API.
 * Adapter ring.
 * @source https://developer.okta.com/docs/api/
 */
import type { Vendor } from '../vendor';
import { presented, refuse } from './errors';
import { groupRoutes } from './groups';
import { userRoutes } from './users';

export const okta: Vendor = {
  name: 'okta',
  routes: [...userRoutes, ...groupRoutes],
  presented,
  refuse,
};
